//! Hyper-V's saved states: known by name and content, and refused with advice.
//!
//! `.vmrs` (since Windows Server 2016) is the same container as `.vmcx`, whose header dissect.hypervisor describes; how memory lies in it is
//! not public. Older states are a `.bin` with the memory and a `.vsv` with the devices, neither of them documented.

use super::input::Input;
use crate::{At, Error, ErrorKind, Layer, Result};

/// Refuses a `.bin` that has a `.vsv` beside it: it looks like raw memory, and is none.
///
/// # Errors
/// When it is one.
pub(super) fn refuse_old(input: &Input<'_>) -> Result<()> {
    let bin = input.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("bin"));
    match input.beside("vsv").filter(|_| bin) {
        Some(vsv) => Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("the memory of an old Hyper-V saved state ({} beside it), whose layout is not documented", vsv.display()),
        )
        .at(At::File(0))
        .hint("convert it with Microsoft's vm2dmp; --format raw takes it as it lies")),
        None => Ok(()),
    }
}
