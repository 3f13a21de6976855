#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use memflow::error::{Error, ErrorKind, ErrorOrigin};
use memsh_plugin::{PhysAddr, PhysReadOp, PhysWriteOp};

/// Memory of which every second MiB is there; a byte is the number of its page.
fn there(address: u64) -> bool {
    (address >> 20).is_multiple_of(2)
}

fn byte(address: u64) -> u8 {
    (address >> 12) as u8
}

/// What a kind of memflow's memories does with one piece: the callback as `failed`, whether to go on.
type Habit = fn(&mut [Piece<'_>], &mut Failures) -> mf::Result<()>;

/// As `MemoryMap` does: what is there is read, gaps are told.
fn told(pieces: &mut [Piece<'_>], failed: &mut Failures) -> mf::Result<()> {
    for p in pieces {
        for (i, b) in p.bytes.iter_mut().enumerate() {
            let at = p.address + i as u64;
            if there(at) { *b = byte(at) } else { failed.push((std::ptr::from_ref(b).addr(), 1)) }
        }
    }
    Ok(())
}

/// An operation that touches a gap fails as a whole.
fn whole(pieces: &mut [Piece<'_>], failed: &mut Failures) -> mf::Result<()> {
    for p in pieces {
        let at = p.address;
        if (0..p.bytes.len() as u64).all(|i| there(at + i)) {
            p.bytes.iter_mut().enumerate().for_each(|(i, b)| *b = byte(at + i as u64));
        } else {
            failed.push((p.bytes.as_ptr().addr(), p.bytes.len()));
        }
    }
    Ok(())
}

/// As memflow-native 0.2.6: stops at the first gap, calls the piece of the gap read and the next one failed.
fn shifted(pieces: &mut [Piece<'_>], failed: &mut Failures) -> mf::Result<()> {
    for i in 0..pieces.len() {
        let (at, length) = (pieces[i].address, pieces[i].bytes.len() as u64);
        let until = (0..length).find(|n| !there(at + n)).unwrap_or(length);
        for n in 0..until {
            pieces[i].bytes[n as usize] = byte(at + n);
        }
        if until < length {
            match pieces.get(i + 1) {
                Some(next) => failed.push((next.bytes.as_ptr().addr(), next.bytes.len())),
                None if until == 0 && i == 0 => failed.push((pieces[i].bytes.as_ptr().addr(), pieces[i].bytes.len())),
                None => {}
            }
            return Ok(());
        }
    }
    Ok(())
}

/// A gap ends the whole batch with an error and nothing is told.
fn strict(pieces: &mut [Piece<'_>], _: &mut Failures) -> mf::Result<()> {
    for p in pieces {
        let at = p.address;
        if !(0..p.bytes.len() as u64).all(|i| there(at + i)) {
            return Err(Error(ErrorOrigin::Connector, ErrorKind::UnableToReadMemory));
        }
        p.bytes.iter_mut().enumerate().for_each(|(i, b)| *b = byte(at + i as u64));
    }
    Ok(())
}

#[test]
fn what_is_there_is_read_and_the_rest_is_said_whatever_the_habit() {
    let asked: [(u64, usize); 8] = [
        (0x1000, 8),
        (0x0f_f000, 0x2000),
        (0x10_0000, 16),
        (0x20_0ffc, 8),
        (0xf_fffe, 4),
        (0x5000, 0),
        (0x1f_8000, 0x10000),
        (0x15_0000, 0x5000),
    ];
    let habits: [(&str, Habit, bool); 4] =
        [("told", told, true), ("whole", whole, true), ("shifted", shifted, false), ("strict", strict, false)];
    for (name, habit, trusted) in habits {
        let mut buffers: Vec<Vec<u8>> = asked.iter().map(|&(_, n)| vec![0xa7; n]).collect();
        let mut ops: Vec<PhysReadOp> =
            asked.iter().zip(&mut buffers).map(|(&(at, _), b)| PhysReadOp::new(PhysAddr::new(at), b)).collect();
        read(&mut ops, PhysAddr::value, trusted, &mut |p, f| habit(p, f));
        let statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
        drop(ops);
        for (i, &(at, n)) in asked.iter().enumerate() {
            let bytes = (0..n as u64).map(|k| if there(at + k) { byte(at + k) } else { 0 });
            assert_eq!(buffers[i], bytes.collect::<Vec<u8>>(), "{name} {at:#x}");
            let count = (0..n as u64).filter(|k| there(at + k)).count();
            match (count, statuses[i]) {
                (c, s) if c == n => assert_eq!(s, Status::DONE, "{name} {at:#x}"),
                (0, s) if name == "strict" => assert!(s == Status::FAILED || s == Status::MISSING, "{name} {at:#x} {s:?}"),
                (0, s) => assert_eq!(s, Status::MISSING, "{name} {at:#x}"),
                (_, s) => assert_eq!(s, Status::PARTIAL, "{name} {at:#x}"),
            }
        }
    }
}

#[test]
fn memory_that_looks_like_a_mark_is_memory() {
    for mark in MARKS {
        for length in [1, 7, 4096, 9000] {
            let mut buffer = vec![0; length];
            let mut calls = 0;
            let mut ops = [PhysReadOp::new(PhysAddr::new(0), &mut buffer)];
            read(&mut ops, PhysAddr::value, false, &mut |pieces, _| {
                calls += 1;
                pieces.iter_mut().for_each(|p| p.bytes.fill(mark));
                Ok(())
            });
            assert_eq!(ops[0].status, Status::DONE);
            assert!(buffer.iter().all(|&b| b == mark) && calls <= 5, "{mark} {length} {calls}");
        }
    }
}

#[test]
fn one_call_serves_a_batch_that_is_there() {
    let mut buffers = vec![[0u8; 8]; 256];
    let mut ops: Vec<PhysReadOp> = buffers.iter_mut().map(|b| PhysReadOp::new(PhysAddr::new(0x3000), b)).collect();
    let mut calls = 0;
    read(&mut ops, PhysAddr::value, true, &mut |p, f| {
        calls += 1;
        told(p, f)
    });
    assert!(calls == 1 && ops.iter().all(|op| op.status == Status::DONE));
    assert!(buffers.iter().all(|b| *b == [3; 8]));
}

#[test]
fn writes_say_which_part_failed() {
    let bytes = vec![1u8; 0x3000];
    let mut ops = [0x1000u64, 0xf_f000, 0x10_0000].map(|at| PhysWriteOp::new(PhysAddr::new(at), &bytes));
    write(&mut ops, PhysAddr::value, |at, _| there(at));
    assert_eq!(ops.map(|op| op.status), [Status::DONE, Status::PARTIAL, Status::FAILED]);
}
