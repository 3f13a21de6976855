//! Options of an overlay (`ovl_show_options`: fs/overlayfs/params.c, before 6.5 fs/overlayfs/super.c).

use crate::engine::{ViewExt, index};
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Symbols, Types};
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `ovl_fs`: an overlay.
    OverlayShape: "overlay!ovl_fs" {
        layers: ["numlayer"],
        // 6.5.
        data_layers: ["numdatalayer"],
        // Up to 6.4 all in one text; then one text each, since 6.6 behind what the user gave.
        lower: ["config.lowerdir"],
        lowers: ["config.lowerdirs"],
        upper: ["config.upperdir"],
        work: ["config.workdir"],
        permissions: ["config.default_permissions"],
        // A text up to 6.4.
        redirect: ["config.redirect_mode"],
        index: ["config.index"],
        // A truth value from 5.9 to 6.5.
        uuid: ["config.uuid"],
        nfs: ["config.nfs_export"],
        xino: ["config.xino"],
        xino_mode: ["xino_mode"],
        metacopy: ["config.metacopy"],
        volatile: ["config.ovl_volatile"],
        // 7.0, in place of `volatile`.
        sync: ["config.fsync_mode"],
        user: ["config.userxattr"],
        // 6.6.
        verity: ["config.verity_mode"],
        // Of Android.
        creds: ["config.override_creds"],
    }
}

/// `OVL_MAX_STACK` (fs/overlayfs/params.h).
const LAYERS: u64 = 500;
/// A page is the most that one option of mount(2) can be; several can be given to fsconfig(2).
const TEXT: usize = 64 << 10;

/// The options of the overlay whose `ovl_fs` lies at `at`, and whether there are no others; none where nothing can be read.
pub(super) fn options(kernel: &Kernel, at: VirtAddr) -> Option<(Vec<String>, bool)> {
    let shape = kernel.shape::<OverlayShape>();
    let block = shape.read(kernel.view(), at);
    if block.is_missing() || (shape.lower.is_none() && shape.lowers.is_none()) {
        return None;
    }
    let mut told = Told { kernel, block, list: Vec::new(), complete: shape.creds.is_none() };
    told.layers(&shape);
    told.modes(&shape);
    Some((told.list, told.complete))
}

struct Told<'a> {
    kernel: &'a Kernel,
    block: Block,
    list: Vec<String>,
    complete: bool,
}

