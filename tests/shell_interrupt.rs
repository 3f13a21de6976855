//! Ctrl-C while the operating system is looked for.
#![allow(clippy::unwrap_used, clippy::panic)]

use memsh::ErrorKind;
use memsh::os::Hints;
use memsh::session::{Options, Session, Target};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn an_interrupted_search_is_told_and_not_kept() {
    static FLAG: AtomicBool = AtomicBool::new(true);
    let hints = Hints { interrupt: Some(&FLAG), ..Hints::default() };
    let session = Session::open(&Target::Sample, Options { hints, ..Options::default() }).unwrap();
    assert_eq!(session.os().err().map(|e| e.kind()), Some(ErrorKind::Interrupted));
    assert!(session.found().is_none());
    assert_eq!(session.processes().err().map(|e| e.kind()), Some(ErrorKind::Interrupted));
    FLAG.store(false, Ordering::Relaxed);
    assert!(session.processes().is_ok_and(|p| p.items.len() > 3));
}
