//! Panics end at the boundary: a plugin that panics fails one call, not the session.
//!
//! (Not where the plugin was built with `panic = "abort"`.)

use crate::*;
use core::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// What a plugin made, with every panic turned into a failure of the call.
pub struct Guarded<T>(ManuallyDrop<T>);

impl<T> Guarded<T> {
    /// Puts a guard around it.
    pub const fn new(inner: T) -> Self {
        Self(ManuallyDrop::new(inner))
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: this is the only place that drops it, and it is not touched afterwards. What a panic leaves behind is lost.
        quiet(|| (), || unsafe { ManuallyDrop::drop(&mut self.0) });
    }
}

/// How many panics of a plugin are told where they happen.
const TOLD: u32 = 4;

/// From now on only the first few panics are printed: a read that panics may be asked for a million times. Called by what the macros
/// export, so in the plugin's own copy of the standard library.
#[doc(hidden)]
pub fn tell_few_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (before, so_far) = (std::panic::take_hook(), AtomicU32::new(0));
        std::panic::set_hook(Box::new(move |panic| match so_far.fetch_update(Relaxed, Relaxed, |n| n.checked_add(1)) {
            Ok(n) if n < TOLD => before(panic),
            Ok(TOLD) => eprintln!("(the plugin panics again; no more of that is told)"),
            _ => {}
        }));
    });
}

/// What `f` gives, or its panic as an error that names `what`.
///
/// # Errors
/// As `f`, and when it panics.
pub fn caught<T>(what: &str, f: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
        Err(ApiError::new(Status::FAILED, format!("the plugin panicked in {what}: {said}")))
    })
}

fn listed<T>(what: &str, f: impl FnOnce() -> CResult<T, ApiError>) -> CResult<T, ApiError> {
    caught(what, || f().into()).into()
}

/// What `f` gives; what `or` gives when it panics.
fn quiet<T>(or: impl FnOnce() -> T, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| or())
}

fn read_all<A: Copy>(mut ops: CSliceMut<Op<A, CSliceMut<u8>>>, f: impl FnOnce(CSliceMut<Op<A, CSliceMut<u8>>>)) {
    let lent: &mut [Op<A, CSliceMut<u8>>] = &mut ops;
    let panicked = catch_unwind(AssertUnwindSafe(|| f(lent.into()))).is_err();
    if panicked {
        for op in ops.iter_mut() {
            op.buf.fill(0);
            op.status = Status::FAILED;
        }
    }
}

fn write_all<A: Copy>(mut ops: CSliceMut<Op<A, CSliceRef<u8>>>, f: impl FnOnce(CSliceMut<Op<A, CSliceRef<u8>>>)) {
    let lent: &mut [Op<A, CSliceRef<u8>>] = &mut ops;
    let panicked = catch_unwind(AssertUnwindSafe(|| f(lent.into()))).is_err();
    if panicked {
        for op in ops.iter_mut() {
            op.status = Status::FAILED;
        }
    }
}

impl<T: PhysicalMemory> PhysicalMemory for Guarded<T> {
    fn metadata(&self) -> MemoryMetadata {
        quiet(|| MemoryMetadata::snapshot(0), || self.0.metadata())
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        quiet(|| Vec::new().into(), || self.0.ranges())
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        read_all(ops, |ops| self.0.read(ops));
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        write_all(ops, |ops| self.0.write(ops));
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        quiet(|| Vec::new().into(), || self.0.mapped_runs())
    }

    fn machine(&self) -> MachineInfo {
        quiet(MachineInfo::default, || self.0.machine())
    }
}

impl<T: MemoryView> MemoryView for Guarded<T> {
    fn view_metadata(&self) -> ViewMetadata {
        let unknown = || ViewMetadata { pointer_size: 8, little_endian: true, page_size: 4096, root: PhysAddr::NULL };
        quiet(unknown, || self.0.view_metadata())
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        read_all(ops, |ops| self.0.read_virt(ops));
    }

    fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
        write_all(ops, |ops| self.0.write_virt(ops));
    }

    fn translate(&self, mut ops: CSliceMut<TranslateOp>) {
        let lent: &mut [TranslateOp] = &mut ops;
        let panicked = catch_unwind(AssertUnwindSafe(|| self.0.translate(lent.into()))).is_err();
        if panicked {
            ops.iter_mut().for_each(|op| op.status = Status::FAILED);
        }
    }
}

impl<T: Os> Os for Guarded<T> {
    fn os_info(&self) -> OsInfo {
        quiet(OsInfo::default, || self.0.os_info())
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        listed("processes", || self.0.processes())
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        listed("process", || self.0.process(address))
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        listed("kernel_modules", || self.0.kernel_modules())
    }
}

impl<T: Process> Process for Guarded<T> {
    fn process_info(&self) -> ProcessInfo {
        quiet(ProcessInfo::default, || self.0.process_info())
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        listed("threads", || self.0.threads())
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        listed("modules", || self.0.modules())
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        listed("regions", || self.0.regions())
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        listed("arguments", || self.0.arguments())
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        listed("environment", || self.0.environment())
    }
}

impl<T: Command> Command for Guarded<T> {
    fn run(&self, session: SessionInstanceRef<'_>, row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        listed("run", || self.0.run(session, row))
    }
}

cglue_impl_group!(Guarded<T: PhysicalMemory>, ConnectorInstance, {});
cglue_impl_group!(Guarded<T: Os + MemoryView>, OsInstance, {});
cglue_impl_group!(Guarded<T: Process + MemoryView>, ProcessInstance, {});
cglue_impl_group!(Guarded<T: Command>, CommandInstance, {});