impl Told<'_> {
    fn missing<T>(&mut self) -> Option<T> {
        self.complete = false;
        None
    }

    /// An option with the text that `at` points to.
    fn path(&mut self, name: &str, at: Option<VirtAddr>) {
        match at.and_then(|at| text(self.kernel, at)) {
            Some(text) => self.list.push(format!("{name}={}", escaped(&text, b", \t\n\\"))),
            None => self.complete = false,
        }
    }

    fn layers(&mut self, l: &OverlayShape) {
        if l.lower.is_some() {
            self.path("lowerdir", self.block.ptr(l.lower));
        } else {
            self.stack(l);
        }
        // An overlay without upper directory can't be written.
        let given = |m: Option<Member>| (self.block.uint(m)? != 0).then(|| self.block.ptr(m));
        if self.block.uint(l.upper).is_none() {
            self.complete = false;
        } else if let (Some(upper), work) = (given(l.upper), self.block.ptr(l.work)) {
            self.path("upperdir", upper);
            self.path("workdir", work);
        }
    }

    /// The lower directories, each of which has its text; the first place is for what the user gave in one.
    fn stack(&mut self, l: &OverlayShape) {
        let (Some(all), Some(count)) = (self.block.ptr(l.lowers), self.block.uint(l.layers).filter(|&n| n <= LAYERS)) else {
            return self.missing().unwrap_or_default();
        };
        let Some(data) = self.block.uint(l.data_layers).or(l.data_layers.is_none().then_some(0)) else {
            return self.missing().unwrap_or_default();
        };
        let word = umem::from(self.kernel.view().view_metadata().pointer_size);
        let place = |i: u64| self.kernel.view().read_ptr(all.wrapping_add(umem::from(i) * word)).ok();
        match place(0) {
            None => return self.missing().unwrap_or_default(),
            Some(given) if !given.is_null() => return self.path("lowerdir", Some(given)),
            Some(_) => {}
        }
        let places: Vec<Option<VirtAddr>> = (1..count).map(place).collect();
        let merged = count.saturating_sub(data);
        // 6.7 can be given one by one, and shows them so. Before, they are shown as one.
        let added = |name| enums::value(&*self.kernel.types, name, "Opt_lowerdir_add");
        let one_by_one = added("ovl_opt").or_else(|| added("overlay!ovl_opt")).is_some();
        if one_by_one {
            for (i, at) in (1..).zip(places) {
                self.path(if i < merged { "lowerdir+" } else { "datadir+" }, at);
            }
            return;
        }
        let mut joined = String::from("lowerdir=");
        for (i, at) in (1..).zip(places) {
            joined.push_str(if i > 1 { ":" } else { "" });
            joined.push_str(if i >= merged { ":" } else { "" });
            match at.and_then(|at| text(self.kernel, at)) {
                Some(text) => joined.push_str(&escaped(&text, b":, \t\n\\")),
                None => return self.missing().unwrap_or_default(),
            }
        }
        self.list.push(joined);
    }

    /// The value of a parameter of the module: what an overlay has that is not told otherwise.
    fn usual(&self, parameter: &str) -> Option<bool> {
        let at = self.kernel.address(parameter).or_else(|| self.kernel.module_symbols().address(parameter))?;
        let mut b = [0u8];
        self.kernel.view().read_exact(at, &mut b).ok()?;
        Some(b != [0])
    }

    /// A number; none, and nothing lost, where this kernel does not have it.
    fn number(&mut self, m: Option<Member>) -> Option<u64> {
        m?;
        self.block.uint(m).or_else(|| self.missing())
    }

    /// `NAME=on` or `off`, where it is not what the parameter says.
    fn switch(&mut self, name: &str, m: Option<Member>, parameter: &str) {
        let Some(value) = self.number(m) else { return };
        match self.usual(parameter) {
            Some(usual) if usual == (value != 0) => {}
            Some(_) => self.list.push(format!("{name}={}", if value == 0 { "off" } else { "on" })),
            None => self.complete = false,
        }
    }

    /// `NAME=` one of these, where it is not the usual.
    fn choice(&mut self, name: &str, value: Option<u64>, usual: Option<u64>, names: &[&str]) {
        let Some(value) = value else { return };
        let told = usize::try_from(value).ok().and_then(|i| names.get(i));
        match (usual, told) {
            (Some(usual), _) if usual == value => {}
            (Some(_), Some(told)) => self.list.push(format!("{name}={told}")),
            _ => self.complete = false,
        }
    }

    fn flag(&mut self, name: &str, m: Option<Member>) {
        if self.number(m).is_some_and(|v| v != 0) {
            self.list.push(name.to_owned());
        }
    }

    fn modes(&mut self, l: &OverlayShape) {
        self.flag("default_permissions", l.permissions);
        self.redirect(l);
        self.switch("index", l.index, "ovl_index_def");
        match l.uuid.map(|m| m.size) {
            Some(1) if self.number(l.uuid) == Some(0) => self.list.push("uuid=off".to_owned()),
            None | Some(1) => {}
            // `OVL_UUID_OFF` and what follows (fs/overlayfs/overlayfs.h).
            Some(_) => {
                let value = self.number(l.uuid);
                self.choice("uuid", value, Some(2), &["off", "null", "auto", "on"]);
            }
        }
        self.switch("nfs_export", l.nfs, "ovl_nfs_export_def");
        // With all layers in one file system (mode 0) there is nothing to tell.
        let usual = self.usual("ovl_xino_auto_def").map(u64::from);
        let xino = self.number(l.xino);
        if xino.is_some() && xino != usual {
            match self.block.int(l.xino_mode) {
                Some(0) => {}
                Some(_) => self.choice("xino", xino, usual, &["off", "auto", "on"]),
                None => self.complete = false,
            }
        }
        self.switch("metacopy", l.metacopy, "ovl_metacopy_def");
        self.flag("volatile", l.volatile);
        let value = self.number(l.sync);
        self.choice("fsync", value, Some(1), &["volatile", "auto", "strict"]);
        self.flag("userxattr", l.user);
        let value = self.number(l.verity);
        self.choice("verity", value, Some(0), &["off", "on", "require"]);
    }

    fn redirect(&mut self, l: &OverlayShape) {
        let (Some(m), on) = (l.redirect, self.usual("ovl_redirect_dir_def")) else { return self.missing().unwrap_or_default() };
        if m.size > 4 {
            let mode = self.block.ptr(l.redirect).and_then(|at| text(self.kernel, at));
            let usual: Option<&[u8]> = on.map(|on| if on { &b"on"[..] } else { b"off" });
            match (mode, usual) {
                (Some(mode), Some(usual)) if mode == usual => {}
                (Some(mode), Some(_)) => self.list.push(format!("redirect_dir={}", String::from_utf8_lossy(&mode))),
                _ => self.complete = false,
            }
            return;
        }
        // `OVL_REDIRECT_OFF` and what follows (fs/overlayfs/overlayfs.h).
        let usual = match (on, self.usual("ovl_redirect_always_follow")) {
            (Some(true), _) => Some(3),
            (Some(false), Some(follow)) => Some(if follow { 1 } else { 2 }),
            _ => None,
        };
        let value = self.number(l.redirect);
        self.choice("redirect_dir", value, usual, &["off", "follow", "nofollow", "on"]);
    }
}

