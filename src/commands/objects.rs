//! `objects`: the tree of objects of Windows.

use super::cells::Hex;
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::objects::Objects;
use schemars::JsonSchema;
use serde::Serialize;

/// List the objects that have a name, by directory (Windows)
#[derive(clap::Args, Debug)]
pub struct ObjectTree {
    /// Only objects with this path, or below this directory (`*` and `?` stand for anything)
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// Only objects of this type (`directory`, `event`, `mutant`, ...)
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

/// An object with a name.
#[derive(Serialize, JsonSchema)]
pub struct ObjectRow {
    /// Path from the root.
    path: String,
    /// Its type; null where its header makes no sense.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Where the object lies; its header lies before that.
    address: Hex,
    /// How many handles of it there are, as its header counts.
    handles: Option<u64>,
    /// How many pointers to it there are, as its header counts; each handle may count as many.
    pointers: Option<u64>,
    /// Where a symbolic link leads; the file that a section maps.
    detail: Option<String>,
}

impl Command for ObjectTree {
    type Row = ObjectRow;
    const NAME: &'static str = "objects";
    const ALIASES: &'static [&'static str] = &["winobj", "objtree", "object"];
    const SUMMARY: &'static str = "List the objects that have a name, by directory (Windows)";
    const SHAPE: Shape = Shape::List(&["type", "address", "?handles", "path", "detail"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("objects", "the whole tree"),
        ("objects \\\\Device", "devices"),
        ("objects -t mutant", "mutexes with a name, by which malware knows that it runs already"),
        ("objects -t symboliclink", "links and where they lead"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ObjectRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let objects = Objects::new(kernel);
        let named = cx.take(&objects.named());
        let glob = self.path.as_deref().map(Glob::any_case).transpose()?;
        let below = self.path.as_ref().map(|p| format!("{}\\", p.trim_end_matches('\\').to_lowercase()));
        cx.nothing(format!("none of {} objects matches", named.len()));
        for object in &named {
            cx.go_on()?;
            let placed = glob.as_ref().is_none_or(|g| g.matches(&object.path))
                || below.as_ref().is_some_and(|b| object.path.to_lowercase().starts_with(b));
            let typed = self.kind.as_ref().is_none_or(|k| object.kind.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(k)));
            if placed && typed {
                let (pointers, handles) = objects.counts(object.object);
                out.push(&ObjectRow {
                    path: object.path.clone(),
                    kind: object.kind.as_deref().map(str::to_owned),
                    address: Hex::from(object.object),
                    handles,
                    pointers,
                    detail: object.detail(&objects),
                })?;
            }
        }
        Ok(())
    }
}
