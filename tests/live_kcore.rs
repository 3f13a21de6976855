//! Memory that a kernel gives out as a file, on made-up files: `/proc/kcore`, `/dev/mem`, `/dev/crash`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod builders;
mod cli;

use builders::elf::{Elf, load};
use builders::kcore::kcore;
use builders::pattern;
use cli::memsh;
use memsh::PhysAddr;
use memsh::image::Image;
use memsh::plugins::chain::{self, Access, Kind, LayerSpec};
use memsh_plugin::PhysWriteOp;
use serde_json::Value;
use std::path::Path;

fn opened(target: &str, write: bool) -> Result<Image, String> {
    let layers = [LayerSpec::new(Kind::Connector, target)];
    let access = Access { write, ..Access::default() };
    match chain::open(None, &layers, &memsh::os::Hints::default(), &access) {
        Ok(opened) => Ok(opened.image),
        Err(e) => Err(format!("{e} | {}", e.hint_text().unwrap_or("-"))),
    }
}

fn ranges(image: &Image) -> Vec<(u64, u64)> {
    image.memory.ranges().iter().map(|r| (r.start.value(), r.size)).collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn json(words: &[&str]) -> Value {
    let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = memsh(&all);
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_sample_as_a_kcore_answers_as_the_sample_does() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    assert_eq!(memsh(&["sample", "dump", "phys", "-o", raw.to_str().unwrap(), "--format", "raw"]).status, 0);
    let ram = std::fs::read(&raw).unwrap();
    let path = file(folder.path(), "kcore", &kcore(&[(0, &ram[..0x9f000]), (0x10_0000, &ram[0x10_0000..])], None).build());
    let target = format!("kcore:{path}");
    assert_eq!(json(&["-C", &target, "ps"]), json(&["sample", "ps"]));
    let info = json(&["-C", &target, "info"]);
    assert_eq!((info["image"]["format"].as_str(), info["arch"].as_str()), (Some("kcore"), Some("x86_64")));
}

#[test]
fn only_what_has_a_physical_address_is_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (low, high) = (pattern(0x3000, 1), pattern(0x5000, 2));
    let core = kcore(&[(0x1000, &low), (0x1_0000_0000, &high)], Some("OSRELEASE=6.1.0\nPAGESIZE=4096\n"));
    let path = file(folder.path(), "kcore", &core.build());
    let image = opened(&format!("kcore:path={path}"), false).unwrap();
    assert_eq!(ranges(&image), [(0x1000, 0x3000), (0x1_0000_0000, 0x5000)]);
    assert_eq!(image.vmcoreinfo.as_deref(), Some(&b"OSRELEASE=6.1.0\nPAGESIZE=4096\n"[..]));
    assert_eq!(image.machine.as_deref(), Some("x86_64"));
    assert!(image.memory.metadata().live);
    let mut buf = vec![0; 0x2000];
    image.memory.read(PhysAddr::new(0x1_0000_1234), &mut buf).unwrap();
    assert_eq!(buf, high[0x1234..0x3234]);
    // Over the end of a range: what is there, and what is missing.
    let gaps = image.memory.read_gaps(PhysAddr::new(0x3000), &mut buf);
    assert_eq!((gaps.bytes(), &buf[..0x1000]), (0x1000, &low[0x2000..]));
    assert!(opened(&format!("kcore:{path}"), true).err().unwrap().contains("can't be written"));
}

#[test]
fn a_core_that_is_shorter_than_it_says_reads_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = pattern(0x8000, 3);
    let mut bytes = kcore(&[(0x1000, &data)], None).build();
    let at = memchr::memmem::find(&bytes, &data[..64]).unwrap();
    bytes.truncate(at + 0x5800);
    let image = opened(&format!("kcore:{}", file(folder.path(), "kcore", &bytes)), false).unwrap();
    let mut buf = vec![0; 0x8000];
    let gaps = image.memory.read_gaps(PhysAddr::new(0x1000), &mut buf);
    assert!(gaps.bytes() >= 0x2800 && gaps.bytes() <= 0x3000, "{:#x}", gaps.bytes());
    assert_eq!(buf[..0x5000], data[..0x5000]);
}

#[test]
fn what_is_no_kcore_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| opened(&format!("kcore:{}", file(folder.path(), name, bytes)), false).err().unwrap();
    assert!(refused("empty", b"").contains("is empty"));
    assert!(refused("text", &[b'x'; 100]).contains("no ELF header"));
    assert!(refused("exe", &Elf { kind: 2, ..kcore(&[], None) }.build()).contains("not a core"));
    // Kernels before 4.11.
    let old: Vec<_> = [0xffff_8880_0000_0000u64, 0xffff_ffff_8100_0000]
        .into_iter()
        .map(|virt| builders::elf::Segment { virt, ..load(0, &[1; 64]) })
        .collect();
    assert!(refused("old", &Elf::core(old).build()).contains("no physical addresses"));
    let e = opened("kcore:/nonexistent/kcore", false).err().unwrap();
    assert!(e.contains("CONFIG_PROC_KCORE"), "{e}");
}

const IOMEM: &str = "00000000-00000fff : Reserved\n00001000-00003fff : System RAM\n00200000-002fffff : System RAM\n  \
                     00210000-0021ffff : Kernel code\n00300000-0030ffff : ACPI Tables\n";

#[test]
fn dev_mem_is_read_where_iomem_names_ram() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = pattern(0x30_0000, 4);
    let mem = file(folder.path(), "mem", &bytes);
    let iomem = file(folder.path(), "iomem", IOMEM.as_bytes());
    for name in ["devmem", "crash"] {
        let image = opened(&format!("{name}:{mem},iomem={iomem}"), false).unwrap();
        assert_eq!(ranges(&image), [(0x1000, 0x3000), (0x20_0000, 0x10_0000)]);
        let mut buf = vec![0; 0x5001];
        image.memory.read(PhysAddr::new(0x20_0fff), &mut buf).unwrap();
        assert_eq!(buf, bytes[0x20_0fff..0x20_6000]);
        assert!(image.memory.read(PhysAddr::new(0x30_0000), &mut buf).is_err());
    }
    let zeros = file(folder.path(), "zeros", b"00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n");
    let e = opened(&format!("devmem:{mem},iomem={zeros}"), false).err().unwrap();
    assert!(e.contains("zeros in place of addresses") && e.contains("CAP_SYS_ADMIN"), "{e}");
    let e = opened(&format!("devmem:{mem},ranges=1g+1m"), false).err().unwrap();
    assert!(e.contains("gives no byte"), "{e}");
    assert!(opened("crash:/nonexistent/crash", false).err().unwrap().contains("modprobe crash"));
    assert!(opened(&format!("crash:{mem},iomem={iomem}"), true).err().unwrap().contains("only reads"));
}

#[test]
fn dev_mem_is_written_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mem = file(folder.path(), "mem", &pattern(0x30_0000, 5));
    let image = opened(&format!("devmem:{mem},ranges=0x200000+64k"), true).unwrap();
    let mut ops = [PhysWriteOp::new(PhysAddr::new(0x20_0010), b"new"), PhysWriteOp::new(PhysAddr::new(0x20_ffff), b"xx")];
    image.memory.source().write((&mut ops[..]).into());
    assert_eq!((ops[0].status.is_done(), ops[1].status.is_done()), (true, false));
    assert_eq!(&std::fs::read(&mem).unwrap()[0x20_0010..0x20_0013], b"new");
}
