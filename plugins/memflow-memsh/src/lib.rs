//! The connector `memsh` for programs of memflow: memory images in every format that memsh reads. `memsh:PATH[:format=NAME]`.
//!
//! What it hands to memflow is what the bridge hands to memflow's OS plugins.

#[path = "../../memflow-bridge/src/below.rs"]
mod below;

use below::Below;
use memflow::prelude::v1::*;
use memsh::image::{OpenOptions, open};
use memsh::plugins::handed;
use std::path::Path;

/// Opens the image at the target, a path.
#[connector(name = "memsh", help_fn = "help", return_wrapped = true)]
pub fn create_connector(args: &ConnectorArgs, lib: LibArc) -> Result<ConnectorInstanceArcBox<'static>> {
    let failed = |what: String| Error(ErrorOrigin::Connector, ErrorKind::Configuration).log_error(what);
    let path = args.target.as_deref().ok_or_else(|| failed("memsh: no image is named: memsh:PATH".to_owned()))?;
    let format = args.extra_args.get("format").map(str::to_owned);
    let image = open(Path::new(path), &OpenOptions { format, ..OpenOptions::default() });
    let image = image.map_err(|e| failed(format!("memsh: {e}")))?;
    Ok(Below::connector(handed::memory(&image.memory), false, lib))
}

/// What memflow programs show of it.
pub fn help() -> String {
    "The `memsh` connector reads memory images: LiME, AVML, kdump, ELF cores, crash dumps of Windows, VMware's, QEMU's and others.\n\n\
     The `target` argument is the path of the image. `format=NAME` skips the detection of its format."
        .to_owned()
}
