//! Where the records of the service control manager have their members.
//!
//! They are in no symbol file that is public; these are as Volatility 3 has them (framework/symbols/windows/services). Whoever reads a
//! record by them checks that what it finds is one.

use memsh_plugin::umem;

/// A form of records, and the first build that has it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    build: u32,
    wide: bool,
    /// Where a header has the pointer to its record; none where records have the tag themselves, that far in.
    pub header: Option<umem>,
    /// Where records have the tag, without headers.
    pub tag: umem,
    /// The record before: `PrevEntry`, `ServiceList.Blink`.
    pub previous: umem,
    pub name: umem,
    pub display: umem,
    pub order: umem,
    pub kind: umem,
    pub state: umem,
    pub start: umem,
    /// Of a service that has a process, what is known of that.
    pub process: umem,
    /// In which the command line lies.
    pub path: umem,
    /// In which the process id lies.
    pub pid: umem,
    /// Of a driver, the name of its object.
    pub driver: umem,
}

/// The fields in the order of their lines below.
#[rustfmt::skip]
const fn of(build: u32, wide: bool, header: u32, tag: u8, f: [u16; 8], p: [u16; 3]) -> Layout {
    const fn n(x: u16) -> umem { x as umem }
    let [previous, name, display, order, kind, state, start, process] = f;
    let [path, pid, driver] = p;
    Layout {
        build, wide, header: if header == 0 { None } else { Some(header as umem) }, tag: tag as umem,
        previous: n(previous), name: n(name), display: n(display), order: n(order), kind: n(kind), state: n(state), start: n(start),
        process: n(process), path: n(path), pid: n(pid), driver: n(driver),
    }
}

/// The newest first.
#[rustfmt::skip]
const LAYOUTS: [Layout; 16] = [
    //  build   wide  header tag  previous name display order type state start process  path pid driver
    of(25398, true,  16, 0, [16, 56, 64, 32, 80, 84, 36, 336], [24, 40, 296]),
    of(19041, true,  16, 0, [16, 56, 64, 32, 72, 76, 36, 296], [24, 40, 296]),
    of(18362, true,  16, 0, [16, 56, 64, 32, 72, 76, 36, 240], [24, 40, 240]),
    of(16299, true,  16, 0, [16, 56, 64, 32, 72, 76, 36, 232], [24, 40, 232]),
    of(15063, true,  16, 0, [16, 56, 64, 32, 72, 76, 36, 232], [24, 32, 232]),
    of(9200,  true,  16, 0, [8, 16, 24, 32, 64, 68, 92, 56],   [24, 32, 56]),
    of(6000,  true,  16, 0, [0, 8, 16, 24, 48, 52, 76, 40],    [16, 24, 40]),
    of(2600,  true,  0, 32, [0, 8, 16, 24, 56, 60, 84, 48],    [16, 24, 48]),
    of(19041, false, 16, 0, [12, 44, 48, 20, 52, 56, 24, 192], [12, 20, 192]),
    of(18362, false, 12, 0, [12, 44, 48, 20, 52, 56, 24, 164], [12, 20, 164]),
    of(17763, false, 12, 0, [12, 44, 48, 20, 52, 56, 24, 160], [12, 20, 160]),
    of(16299, false, 12, 0, [12, 44, 48, 20, 52, 56, 24, 156], [12, 20, 156]),
    of(15063, false, 12, 0, [12, 44, 48, 20, 52, 56, 24, 156], [12, 16, 156]),
    of(9200,  false, 12, 0, [4, 8, 12, 16, 40, 44, 68, 36],    [12, 16, 36]),
    of(6000,  false, 12, 0, [0, 4, 8, 12, 32, 36, 60, 28],     [8, 12, 28]),
    of(2600,  false, 0, 24, [0, 8, 12, 16, 40, 44, 68, 36],    [8, 12, 36]),
];

/// That of a build; none before XP.
pub fn layout(build: u32, wide: bool) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|l| l.wide == wide && l.build <= build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_build_since_xp_has_one() {
        for wide in [true, false] {
            assert_eq!(layout(2600, wide).map(|l| l.header), Some(None));
            assert_eq!(layout(7601, wide).map(|l| l.build), Some(6000));
            assert_eq!(layout(14393, wide).map(|l| l.build), Some(9200));
            assert_eq!(layout(22621, wide).map(|l| l.build), Some(19041));
            assert!(layout(2195, wide).is_none());
        }
        assert_eq!(layout(26100, true).map(|l| (l.kind, l.process)), Some((80, 336)));
    }
}
