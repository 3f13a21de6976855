#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
use super::*;
use proptest::prelude::*;

/// A file of 1 MiB and some, byte = its place in a long period; requests are noted, and fail from the given one on.
#[derive(Clone)]
struct Made {
    asked: Arc<Mutex<Vec<(u64, u64)>>>,
    fails: Arc<Mutex<Option<Failure>>>,
    len: u64,
}

fn byte(at: u64) -> u8 {
    (at % 251) as u8 ^ (at / UNIT) as u8
}

impl Source for Made {
    fn len(&self) -> u64 {
        self.len
    }

    fn fetch(&self, at: u64, len: u64) -> Result<Vec<u8>, Failure> {
        assert!(at + len <= self.len, "never past the end");
        lock(&self.asked).push((at, len));
        match &*lock(&self.fails) {
            Some(failure) => Err(failure.clone()),
            None => Ok((at..at + len).map(byte).collect()),
        }
    }
}

fn made(len: u64) -> (Remote, Made) {
    let made = Made { asked: Arc::default(), fails: Arc::default(), len };
    (Remote::new(Box::new(made.clone()), None), made)
}

const LEN: u64 = (1 << 20) + 777;

proptest! {
    #[test]
    fn reads_what_the_file_holds(reads in prop::collection::vec((0..LEN + 10, 0u64..200_000), 1..12)) {
        let (remote, _) = made(LEN);
        for (at, len) in reads {
            let got = remote.bytes(at, len);
            match at + len <= LEN {
                true => prop_assert_eq!(got.unwrap(), (at..at + len).map(byte).collect::<Vec<_>>()),
                false => prop_assert!(matches!(got, Err(Failure::Now(_)))),
            }
        }
    }

    #[test]
    fn nothing_is_fetched_twice(wants in prop::collection::vec((0..LEN, 0u64..300_000), 1..8)) {
        let (remote, made) = made(LEN);
        for chunk in wants.chunks(3) {
            remote.want(chunk.iter().copied());
        }
        let mut units: Vec<u64> = lock(&made.asked).iter().flat_map(|(at, len)| at / UNIT..(at + len).div_ceil(UNIT)).collect();
        let all = units.len();
        units.sort_unstable();
        units.dedup();
        // Only what lies between two pieces that were asked for may come again.
        prop_assert!(all - units.len() <= wants.len() * (GAP / UNIT) as usize * 3, "{all} of {}", units.len());
        let asked = lock(&made.asked).len();
        remote.want(wants.iter().copied());
        prop_assert_eq!(lock(&made.asked).len(), asked);
    }
}

#[test]
fn neighbours_are_one_request_and_far_ones_are_not() {
    let (remote, made) = made(64 << 20);
    remote.want([(UNIT * 2, 1), (0, 1), (40 << 20, 10), (UNIT - 1, 2)]);
    let mut asked = lock(&made.asked).clone();
    asked.sort_unstable();
    assert_eq!(asked, [(0, 3 * UNIT), (40 << 20, UNIT)]);
    assert_eq!(remote.traffic(), (4 * UNIT, 2));
    remote.want([(8 << 20, 3 << 20)]);
    assert!(lock(&made.asked)[2..].iter().all(|(_, len)| *len == REQUEST), "no request is too large");
}

#[test]
fn who_reads_on_finds_more_fetched() {
    let (remote, made) = made(64 << 20);
    for at in (0..8 << 20).step_by(4096) {
        remote.bytes(at, 4096).unwrap();
    }
    let asked = lock(&made.asked).len();
    assert!(asked < 40, "{asked} requests");
    let before = remote.traffic().0;
    remote.bytes(40 << 20, 8).unwrap();
    assert_eq!(remote.traffic().0 - before, UNIT, "who jumps about gets no more than that");
}

