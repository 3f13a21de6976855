//! What commands that only Windows has share.

use super::context::Context;
use super::failure::Result;
use crate::os::windows::Kernel;
use crate::{Error, ErrorKind, Layer};

/// The Windows kernel of the target.
///
/// # Errors
/// When the target runs no Windows.
pub fn kernel<'a>(cx: &Context<'a>, what: &str) -> Result<&'a Kernel> {
    let layer = cx.session()?.os()?;
    let Some(kernel) = &layer.windows else {
        let runs = layer.os.os_info().kind.to_string_lossy().into_owned();
        return Err(Error::new(
            Layer::Os,
            ErrorKind::Unsupported,
            format!("{what}: only the memory of a Windows machine has this; the target runs {runs}"),
        )
        .hint("`help` lists the commands; `ps`, `modules`, `maps`, `read` and `scan` work on every target")
        .into());
    };
    Ok(kernel)
}
