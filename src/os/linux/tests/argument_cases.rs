//! Arguments and environment, in all the states in which programs leave them.

use super::super::testkit::{Kit, u};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Mm;
use crate::os::linux::tasks::args::{arguments, command_line, environment};
use memsh_plugin::{VirtAddr, umem};

const MM: u64 = 0xffff_8880_0000_0000;
/// One page of arguments and environment.
const ARGS: u64 = 0x7ff0_0000_0000;

fn kit(args: &[u8], env: &[u8]) -> Kit {
    let mut kit = Kit::new();
    let mm = [("arg_start", 0, u(8)), ("arg_end", 8, u(8)), ("env_start", 16, u(8)), ("env_end", 24, u(8))];
    kit.types.structure("mm_struct", 0x40, &mm);
    let split = ARGS + args.len() as u64;
    kit.put(ARGS, args);
    kit.put(split, env);
    for (i, value) in [ARGS, split, split, split + env.len() as u64].into_iter().enumerate() {
        kit.word(MM + i as u64 * 8, value);
    }
    kit
}

fn ask<T>(kit: &Kit, question: impl Fn(&Kernel, &Mm, &mut Lost) -> T) -> (T, Lost) {
    let kernel = kit.kernel();
    let mm = Mm::read(&kernel, VirtAddr::new(umem::from(MM))).unwrap();
    let mut lost = Lost::default();
    let answer = question(&kernel, &mm, &mut lost);
    (answer, lost)
}

fn args(kit: &Kit) -> Vec<String> {
    let (found, lost) = ask(kit, |k, mm, lost| arguments(k, mm, &k.space, lost));
    assert!(lost.is_empty());
    found.iter().map(|t| t.to_string_lossy().into_owned()).collect()
}

#[test]
fn arguments_may_be_empty_and_hold_anything() {
    assert_eq!(args(&kit(b"/bin/x\0\0a\n b\0", b"")), ["/bin/x", "", "a\n b"]);
    assert_eq!(args(&kit(b"[kworker/9:9]\0\0\0", b"")), ["[kworker/9:9]", "", ""]);
    assert!(args(&kit(b"", b"A=1\0")).is_empty());
}

#[test]
fn a_title_goes_on_into_the_environment() {
    assert_eq!(args(&kit(b"sshd: ada", b" [priv]\0XX=1\0")), ["sshd: ada [priv]"]);
}

#[test]
fn a_title_ends_at_its_first_nul_even_in_the_arguments() {
    assert_eq!(args(&kit(b"short\0rest-of-argv", b"A=1\0")), ["short"]);
}

#[test]
fn without_a_terminator_anywhere_the_title_ends_with_the_area() {
    assert_eq!(args(&kit(b"abc", b"def")), ["abcdef"]);
}

#[test]
fn an_environment_elsewhere_is_no_part_of_the_title() {
    let mut kit = kit(b"abc", b"def\0");
    kit.word(MM + 16, ARGS + 0x800);
    assert_eq!(args(&kit), ["abc"]);
}

#[test]
fn the_line_joins_arguments() {
    let (line, _) = ask(&kit(b"a\0b c\0", b""), |k, mm, lost| command_line(k, mm, &k.space, lost));
    assert_eq!(line.as_deref(), Some(&b"a b c"[..]));
}

#[test]
fn variables_keep_what_they_are() {
    let kit = kit(b"x\0", b"A=1\0E=\0novalue\0\0B=a=b\0");
    let (found, _) = ask(&kit, |k, mm, lost| environment(k, mm, &k.space, lost));
    let pairs: Vec<(String, Option<String>)> = found
        .iter()
        .map(|v| (v.key.to_string_lossy().into_owned(), v.value.as_ref().map(|t| t.to_string_lossy().into_owned())))
        .collect();
    let want = [("A", Some("1")), ("E", Some("")), ("novalue", None), ("B", Some("a=b"))];
    assert_eq!(pairs, want.map(|(k, v)| (k.to_owned(), v.map(str::to_owned))));
}

#[test]
fn a_missing_page_costs_its_bytes_and_is_told() {
    let mut kit = kit(b"first\0", b"");
    // Arguments of two pages, of which the second is not there.
    kit.word(MM + 8, ARGS + 0x2000);
    let (found, lost) = ask(&kit, |k, mm, lost| arguments(k, mm, &k.space, lost));
    assert_eq!(found[0].as_bytes(), b"first");
    assert_eq!(lost.sentences().len(), 1);
    // And of which nothing is there.
    kit.word(MM, ARGS + 0x10_0000);
    kit.word(MM + 8, ARGS + 0x10_1000);
    let (found, lost) = ask(&kit, |k, mm, lost| arguments(k, mm, &k.space, lost));
    assert!(found.is_empty() && !lost.is_empty());
}

#[test]
fn absurd_bounds_are_cut() {
    let mut kit = kit(b"x\0", b"");
    kit.word(MM + 8, u64::MAX);
    let (found, lost) = ask(&kit, |k, mm, lost| arguments(k, mm, &k.space, lost));
    assert_eq!(found[0].as_bytes(), b"x");
    assert!(!lost.is_empty());
}
