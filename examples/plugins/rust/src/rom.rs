//! `-C rom:FILE,base=ADDR,mapped=no`: a file as it is, somewhere in physical memory.

use memsh_plugin::*;
use std::fs;

pub struct Rom {
    pub base: PhysAddr,
    pub bytes: Vec<u8>,
    pub mapped: bool,
}

impl PhysicalMemory for Rom {
    fn metadata(&self) -> MemoryMetadata {
        let size = self.bytes.len() as umem;
        MemoryMetadata { max_address: self.base.saturating_add(size.saturating_sub(1)), ..MemoryMetadata::snapshot(size) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: self.base, size: self.bytes.len() as umem }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.fill_from(self.base, &self.bytes);
        }
    }

    // The bytes lie in this process: memsh reads them in place, without a call.
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let all = MappedRun { start: self.base, data: self.bytes.as_slice().into() };
        if self.mapped { vec![all].into() } else { Vec::new().into() }
    }
}

fn open(request: &ConnectorRequest) -> Result<Rom, ApiError> {
    let path = request.arguments.get("path").unwrap_or_default();
    let bytes = fs::read(&path).map_err(|e| ApiError::new(Status::FAILED, format!("can't read {path}: {e}")))?;
    if bytes.is_empty() {
        return Err(ApiError::new(Status::MISSING, format!("{path} is empty")));
    }
    let base = PhysAddr::new(request.arguments.number("base").unwrap_or(0).into());
    Ok(Rom { base, bytes, mapped: request.arguments.flag("mapped") })
}

/// The files of the working folder.
fn targets(_: &ConnectorRequest) -> Result<Vec<(String, String)>, ApiError> {
    let listed = fs::read_dir(".").map_err(|e| ApiError::new(Status::FAILED, format!("can't list the folder: {e}")))?;
    let files = listed.flatten().filter_map(|e| Some((e.file_name().into_string().ok()?, e.metadata().ok()?)));
    Ok(files.filter(|(_, m)| m.is_file()).map(|(name, m)| (name, format!("{} bytes", m.len()))).collect())
}

connector! {
    name: "rom",
    description: "a file as it is, somewhere in physical memory",
    arguments: [
        "path path required - the file",
        "base number optional 0 physical address of its first byte",
        "mapped flag optional yes let memsh read the bytes where they are, without a call",
    ],
    create: open,
    targets: targets,
}
