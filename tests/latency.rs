//! Targets that are far away: what a call costs, how many are under way at once, and that answers are the same either way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{memsh, sample};
use memsh::engine::search::{Needle, Options as Search, RunSource, Widths, search};
use memsh::plugins::chain::{Kind, LayerSpec};
use memsh::session::{Options, Session, Target};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The sample's memory as a file.
fn image(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("sample.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    path
}

/// The image behind a connector that takes its time.
fn far(path: &std::path::Path, arguments: &str) -> Session {
    let layer = LayerSpec::new(Kind::Connector, &format!("file:{},overlay,metrics,{arguments}", path.display()));
    Session::open(&Target::Chain(None, vec![layer]), Options::default()).unwrap()
}

/// How long it takes, and how many calls, and how many at once.
fn cost<T>(session: &Session, ask: impl FnOnce() -> T) -> (T, Duration, u64) {
    let metrics = session.image().metrics.clone().unwrap();
    session.refresh();
    let (calls, began) = (metrics.counts().calls, Instant::now());
    let answer = ask();
    (answer, began.elapsed(), metrics.counts().calls - calls)
}

fn processes(session: &Session) -> Vec<String> {
    let all = session.processes().unwrap();
    assert!(all.lost.is_empty());
    all.items.iter().map(|p| format!("{p:?}")).collect()
}

fn hits(session: &Session) -> Vec<u64> {
    let memory = session.memory();
    let (stop, mut out) = (AtomicBool::new(false), Vec::new());
    let needle = Needle::text("Linux", Widths::Utf8, false).unwrap();
    search(&RunSource::physical(memory), &needle, &Search::new(&stop), &mut |hit| {
        out.push(hit.addr);
        ControlFlow::Continue(())
    });
    out
}

#[test]
fn calls_at_once_hide_most_of_their_latency() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder);
    let (serial, many) = (far(&path, "delay=10ms,inflight=1"), far(&path, "delay=10ms"));
    serial.os().unwrap();
    many.os().unwrap();
    let (slow, slow_time, slow_calls) = cost(&serial, || processes(&serial));
    let (fast, fast_time, fast_calls) = cost(&many, || processes(&many));
    assert_eq!(slow, fast);
    println!("ps: {slow_calls} calls in {slow_time:?}, {fast_calls} calls in {fast_time:?}");
    // Most of what the sample's few processes cost is one after the other either way; with more of them it is more.
    assert!(fast_time * 5 < slow_time * 2, "{fast_time:?} and {slow_time:?}");
    assert!(fast_calls < slow_calls, "what is read ahead is read in batches: {fast_calls} and {slow_calls} calls");
    let (slow, slow_time, slow_calls) = cost(&serial, || hits(&serial));
    let (fast, fast_time, fast_calls) = cost(&many, || hits(&many));
    assert!(slow == fast && !slow.is_empty());
    println!("scan: {slow_calls} calls in {slow_time:?}, {fast_calls} calls in {fast_time:?}");
    assert!(fast_time * 3 < slow_time, "{fast_time:?} and {slow_time:?}");
    let most = |s: &Session| s.image().metrics.as_ref().unwrap().counts().at_once;
    assert_eq!(most(&serial), 1);
    assert!((4..=9).contains(&most(&many)), "{}", most(&many));
}

#[test]
fn a_start_takes_few_calls_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder);
    for arguments in ["inflight=1", "inflight=8"] {
        let session = far(&path, arguments);
        let ((), time, calls) = cost(&session, || assert!(session.os().is_ok()));
        println!("{arguments}: {calls} calls in {time:?}");
        // 255 pages of low memory alone were as many calls once.
        assert!(calls < 60, "{arguments}: {calls}");
    }
}

#[test]
fn answers_are_the_same_near_and_far() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder);
    let near = path.to_str().unwrap();
    for words in [
        &["ps"][..],
        &["threads"],
        &["modules"],
        &["files"],
        &["creds"],
        &["env"],
        &["cmdline"],
        &["maps", "-p", "1"],
        &["scan", "Linux version"],
        &["ps", "--scan"],
    ] {
        let all: Vec<&str> = [near, "--json"].into_iter().chain(words.iter().copied()).collect();
        let direct = memsh(&all);
        for arguments in ["delay=100us", "inflight=1,metrics", "cache=0,delay=50us", "cache=64k,metrics,inflight=16"] {
            let connector = format!("file:{near},{arguments}");
            let all: Vec<&str> = ["-C", &connector, "--json"].into_iter().chain(words.iter().copied()).collect();
            let run = memsh(&all);
            assert_eq!(run.status, direct.status, "{arguments} {words:?}: {}", run.stderr);
            assert!(run.stdout == direct.stdout, "{arguments} {words:?}");
        }
    }
}

#[test]
fn counts_are_shown() {
    let run = memsh(&["-C", "dummy:seed=1,metrics", "-v", "read", "--phys", "0x1000"]);
    assert!(run.stderr.contains("connector: calls: 1 (0 of them writes), at most 1 at once"), "{}", run.stderr);
    assert!(run.stderr.contains("connector: latency:") && run.stderr.contains("connector: cache:"), "{}", run.stderr);
    let info = memsh(&["-C", "dummy:seed=1,metrics", "info", "--json"]);
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    assert!(info["image"]["details"]["connector_calls"].is_string(), "{info}");
    for (connector, says) in [
        ("dummy:delay=soon", "delay=soon is not a time"),
        ("dummy:cache=big", "cache=big is not a number of bytes"),
        ("dummy:metrics,metrics", "given twice"),
    ] {
        let run = memsh(&["-C", connector, "ps"]);
        assert!(run.status == 2 && run.stderr.contains(says), "{connector}: {}", run.stderr);
    }
}
