//! Reading another process of this machine, against copying the same bytes within one.
//!
//! `cargo bench --bench native`. `MEMSH_BENCH_SHORT=1` takes 16 MiB instead of 256. The process that is read is this program once
//! more, which fills a buffer and waits.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    if std::env::var_os(linux::HOLD).is_some() {
        return linux::hold();
    }
    divan::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use divan::counter::BytesCount;
    use divan::{Bencher, black_box};
    use memsh::os::OsLayer;
    use memsh_plugin::{MemoryView, ProcessInstanceBox, VirtAddr, VirtReadOp, umem};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Child, Command, Stdio};
    use std::sync::LazyLock;

    pub const HOLD: &str = "MEMSH_BENCH_HOLD";

    fn size() -> usize {
        if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 16 << 20 } else { 256 << 20 }
    }

    fn content() -> Vec<u8> {
        (0..size()).map(|i| (i >> 12) as u8 ^ i as u8).collect()
    }

    /// What the other process does: its buffer's address goes out, and it ends when nobody waits for it any more.
    pub fn hold() {
        let bytes = content();
        println!("{}", bytes.as_ptr() as usize);
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read(&mut [0]);
        black_box(bytes);
    }

    struct Target {
        _child: Child,
        pid: u32,
        at: VirtAddr,
        layer: OsLayer,
        process: ProcessInstanceBox<'static>,
    }

    static TARGET: LazyLock<Target> = LazyLock::new(|| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.env(HOLD, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let at = VirtAddr::new(line.trim().parse().unwrap());
        let layer = memsh::os::native::layer().unwrap();
        let pid = child.id();
        let process = Result::from(layer.os.process(VirtAddr::new(umem::from(pid)))).unwrap();
        Target { _child: child, pid, at, layer, process }
    });
    static HERE: LazyLock<Vec<u8>> = LazyLock::new(content);

    /// Goes through the buffer in batches of so many pieces of so many bytes.
    fn pieces(bencher: Bencher, count: usize, each: usize, read: impl Fn(&mut [VirtReadOp]) + Sync) {
        let mut buffers = vec![vec![0u8; each]; count];
        let step = count * each;
        let mut at = 0;
        bencher.counter(BytesCount::new(step)).bench_local(|| {
            at = if at + 2 * step > size() { 0 } else { at + step };
            let place = |i: usize| VirtAddr::new(TARGET.at.value() + (at + i * each) as umem);
            let mut ops: Vec<VirtReadOp> = buffers.iter_mut().enumerate().map(|(i, b)| VirtReadOp::new(place(i), b)).collect();
            read(&mut ops);
            assert!(ops.iter().all(|op| op.status.is_done()));
        });
    }

    fn view(ops: &mut [VirtReadOp]) {
        TARGET.process.read_virt(ops.into());
    }

    #[divan::bench]
    fn one_of_64k(bencher: Bencher) {
        pieces(bencher, 1, 64 << 10, view);
    }

    #[divan::bench]
    fn sixteen_of_64k(bencher: Bencher) {
        pieces(bencher, 16, 64 << 10, view);
    }

    #[divan::bench]
    fn sixteen_of_4k(bencher: Bencher) {
        pieces(bencher, 16, 4 << 10, view);
    }

    #[divan::bench]
    fn thousand_of_64(bencher: Bencher) {
        pieces(bencher, 1000, 64, view);
    }

    #[divan::bench]
    fn sixteen_of_64k_through_the_address_space(bencher: Bencher) {
        let info =
            memsh_plugin::ProcessInfo { pid: TARGET.pid, address: VirtAddr::new(umem::from(TARGET.pid)), ..Default::default() };
        let space = TARGET.layer.process_space(&info).unwrap();
        pieces(bencher, 16, 64 << 10, |ops| space.read_virt(ops.into()));
    }

    /// The yardstick: the same bytes copied by this process.
    #[divan::bench]
    fn memcpy_of_64k(bencher: Bencher) {
        let each = 64 << 10;
        let mut buffer = vec![0u8; each];
        let mut at = 0;
        bencher.counter(BytesCount::new(each)).bench_local(|| {
            at = if at + 2 * each > size() { 0 } else { at + each };
            buffer.copy_from_slice(black_box(&HERE[at..at + each]));
            black_box(&mut buffer);
        });
    }

    #[divan::bench]
    fn list_processes(bencher: Bencher) {
        bencher.bench_local(|| Result::from(TARGET.layer.os.processes()).unwrap().items.len());
    }

    #[divan::bench]
    fn open_the_layer(bencher: Bencher) {
        bencher.bench_local(|| memsh::os::native::layer().unwrap());
    }
}
