//! `keyboard`: keys that are down (Windows).

use super::cells::Hex;
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::keyboard::{keys, name};
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;

/// List the keys that are down in each session (Windows)
#[derive(clap::Args, Debug)]
pub struct Keyboard {
    /// Also keys that are toggled: pressed an odd number of times
    #[arg(short, long)]
    all: bool,
}

/// A key.
#[derive(Serialize, JsonSchema)]
pub struct KeyRow {
    /// Session whose keyboard it is.
    session: u32,
    /// Number of the virtual key.
    key: u8,
    /// Its name, without `VK_`: `A`, `SHIFT`, `CAPITAL`; null for a number that has none.
    name: Option<String>,
    /// Whether it is down.
    down: bool,
    /// Whether it is toggled; of keys that lock (CAPITAL, NUMLOCK, SCROLL), whether they are on.
    toggled: bool,
    /// Where the session's table of keys lies, in the memory of its processes.
    address: Hex,
}

/// CAPITAL, NUMLOCK and SCROLL.
const LOCKS: [u8; 3] = [0x14, 0x90, 0x91];

impl Command for Keyboard {
    type Row = KeyRow;
    const NAME: &'static str = "keyboard";
    const ALIASES: &'static [&'static str] = &["keys"];
    const SUMMARY: &'static str = "List the keys that are down in each session (Windows)";
    const SHAPE: Shape = Shape::List(&["session", "key", "name", "down", "toggled", "?address"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("keyboard", "keys that are down, and locks that are on"), ("keyboard --all", "toggled keys, too")];

    fn run(self, cx: &Context, out: &mut Rows<'_, KeyRow>) -> Result<()> {
        let found = keys(kernel(cx, Self::NAME)?).map_err(|why| {
            Error::new(Layer::Os, ErrorKind::NotFound, format!("the state of the keyboard is not known: {why}"))
                .hint("`ps` shows the sessions, `modules` the drivers that are there")
        })?;
        let sessions = cx.take(&found);
        cx.nothing(match sessions.len() {
            1 => "no key is down".to_owned(),
            n => format!("no key is down in any of {n} sessions"),
        });
        for session in sessions {
            for key in 0..=u8::MAX {
                let (down, toggled) = (session.is_down(key), session.is_toggled(key));
                if down || toggled && (self.all || LOCKS.contains(&key)) {
                    let (number, address) = (session.session, session.address.into());
                    out.push(&KeyRow { session: number, key, name: name(key), down, toggled, address })?;
                }
            }
        }
        Ok(())
    }
}
