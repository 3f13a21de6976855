//! Image formats: opening, a search of all memory, and the list of processes, each against a raw image of the same memory; and against
//! what unpacking all of its pages costs alone, on as many threads.
//!
//! `cargo bench --bench formats`; `MEMSH_BENCH_SHORT=1` takes 8 MiB instead of 128. The images are made here: pages as memory has them
//! for opening and searching, the embedded sample for the processes. `cargo bench --bench formats -- zlib` runs one format.
//!
//! A format is a line in `FORMATS`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark has nobody to report to"
)]

#[path = "../tests/builders/mod.rs"]
mod builders;
mod common;

use builders::kdump::{Kdump, Page, zlib};
use builders::lzo;
use common::{Rng, short};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use memsh::PhysAddr;
use memsh::codec::Codec;
use memsh::engine::search::{Needle, Options, RunSource, Widths, search};
use memsh::image::{Image, KdumpFacts, OpenOptions, WriteFormat, open_bytes, write_image};
use memsh::session::Session;
use memsh_plugin::MemoryRange;
use std::collections::HashMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{LazyLock, Mutex};

const PAGE: usize = 4096;
const THREADS: usize = 2;
static NEVER: AtomicBool = AtomicBool::new(false);

/// A format: its name, and a file in it of memory from address 0 on.
type Format = (&'static str, fn(&'static [u8]) -> Vec<u8>);

const FORMATS: &[Format] = &[
    ("raw", <[u8]>::to_vec),
    ("elf", |m| written(m, WriteFormat::ElfCore(memsh::image::ElfNotes::default()))),
    ("avml", |m| written(m, WriteFormat::Avml)),
    ("kdump", |m| written(m, WriteFormat::Kdump(KdumpFacts::default()))),
    ("kdump_raw", |m| kdump(m, |p| Page::Raw(p.to_vec()))),
    ("kdump_zlib", |m| kdump(m, |p| Page::Zlib(p.to_vec()))),
    ("kdump_lzo", |m| kdump(m, |p| Page::Lzo(p.to_vec()))),
    ("kdump_snappy", |m| kdump(m, |p| Page::Snappy(p.to_vec()))),
    ("kdump_zstd", |m| kdump(m, |p| Page::Zstd(p.to_vec()))),
    ("kdump_zlib_flat", |m| builders::kdump::flattened(&kdump(m, |p| Page::Zlib(p.to_vec())), 1 << 18)),
];

/// A codec, and a packer for it.
type Packer = (Codec, fn(&[u8]) -> Vec<u8>);

const CODECS: &[Packer] = &[
    (Codec::Zlib, zlib),
    (Codec::Lzo, lzo::pack),
    (Codec::Snappy, |p| snap::raw::Encoder::new().compress_vec(p).unwrap()),
    (Codec::Zstd, |p| zstd::bulk::compress(p, 1).unwrap()),
];

fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|(name, _)| *name)
}

fn kdump(memory: &[u8], page: impl Fn(&[u8]) -> Page) -> Vec<u8> {
    let zero = [0; PAGE];
    let page = |p: &[u8]| if *p == zero { Page::Zero } else { page(p) };
    Kdump::new((0..).zip(memory.chunks(PAGE).map(page))).build()
}

fn written(memory: &'static [u8], format: WriteFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let all = MemoryRange { start: PhysAddr::NULL, size: memory.len() as _ };
    write_image(&opened(memory).memory, &[all], &format, &mut out, None).unwrap();
    out.into_inner()
}

fn opened(file: &'static [u8]) -> Image {
    let raw = !["\x7fELF", "KDUMP", "makedumpfile"].iter().any(|m| file.starts_with(m.as_bytes())) && !file.starts_with(b"AVML");
    // The pages may begin like anything.
    let format = raw.then(|| "raw".to_owned());
    open_bytes(file, "bench", &OpenOptions { format, ..OpenOptions::default() }).unwrap()
}

/// Files by what is in them and their format; made once.
type Files = Mutex<HashMap<(&'static str, &'static str), &'static [u8]>>;
static FILES: LazyLock<Files> = LazyLock::new(Files::default);

