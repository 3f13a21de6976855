//! What the kernel maps in one piece: its own image, and all of memory (the direct map). Where their page tables are not in the image,
//! places are computed.
//!
//! Images that were cut off lose page tables first, since the kernel takes the memory for them from the top. The image's distance is the
//! one at which the kernel was found. That of the direct map is what the kernel says of it ([`rules`]), and counts only where what lies
//! there agrees ([`proof`]). Both are asked for when a table is missed for the first time; an image that lacks none never gets here.

mod proof;
mod rules;
#[cfg(test)]
mod tests;

use crate::engine::{AddressSpace, Computed, Linear, LinearMap, to_u64};
use crate::os::linux::base::kernel::Kernel;
use memsh_plugin::{PhysAddr, TranslateOp, VirtAddr, umem};
use proof::Proof;
use std::sync::{Arc, OnceLock, Weak};

/// What the kernel's own image is called.
const IMAGE: &str = "kernel's image";
/// What the map of all memory is called.
const DIRECT: &str = "direct map";

/// So many parts of a piece are looked at.
const LOOKS: u64 = 16;

/// What one kernel maps in one piece.
pub struct KernelMap {
    image: Option<Linear>,
    /// The last address of the image, as the kernel has it.
    last: OnceLock<u64>,
    /// The kernel's own address space has this map, so that the kernel can't be owned by it.
    kernel: OnceLock<Weak<Kernel>>,
    rules: OnceLock<rules::Told>,
    /// Where the direct map is, or why that is not known.
    direct: OnceLock<Result<Proof, String>>,
    /// The tables that were missed first: of the image, of the direct map.
    missed: [OnceLock<Computed>; 2],
}

impl KernelMap {
    /// The map of a kernel whose image has `size` bytes at `virt`, which lie at `phys`.
    pub(crate) fn new(virt: VirtAddr, phys: PhysAddr, size: umem) -> Self {
        Self {
            image: Linear::new(IMAGE, virt, phys, size),
            last: OnceLock::new(),
            kernel: OnceLock::new(),
            rules: OnceLock::new(),
            direct: OnceLock::new(),
            missed: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// Tells whose direct map it is.
    pub(crate) fn attach(&self, kernel: &Arc<Kernel>) {
        // Types are asked now: while somebody waits for an address they might wait for another.
        let _ = self.rules.set(rules::Told::new(kernel));
        if let Some(end) = kernel.size.and_then(|size| to_u64(kernel.base.value().checked_add(size)?)) {
            let _ = self.last.set(end.saturating_sub(1));
        }
        let _ = self.kernel.set(Arc::downgrade(kernel));
    }

    fn image(&self) -> Option<Linear> {
        let image = self.image?;
        Some(Linear { last: self.last.get().map_or(image.last, |last| image.last.min(*last)), ..image })
    }

    /// Looks for page tables that are not in the image, so that what is told of them does not wait for a command that needs one of them.
    /// A live machine lacks none.
    pub fn look(&self, kernel: &Kernel) {
        let Some(told) = self.rules.get().filter(|_| !kernel.space.memory().metadata().live) else { return };
        let image = self.image();
        // Where the direct map may be is enough to look: only a table that is missed asks for the proof, and is kept.
        let direct = rules::rules(kernel, told, image.as_ref(), &self.plain(kernel)).into_iter().map(|rule| rule.linear);
        let looks = direct.chain(image).flat_map(|piece| {
            let step = ((piece.last - piece.first) / LOOKS).max(1);
            (0..=LOOKS).filter_map(move |i| piece.first.checked_add(i * step))
        });
        let mut looks: Vec<TranslateOp> = looks.map(|va| TranslateOp::new(VirtAddr::new(umem::from(va)))).collect();
        kernel.space.translate_batch(&mut looks);
    }

    /// Where the direct map is, proven; none where that is not known.
    pub fn direct_map(&self) -> Option<Linear> {
        self.direct()?.as_ref().ok().map(|proof| proof.rule.linear)
    }

    /// The kernel's space as it is without the direct map's rule.
    fn plain(&self, kernel: &Kernel) -> AddressSpace {
        let alone = Self { image: self.image(), ..Self::new(VirtAddr::NULL, PhysAddr::NULL, 0) };
        kernel.space.clone().with_linear(Arc::new(alone))
    }

    fn direct(&self) -> Option<&Result<Proof, String>> {
        let (kernel, told) = (self.kernel.get()?.upgrade()?, self.rules.get()?);
        Some(self.direct.get_or_init(|| {
            let plain = self.plain(&kernel);
            let rules = rules::rules(&kernel, told, self.image().as_ref(), &plain);
            proof::choose(&kernel, &plain, rules)
        }))
    }
}

impl LinearMap for KernelMap {
    fn piece(&self, va: u64) -> Option<Linear> {
        if let Some(image) = self.image().filter(|i| i.holds(va)) {
            return Some(image);
        }
        // The lower half is the processes', but for kernels of 32 bits, whose map is bounded by its own numbers.
        let proof = self.direct()?.as_ref().ok()?;
        Some(proof.rule.linear).filter(|l| l.holds(va))
    }

    fn missed(&self, computed: &Computed) {
        let [image, direct] = &self.missed;
        let slot = if computed.rule.name == IMAGE { image } else { direct };
        let _ = slot.set(*computed);
    }

    fn told(&self) -> Vec<String> {
        let [image, direct] = &self.missed;
        let mut out = Vec::new();
        if let Some(c) = image.get() {
            out.push(format!(
                "page tables of the kernel's own image are not in the memory image (the first that was missed is at {}); places there were computed: {}",
                c.table,
                apart(&c.rule)
            ));
        }
        match (direct.get(), self.direct.get()) {
            (Some(c), Some(Ok(proof))) => out.push(format!(
                "page tables of the kernel's direct map are not in the memory image (the first that was missed is at {}); places there were \
                 computed: {} ({}; {})",
                c.table,
                apart(&c.rule),
                proof.rule.origin,
                proof.evidence
            )),
            (_, Some(Err(why))) => {
                out.push(format!("page tables of the kernel are not in the memory image, and its direct map could not be computed: {why}"));
            }
            _ => {}
        }
        out
    }
}

/// In words, the distance between addresses and places.
fn apart(rule: &Linear) -> String {
    format!("virtual {:#x} is physical {:#x}", rule.first, rule.place(rule.first))
}
