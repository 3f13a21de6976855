//! Processors: `KiProcessorBlock`, `_KPRCB`, `_KPCR`.

use super::base::kernel::Kernel;
use crate::engine::ViewExt;
use memsh_plugin::{VirtAddr, umem};

/// Windows has no more (documented: 2048 since Server 2022).
const MOST: u16 = 2048;

/// What the kernel keeps of a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Its number.
    pub number: u16,
    /// `_KPRCB`.
    pub prcb: VirtAddr,
    /// `_KPCR`, in which the other lies; where it confirms that.
    pub pcr: Option<VirtAddr>,
    /// Its table of interrupts.
    pub idt: Option<VirtAddr>,
}

/// Those that `KiProcessorBlock` names; none where that is not known.
pub fn list(kernel: &Kernel) -> Vec<Processor> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let mut out: Vec<Processor> = Vec::new();
    let Some(block) = kernel.address("KiProcessorBlock") else { return out };
    for number in 0..MOST {
        let at = block.wrapping_add(reader.width() * umem::from(number));
        let Some(prcb) = reader.ptr(at).filter(|&p| reader.plausible(p)) else { break };
        // Behind the array lies something else: no two processors share a block, and and a block that can.t be read is none.
        if out.iter().any(|p| p.prcb == prcb) || kernel.space.read_u32(prcb).is_err() {
            break;
        }
        let pcr = o.kpcr.prcb.map(|m| prcb.wrapping_sub(m.offset)).filter(|&pcr| reader.ptr_at(pcr, o.kpcr.own) == Some(pcr));
        let idt = pcr.and_then(|pcr| reader.ptr_at(pcr, o.kpcr.idt)).filter(|&p| reader.plausible(p));
        out.push(Processor { number, prcb, pcr, idt });
    }
    out
}

/// How many processors there are: by their blocks, else by `KeNumberProcessors`, which is exported.
pub fn count(kernel: &Kernel) -> Option<u32> {
    let blocks = u32::try_from(list(kernel).len()).ok().filter(|&n| n > 0);
    let exported = || kernel.address("KeNumberProcessors").and_then(|at| kernel.space.read_u8(at).ok());
    blocks.or_else(|| exported().map(u32::from).filter(|&n| n > 0))
}
