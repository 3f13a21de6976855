//! How fast the memory of a running machine is read: through the connector `qemu`, and by the plain system calls beside it.
//!
//! Starts QEMU with 1 GiB of memory that is filled. `cargo bench --bench live`; with `MEMSH_BENCH_SHORT` one pass each.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use memsh::PhysAddr;
    use memsh::image::Image;
    use memsh::live::{Arguments, Request, find};
    use memsh_plugin::PhysReadOp;
    use nix::sys::uio::{RemoteIoVec, process_vm_readv};
    use nix::unistd::Pid;
    use std::io::IoSliceMut;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    const MIB: usize = 1 << 20;
    const SIZE: usize = 1024 * MIB;
    /// What is read: all but the first MiB, in which there are holes.
    const READ: usize = SIZE - MIB;

    struct Vm(Child);

    impl Drop for Vm {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn connect(arguments: &str) -> Option<Image> {
        let connector = find("qemu").unwrap();
        let arguments = Arguments::parse("qemu", arguments, connector.arguments).unwrap();
        (connector.connect)(&Request { arguments, below: None, write: false, interrupt: None }).ok()
    }

    /// The machine, once it answers: then its memory is filled.
    fn start(object: &str) -> (Vm, Image) {
        let folder = tempfile::tempdir().unwrap();
        let monitor = folder.path().join("q");
        let child = Command::new("qemu-system-x86_64")
            .args(["-S", "-display", "none", "-nodefaults", "-m", "1G", "-machine", "pc,memory-backend=m", "-object"])
            .arg(format!("{object},id=m,size=1G,prealloc=on"))
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", monitor.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let vm = Vm(child);
        let begun = Instant::now();
        loop {
            if let Some(image) = connect(&format!("qmp={}", monitor.display())) {
                return (vm, image);
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "QEMU does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Time that this thread has run, which others on the same processor do not change.
    fn ran() -> Duration {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        Duration::from_nanos(stat.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
    }

    /// The best of some passes, by the clock and by the time that the thread ran.
    fn rate(name: &str, mut pass: impl FnMut()) {
        let passes = if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 1 } else { 5 };
        pass();
        let mut best = (Duration::MAX, Duration::MAX);
        for _ in 0..passes {
            let (clock, own) = (Instant::now(), ran());
            pass();
            best = (best.0.min(clock.elapsed()), best.1.min(ran().saturating_sub(own)));
        }
        let rate = |time: Duration| READ as f64 / time.as_secs_f64().max(1e-9) / 1e9;
        println!("{name:<55} {:6.2} GB/s  {:6.2} GB per second of processor", rate(best.0), rate(best.1));
    }

    fn by_reads(image: &Image, piece: usize) {
        let mut buf = vec![0; piece];
        for at in (MIB..SIZE).step_by(piece).filter(|at| at + piece <= SIZE) {
            image.memory.read(PhysAddr::new(at as u64), &mut buf).unwrap();
        }
    }

    /// Operations of `piece` bytes in batches of 256 KiB.
    fn by_batches(image: &Image, piece: usize) {
        let mut buf = vec![0; 256 << 10];
        for at in (MIB..SIZE).step_by(buf.len()) {
            let mut ops: Vec<PhysReadOp> = buf
                .chunks_mut(piece)
                .enumerate()
                .map(|(i, b)| PhysReadOp::new(PhysAddr::new((at + i * piece) as u64), b))
                .collect();
            image.memory.source().read((&mut ops[..]).into());
            assert!(ops.iter().all(|op| op.status.is_done()));
        }
    }

    fn plain(pid: u32, address: usize, piece: usize) {
        let mut buf = vec![0; piece];
        for at in (MIB..SIZE).step_by(piece).filter(|at| at + piece <= SIZE) {
            let n = process_vm_readv(
                Pid::from_raw(i32::try_from(pid).unwrap()),
                &mut [IoSliceMut::new(&mut buf)],
                &[RemoteIoVec { base: address + at, len: piece }],
            );
            assert_eq!(n, Ok(piece));
        }
    }

    pub fn main() {
        if Command::new("qemu-system-x86_64").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("skipped: qemu-system-x86_64 is not installed");
            return;
        }
        let (vm, image) = start("memory-backend-ram");
        let ram = image.facts.details.iter().find(|(n, _)| n == "ram").map(|(_, v)| v.clone()).unwrap();
        let address = usize::from_str_radix(ram.split("; ").next().unwrap().rsplit("0x").next().unwrap(), 16).unwrap();
        for piece in [256 << 10, MIB] {
            rate(&format!("process_vm_readv, a plain loop, {} KiB", piece >> 10), || plain(vm.0.id(), address, piece));
            rate(&format!("private memory, {} KiB", piece >> 10), || by_reads(&image, piece));
        }
        rate("private memory, 64 operations of 4 KiB a call", || by_batches(&image, 4096));
        drop((image, vm));
        let (vm, image) = start("memory-backend-memfd");
        assert!(image.memory.mapped().is_some());
        rate("memfd, mapped, 256 KiB", || by_reads(&image, 256 << 10));
        let unmapped = connect(&format!("pid={},qmp=no,map=no", vm.0.id())).unwrap();
        rate("memfd, by pread, 256 KiB", || by_reads(&unmapped, 256 << 10));
        rate("memfd, by pread, 64 operations of 4 KiB a call", || by_batches(&unmapped, 4096));
    }
}
