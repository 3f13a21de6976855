//! `-C file:PATH`: an image file where a chain of layers wants a connector.

use super::{Argument, ArgumentKind, Connector, Request};
use crate::image::{self, Image, OpenOptions};
use crate::{PhysAddr, Result, umem};
use std::path::Path;

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "file",
    summary: "a memory image, as `memsh IMAGE` opens it",
    arguments: &[
        Argument::required("path", ArgumentKind::Path, "the image"),
        Argument::optional("format", ArgumentKind::Text, "skip detection of the format"),
        Argument::optional("base", ArgumentKind::Number, "physical address of a raw image's first byte"),
    ],
    connect,
    targets: None,
};

fn connect(request: &Request<'_>) -> Result<Image> {
    let options = OpenOptions {
        format: request.arguments.text("format").map(str::to_owned),
        base: request.arguments.number("base").map(|n| PhysAddr::new(umem::from(n))),
        interrupt: request.interrupt,
        ..OpenOptions::default()
    };
    image::open(Path::new(request.arguments.text("path").unwrap_or_default()), &options)
}