fn file(what: &'static str, memory: &'static [u8], name: &'static str) -> &'static [u8] {
    let make = FORMATS.iter().find(|(n, _)| *n == name).unwrap().1;
    FILES.lock().unwrap().entry((what, name)).or_insert_with(|| Vec::leak(make(memory)))
}

/// Pages as memory has them: two fifths empty, two fifths text-like, one fifth random. One needle in each 4 MiB.
static MEMORY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let words = ["the ", "struct ", "return ", "/usr/lib/", "0x1000 ", "error: ", "name=", "int ", "\0\0\0", "needless\n"];
    let mut bytes = vec![0; if short() { 8 << 20 } else { 128 << 20 }];
    for page in bytes.chunks_mut(PAGE) {
        match rng.next() % 5 {
            0 | 1 => {}
            2 | 3 => {
                let mut at = 0;
                while at < page.len() {
                    let word = words[(rng.next() % words.len() as u64) as usize].as_bytes();
                    let n = word.len().min(page.len() - at);
                    page[at..at + n].copy_from_slice(&word[..n]);
                    at += n;
                }
            }
            _ => page.chunks_mut(8).for_each(|c| c.copy_from_slice(&rng.next().to_le_bytes())),
        }
    }
    for at in (1 << 20..bytes.len()).step_by(4 << 20) {
        bytes[at..at + 12].copy_from_slice(b"memsh needle");
    }
    bytes
});

static SAMPLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let packed = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.raw.zst")).unwrap();
    zstd::stream::decode_all(packed).unwrap()
});

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 20, args = names())]
fn open(bencher: Bencher<'_, '_>, name: &'static str) {
    let file = file("pages", &MEMORY, name);
    bencher.bench_local(|| opened(black_box(file)).facts.memory_size);
}

#[divan::bench(sample_count = 10, args = names())]
fn scan(bencher: Bencher<'_, '_>, name: &'static str) {
    let image = opened(file("pages", &MEMORY, name));
    let needle = Needle::text("memsh needle", Widths::Utf8, false).unwrap();
    let options = Options { threads: THREADS, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::new(MEMORY.len())).bench_local(|| {
        let mut hits = 0;
        search(&RunSource::physical(&image.memory), black_box(&needle), &options, &mut |_| {
            hits += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(hits, MEMORY.len() >> 22);
    });
}

/// Only unpacking, of the pages that shrink; the others are copied. What the search of a packed image can't be faster than.
#[divan::bench(sample_count = 10, args = CODECS.iter().map(|(c, _)| c.name()))]
fn unpack_alone(bencher: Bencher<'_, '_>, name: &str) {
    let (codec, pack) = CODECS.iter().find(|(c, _)| c.name() == name).unwrap();
    let zero = [0; PAGE];
    let pages: Vec<(Vec<u8>, bool)> = MEMORY
        .chunks(PAGE)
        .filter(|p| **p != zero)
        .map(|p| {
            let packed = pack(p);
            if packed.len() < PAGE { (packed, true) } else { (p.to_vec(), false) }
        })
        .collect();
    bencher.counter(BytesCount::new(MEMORY.len())).bench_local(|| {
        std::thread::scope(|scope| {
            for part in pages.chunks(pages.len().div_ceil(THREADS)) {
                scope.spawn(move || {
                    let mut out = [0; PAGE];
                    for (data, packed) in part {
                        match packed {
                            true => assert_eq!(codec.unpack(black_box(data), &mut out), Ok(PAGE)),
                            false => out.copy_from_slice(black_box(data)),
                        }
                        black_box(&out);
                    }
                });
            }
        });
    });
}

/// From the file to the list of processes, with nothing kept from before.
#[divan::bench(sample_count = 10, args = names())]
fn ps(bencher: Bencher<'_, '_>, name: &'static str) {
    let file = file("sample", &SAMPLE, name);
    bencher.bench_local(|| {
        let session = Session::of_image(opened(black_box(file)), name.to_owned(), memsh::session::Options::default());
        let listing = std::result::Result::from(session.os().unwrap().os.processes()).ok().unwrap();
        assert!(listing.items.len() > 20);
    });
}