#[test]
fn a_server_that_failed_is_left_alone_for_a_while() {
    let (remote, made) = made(LEN);
    remote.bytes(0, 10).unwrap();
    *lock(&made.fails) = Some(Failure::Now("down".to_owned()));
    for i in 5..24 {
        assert_eq!(remote.bytes(i * UNIT, 10), Err(Failure::Now("down".to_owned())));
    }
    assert_eq!(lock(&made.asked).len(), 2);
    assert_eq!(remote.lost(), Some(&Failure::Now("down".to_owned())));
    assert_eq!(remote.bytes(5, 10).unwrap().len(), 10, "what is there stays");
    // It takes longer each time.
    for _ in 0..3 {
        lock(&remote.failed).as_mut().unwrap().until = Instant::now();
        assert!(remote.bytes(UNIT * 26, 10).is_err());
    }
    assert_eq!(lock(&remote.failed).as_ref().unwrap().pause, PAUSE.0 * 8);
    lock(&remote.failed).as_mut().unwrap().until = Instant::now();
    *lock(&made.fails) = None;
    assert!(remote.bytes(UNIT * 26, 10).is_ok() && lock(&remote.failed).is_none());
}

#[test]
fn a_changed_file_stays_changed_and_an_interruption_does_not() {
    let (remote, made) = made(LEN);
    *lock(&made.fails) = Some(Failure::Interrupted);
    assert_eq!(remote.bytes(0, 10), Err(Failure::Interrupted));
    assert_eq!(Failure::Interrupted.told(), "");
    *lock(&made.fails) = None;
    assert!(remote.bytes(0, 10).is_ok());
    *lock(&made.fails) = Some(Failure::Changed("other".to_owned()));
    assert!(remote.bytes(UNIT * 3, 10).is_err());
    *lock(&made.fails) = None;
    assert_eq!(remote.bytes(UNIT * 4, 10), Err(Failure::Changed("other".to_owned())));
    assert_eq!(remote.changed().as_deref(), Some("other"));
}

#[test]
fn the_flag_ends_all_requests() {
    static FLAG: AtomicBool = AtomicBool::new(true);
    let (_, made) = made(LEN);
    let remote = Remote::new(Box::new(made.clone()), Some(&FLAG));
    assert_eq!(remote.bytes(0, 10), Err(Failure::Interrupted));
    assert_eq!(lock(&made.asked).len(), 0);
    FLAG.store(false, Ordering::Relaxed);
    assert!(remote.bytes(0, 10).is_ok());
}

#[test]
fn the_first_bytes_are_taken_in_as_far_as_they_are_whole() {
    let (remote, made) = made(LEN);
    let head: Vec<u8> = (0..UNIT * 2 + 5).map(byte).collect();
    remote.take(&head);
    assert_eq!(remote.bytes(0, UNIT * 2).unwrap(), head[..UNIT as usize * 2]);
    assert_eq!(lock(&made.asked).len(), 0);
    assert_eq!(remote.bytes(UNIT * 2, 9).unwrap()[..5], head[UNIT as usize * 2..]);
    assert_eq!(lock(&made.asked).len(), 1);
}

#[test]
fn places_far_apart_are_fetched_without_what_lies_around_them() {
    let (remote, made) = made(64 << 20);
    let places: Vec<(u64, u64)> = (0..20).map(|i| ((2 << 20) * i + 100, 4096)).collect();
    remote.want(places.iter().copied());
    assert_eq!(remote.traffic(), (20 * 2 * PAGE, 20));
    // What was fetched is there, and what lies beside it comes when it is asked for.
    let all: Vec<u8> = (100..100 + 4096).map(byte).collect();
    assert_eq!(remote.bytes(100, 4096).unwrap(), all);
    assert_eq!(remote.traffic().1, 20);
    let at = (6 << 20) + 3 * PAGE;
    assert_eq!(remote.bytes(at, 10).unwrap(), (at..at + 10).map(byte).collect::<Vec<_>>());
    assert_eq!(lock(&made.asked).last(), Some(&((6 << 20) + 2 * PAGE, UNIT - 2 * PAGE)));
    // A few places are somebody who looks about.
    let before = remote.traffic().0;
    remote.want(places.iter().take(4).map(|(at, len)| (at + (1 << 20), *len)));
    assert_eq!(remote.traffic().0 - before, 4 * UNIT);
}