/// The text at `at`; none where its end is not there.
fn text(kernel: &Kernel, at: VirtAddr) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while out.len() < TEXT {
        let from = at.wrapping_add(umem::try_from(out.len()).ok()?);
        // To the end of the page: what follows may not be there.
        let step = index(0x1000 - (from.value() & 0xfff))?;
        let mut chunk = vec![0; step];
        kernel.view().read_exact(from, &mut chunk).ok()?;
        match memchr::memchr(0, &chunk) {
            Some(end) => {
                out.extend_from_slice(chunk.get(..end)?);
                return Some(out);
            }
            None => out.extend(chunk),
        }
    }
    None
}

/// The text as the kernel writes it: these bytes in octal (`seq_escape`). Bytes that are no text as well, so that none is lost.
fn escaped(text: &[u8], special: &[u8]) -> String {
    let mut out = String::new();
    for part in text.utf8_chunks() {
        for c in part.valid().chars() {
            match u8::try_from(c) {
                Ok(b) if special.contains(&b) => out.push_str(&format!("\\{b:03o}")),
                _ => out.push(c),
            }
        }
        part.invalid().iter().for_each(|b| out.push_str(&format!("\\{b:03o}")));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    const FS: u64 = 0xffff_8880_0000_1000;
    const TEXTS: u64 = 0xffff_8880_0000_2000;
    const PARAMETERS: u64 = 0xffff_8880_0000_3000;

    fn texts(kit: &mut Kit, all: &[&[u8]]) {
        for (i, text) in (0..).zip(all) {
            kit.put(TEXTS + i * 0x100, text);
        }
    }

    fn parameters(kit: &mut Kit) {
        let names =
            ["redirect_dir_def", "redirect_always_follow", "index_def", "nfs_export_def", "xino_auto_def", "metacopy_def"];
        for (i, name) in (0..).zip(names) {
            kit.symbol(&format!("ovl_{name}"), PARAMETERS + i);
        }
        kit.put(PARAMETERS, &[0, 1, 0, 0, 0, 0]);
    }

    /// As of 6.1.
    fn old() -> Kit {
        let mut kit = Kit::new();
        let config = [
            ("lowerdir", 0, u(8)),
            ("upperdir", 8, u(8)),
            ("workdir", 16, u(8)),
            ("default_permissions", 24, u(1)),
            ("redirect_mode", 32, u(8)),
            ("index", 40, u(1)),
            ("uuid", 41, u(1)),
            ("nfs_export", 42, u(1)),
            ("xino", 44, u(4)),
            ("metacopy", 48, u(1)),
            ("userxattr", 49, u(1)),
            ("ovl_volatile", 50, u(1)),
        ];
        kit.types.structure("ovl_config", 56, &config);
        kit.types.structure("ovl_fs", 72, &[("numlayer", 0, u(4)), ("config", 8, "ovl_config".into()), ("xino_mode", 64, u(4))]);
        parameters(&mut kit);
        texts(&mut kit, &[b"/low,er:/b c", b"/up\xff", b"/work", b"off", b"on"]);
        for (i, at) in [8, 16, 24].into_iter().enumerate() {
            kit.word(FS + at, TEXTS + 0x100 * i as u64);
        }
        kit.word(FS + 8 + 32, TEXTS + 0x300);
        kit.put(FS + 8 + 41, &[1]);
        kit
    }

    /// As of 6.12, with three layers below, the last for data only.
    fn new() -> Kit {
        let mut kit = Kit::new();
        let config = [
            ("upperdir", 0, u(8)),
            ("workdir", 8, u(8)),
            ("lowerdirs", 16, u(8)),
            ("default_permissions", 24, u(1)),
            ("redirect_mode", 28, u(4)),
            ("verity_mode", 32, u(4)),
            ("index", 36, u(1)),
            ("uuid", 40, u(4)),
            ("xino", 44, u(4)),
            ("fsync_mode", 48, u(4)),
        ];
        kit.types.structure("ovl_config", 56, &config);
        let members =
            [("numlayer", 0, u(4)), ("numdatalayer", 4, u(4)), ("config", 8, "ovl_config".into()), ("xino_mode", 64, u(4))];
        kit.types.structure("ovl_fs", 72, &members);
        parameters(&mut kit);
        texts(&mut kit, &[b"/a:/b", b"/l:1", b"/l2", b"/data"]);
        kit.put(FS, &[4, 0, 0, 0, 1]);
        kit.word(FS + 8 + 16, FS + 0x100);
        (1..4).for_each(|i| kit.word(FS + 0x100 + 8 * i, TEXTS + 0x100 * i));
        kit.put(FS + 8 + 28, &[1]);
        kit.put(FS + 8 + 40, &[2]);
        kit.put(FS + 8 + 48, &[1]);
        kit
    }

    fn told(kit: &Kit) -> (String, bool) {
        let (list, complete) = options(&kit.kernel(), VirtAddr::new(umem::from(FS))).unwrap();
        (list.join(" "), complete)
    }

    #[test]
    fn directories_are_written_as_the_kernel_does() {
        let directories = "lowerdir=/low\\054er:/b\\040c upperdir=/up\\377 workdir=/work";
        assert_eq!(told(&old()), (directories.to_owned(), true));
        let mut kit = old();
        kit.word(FS + 16, 0);
        assert_eq!(told(&kit), ("lowerdir=/low\\054er:/b\\040c".to_owned(), true), "nothing above");
    }

    #[test]
    fn what_is_not_usual_is_told() {
        let mut kit = old();
        kit.put(FS + 8 + 24, &[1]);
        kit.word(FS + 8 + 32, TEXTS + 0x400);
        kit.put(FS + 8 + 40, &[1, 0, 1]);
        kit.put(FS + 8 + 44, &[2]);
        kit.put(FS + 8 + 48, &[1, 1, 1]);
        let same = "default_permissions redirect_dir=on index=on uuid=off nfs_export=on";
        assert!(told(&kit).0.ends_with(&format!("{same} metacopy=on volatile userxattr")), "{}", told(&kit).0);
        kit.put(FS + 64, &[1]);
        assert!(told(&kit).0.ends_with(&format!("{same} xino=on metacopy=on volatile userxattr")), "{}", told(&kit).0);
        // The parameters say what is usual.
        kit.put(PARAMETERS, &[1, 1, 1, 1, 1, 1]);
        assert!(told(&kit).0.ends_with("default_permissions uuid=off xino=on volatile userxattr"), "{}", told(&kit).0);
    }

    #[test]
    fn layers_are_one_list_or_one_by_one() {
        let mut kit = new();
        assert_eq!(told(&kit), ("lowerdir=/l\\0721:/l2::/data".to_owned(), true));
        kit.types.enumeration("overlay!ovl_opt", &[("Opt_lowerdir", 0), ("Opt_lowerdir_add", 1)]);
        assert_eq!(told(&kit), ("lowerdir+=/l:1 lowerdir+=/l2 datadir+=/data".to_owned(), true));
        kit.word(FS + 0x100, TEXTS);
        assert_eq!(told(&kit), ("lowerdir=/a:/b".to_owned(), true));
        kit.put(FS + 8 + 28, &[2]);
        kit.put(FS + 8 + 32, &[2]);
        kit.put(FS + 8 + 40, &[3]);
        kit.put(FS + 8 + 48, &[0]);
        assert_eq!(told(&kit).0, "lowerdir=/a:/b redirect_dir=nofollow uuid=on fsync=volatile verity=require");
    }

    #[test]
    fn what_is_not_there_is_not_made_up() {
        let mut kit = new();
        kit.put(FS, &[0xff, 0xff, 0xff, 0xff]);
        assert_eq!(told(&kit), (String::new(), false), "no overlay has so many layers");
        let mut kit = old();
        kit.word(FS + 8, 0xffff_8880_6666_0000);
        assert!(!told(&kit).1 && told(&kit).0.starts_with("upperdir="));
        let mut kit = old();
        kit.put(FS + 8 + 44, &[9]);
        kit.put(FS + 64, &[1]);
        assert!(!told(&kit).1, "no such mode");
        let nowhere = VirtAddr::new(umem::from(0xffff_8880_7777_0000u64));
        assert_eq!(options(&old().kernel(), nowhere), None);
        assert_eq!(options(&Kit::new().kernel(), VirtAddr::new(umem::from(FS))), None);
    }
}
