//! One process of this machine.

use super::denied;
use super::folder::Folder;
use super::images;
use super::info::{self, Machine};
use super::maps;
use super::memory::ProcessMemory;
use super::stat::Stat;
use crate::os::Lost;
use memsh_plugin::*;
use std::io;
use std::sync::Arc;

/// The stack of a new program holds at most 6 MiB of arguments and environment (`_STK_LIM / 4 * 3`, fs/exec.c).
const LARGEST: usize = 8 << 20;

/// A process of this machine.
#[derive(Clone)]
pub struct NativeProcess {
    folder: Arc<Folder>,
    memory: Arc<ProcessMemory>,
    info: ProcessInfo,
}

impl NativeProcess {
    /// The process with this id.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(pid: u32, machine: &Machine, write: bool) -> Result<Self, ApiError> {
        let folder = Folder::open(pid).map_err(|_| denied::gone(pid))?;
        let info = match info::process(&folder, machine) {
            Ok(info) => info,
            Err(e) => return Err(denied::error(&folder, "the state", &e)),
        };
        let folder = Arc::new(folder);
        let memory = Arc::new(ProcessMemory::new(Arc::clone(&folder), write));
        Ok(Self { folder, memory, info })
    }

    /// Its memory.
    pub fn memory(&self) -> Arc<ProcessMemory> {
        Arc::clone(&self.memory)
    }

    /// Its regions, where its memory can be read.
    ///
    /// # Errors
    /// What is missing, where it can't.
    pub fn readable(&self) -> Result<Vec<RegionInfo>, ApiError> {
        let regions = self.maps()?;
        let refusal = regions.iter().find(|r| r.read).and_then(|r| self.memory.refusal(r.start));
        refusal.map_or(Ok(regions), |e| Err(self.failed("the memory", &e)))
    }

    fn failed(&self, what: &str, e: &io::Error) -> ApiError {
        denied::error(&self.folder, what, e)
    }

    fn maps(&self) -> Result<Vec<RegionInfo>, ApiError> {
        self.folder.read("maps").map(|m| maps::parse(&m)).map_err(|e| self.failed("the list of regions (/proc/PID/maps)", &e))
    }

    /// The strings of a file that holds strings ended by NUL.
    fn strings(&self, name: &str, what: &str) -> Result<Vec<Vec<u8>>, ApiError> {
        let mut bytes = self.folder.read(name).map_err(|e| self.failed(what, &e))?;
        bytes.truncate(LARGEST);
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
        Ok(if bytes.is_empty() { Vec::new() } else { bytes.split(|&b| b == 0).map(<[u8]>::to_vec).collect() })
    }
}

fn thread(pid: u32, tid: u32, stat: Stat) -> ThreadInfo {
    ThreadInfo {
        pid,
        tid,
        state: stat.state().map(Text::from).into(),
        name: Text::from(stat.name),
        address: VirtAddr::new(umem::from(tid)),
        start_address: Maybe::None,
    }
}

fn variable(line: &[u8]) -> EnvVar {
    match line.iter().position(|&b| b == b'=') {
        Some(at) => {
            let (key, value) = line.split_at(at);
            EnvVar { key: Text::from(key), value: Maybe::Some(Text::from(value.get(1..).unwrap_or_default())) }
        }
        None => EnvVar { key: Text::from(line), value: Maybe::None },
    }
}

impl Process for NativeProcess {
    fn process_info(&self) -> ProcessInfo {
        self.info.clone()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        let pid = self.folder.pid;
        let mut ids = match self.folder.numbers("task") {
            Ok(ids) => ids,
            Err(e) => return CResult::Err(self.failed("the list of threads", &e)),
        };
        // The main thread first; a thread that ends meanwhile is none.
        ids.sort_by_key(|&tid| (tid != pid, tid));
        let one = |tid: u32| Some(thread(pid, tid, Stat::parse(&self.folder.head(&format!("task/{tid}/stat")).ok()?)?));
        CResult::Ok(Listing::whole(ids.into_iter().filter_map(one).collect()))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let mut lost = Lost::default();
        CResult::from(self.maps().map(|regions| {
            let images = images::mapped(&regions, &self.memory, &self.info.arch, &mut lost);
            lost.listing(images)
        }))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        CResult::from(self.maps().map(Listing::whole))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        let strings = self.strings("cmdline", "the arguments");
        CResult::from(strings.map(|all| Listing::whole(all.into_iter().map(Text::from).collect())))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        // Empty strings, which a program leaves when it moves its own, are no variables.
        let strings = self.strings("environ", "the environment");
        CResult::from(strings.map(|all| Listing::whole(all.iter().filter(|s| !s.is_empty()).map(|s| variable(s)).collect())))
    }
}

impl MemoryView for NativeProcess {
    fn view_metadata(&self) -> ViewMetadata {
        info::metadata(&self.info)
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        self.memory.read(&mut ops);
    }

    fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
        let mut ops = ops;
        self.memory.write(&mut ops);
    }
}

cglue_impl_group!(NativeProcess, ProcessInstance, {});
