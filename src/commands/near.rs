//! `near`: which symbol an address belongs to.

use super::cells::{Hex, number};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::{At, Error, ErrorKind, Layer, VirtAddr, umem};
use schemars::JsonSchema;
use serde::Serialize;

/// Show which symbol an address belongs to
#[derive(clap::Args, Debug)]
pub struct Near {
    /// Address in the kernel or a module of it
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
}

/// The symbol at or below an address.
#[derive(Serialize, JsonSchema)]
pub struct NearRow {
    /// Name.
    name: String,
    /// Address of the symbol.
    address: Hex,
    /// Module it belongs to; null for the kernel itself.
    module: Option<String>,
    /// Kind as `nm` prints it; null where the source does not say.
    kind: Option<String>,
    /// Bytes from the symbol to the address that was asked for.
    offset: u64,
}

/// A symbol's kind for JSON.
pub fn kind(kind: char) -> Option<String> {
    (kind != '?').then(|| kind.to_string())
}

/// The error for an address without a symbol.
pub fn nothing(address: umem) -> Failure {
    Error::new(Layer::Symbols, ErrorKind::NotFound, "no symbol is near")
        .at(At::Virt(VirtAddr::new(address)))
        .hint("`info` shows where the kernel lies, `modules` where its modules lie")
        .into()
}

impl Command for Near {
    type Row = NearRow;
    const NAME: &'static str = "near";
    const ALIASES: &'static [&'static str] = &["ln"];
    const SUMMARY: &'static str = "Show which symbol an address belongs to";
    const SHAPE: Shape = Shape::List(&["address", "kind", "name", "module", "offset"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("near init_task+0x10", "the symbol and the distance")];

    fn run(self, cx: &Context, out: &mut Rows<'_, NearRow>) -> Result<()> {
        if self.address.starts_with("p:") {
            let what = format!("no symbol is near {}: symbols stand at virtual addresses", self.address);
            let hint =
                format!("`ptov {}` lists where that is mapped, with the kernel's symbols", self.address.trim_start_matches("p:"));
            return Err(Error::new(Layer::Symbols, ErrorKind::NotFound, what).hint(hint).into());
        }
        let symbols = cx.session()?.symbols()?;
        let space = cx.session()?.kernel_space().ok();
        let address = cx.evaluate(&self.address, space.as_ref())?;
        // A return address on a stack may be signed.
        let address = space.map_or(address, |s| s.plain(address));
        let (s, distance) = symbols.near(VirtAddr::new(address)).ok_or_else(|| nothing(address))?;
        out.push(&NearRow {
            name: s.name.to_owned(),
            address: s.address.into(),
            module: s.module.map(str::to_owned),
            kind: kind(s.kind),
            offset: number(distance),
        })
    }
}
