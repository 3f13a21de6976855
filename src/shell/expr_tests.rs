#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

struct World;

impl Names for World {
    fn symbol(&self, name: &str) -> Option<umem> {
        match name {
            "init_task" => Some(0xffff_ffff_8260_0000),
            "ext4!init" | "foo.constprop.0" => Some(0x9000),
            _ => None,
        }
    }

    fn task(&self, pid: Option<umem>) -> crate::Result<umem> {
        Ok(if pid == Some(142) { 0x7000 } else { 0x8000 })
    }

    fn pointer(&self, address: umem) -> crate::Result<umem> {
        match address {
            0x1000 => Ok(0x2000),
            0x2000 => Ok(0x3000),
            _ => Err(Error::new(Layer::Virtual, ErrorKind::Unreadable, "not mapped")),
        }
    }
}

fn value(text: &str) -> umem {
    evaluate(text, &World).unwrap()
}

fn refusal(text: &str) -> String {
    evaluate(text, &World).unwrap_err().lines().join("\n")
}

#[test]
fn every_way_to_write_a_number() {
    for (text, want) in [
        ("0x1234", 0x1234),
        ("1234", 1234),
        ("0n10", 10),
        ("0b101", 5),
        ("0y101", 5),
        ("0x10_0000", 0x10_0000),
        ("fffff803`12345678", 0xffff_f803_1234_5678),
        ("0x00007ffe`00000000", 0x7ffe_0000_0000),
        ("4k", 4096),
        ("2m", 2 << 20),
        ("1G", 1 << 30),
        ("16KiB", 16 << 10),
        ("0x10k", 0x4000),
        ("dead0", 0xdead0),
        ("ffff888000000000", 0xffff_8880_0000_0000),
        ("7ffd1", 0x7ffd1),
        ("12345", 12345),
        ("10h", 0x10),
        ("1_000", 1000),
    ] {
        assert_eq!(value(text), want, "{text}");
    }
}

#[test]
fn arithmetic_binds_as_in_c() {
    for (text, want) in [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("1<<4|1", 17),
        ("0xff & 0x0f << 4", 0xf0),
        ("10-2-3", 5),
        ("7/2", 3),
        ("7%4", 3),
        ("-1", umem::MAX),
        ("~0", umem::MAX),
        ("2*-3+6", 0),
        ("1<<200", 0),
        ("init_task+0x10", 0xffff_ffff_8260_0010),
        ("ext4!init - 0x1000", 0x8000),
        ("foo.constprop.0", 0x9000),
        ("*0x1000", 0x2000),
        ("**0x1000", 0x3000),
        ("poi(0x1000)+8", 0x2008),
        ("poi(poi(0x1000))", 0x3000),
        ("task(142)+8", 0x7008),
        ("task()", 0x8000),
        ("2**0x1000", 0x4000),
    ] {
        assert_eq!(value(text), want, "{text}");
    }
}

#[test]
fn refusals_say_why() {
    assert!(refusal("").contains("empty"));
    assert!(refusal("1/0").contains("divides by zero"));
    assert!(refusal("(1").contains("closing parenthesis"));
    assert!(refusal("1 2").contains("in the way"));
    assert!(refusal("1+").contains("ends too early"));
    assert!(refusal("12fz").contains("does not go on"));
    assert!(refusal("1f").contains("write 0x1f"));
    assert!(refusal("cafe").contains("0xcafe"));
    assert!(refusal("nobody").contains("no symbol nobody"));
    assert!(refusal("*0x5").contains("not mapped"));
    assert!(refusal("0xfffffffffffffffffffffffffffffffffffffff").contains("that fits"));
    assert!(refusal(&"(".repeat(5000)).contains("too deeply"));
    assert!(refusal(&"-".repeat(5000)).contains("too deeply"));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}") {
        let _ = evaluate(&text, &World);
    }

    #[test]
    fn any_mix_of_operators_is_answered(text in "[-+*/%&|^~()<> 0-9a-fx!`k]{0,40}") {
        let _ = evaluate(&text, &World);
    }

    #[test]
    fn every_number_can_be_written_in_every_base(v: u64) {
        let want = umem::from(v);
        for text in [format!("{v}"), format!("{v:#x}"), format!("0n{v}"), format!("{v:#b}"), format!("0x{:x}`{:08x}", v >> 32, v as u32)] {
            prop_assert_eq!(evaluate(&text, &World).unwrap(), want, "{}", text);
        }
    }

    #[test]
    fn sums_agree_with_the_hosts(a: u32, b: u32, c in 1u32..) {
        let (a, b, c) = (umem::from(a), umem::from(b), umem::from(c));
        prop_assert_eq!(value(&format!("{a}+{b}*({a}-{b})/{c}")), a.wrapping_add(b.wrapping_mul(a.wrapping_sub(b)) / c));
    }
}
