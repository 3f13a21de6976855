//! `yara`: rules of YARA over memory, by the plugin of that name.

use super::context::Context;
use super::failure::{Failure, Result};
use super::plugins::call;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::plugins::inspect::PluginKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Search memory with YARA rules (needs the plugin yara)
///
/// A space is searched as one: a rule may have one string in a program's heap and another in its code. `--regions` asks each region alone, with
/// filesize and uint16(0); `--images` programs and libraries as files, with the modules pe and elf.
#[derive(clap::Args, Debug)]
pub struct Yara {
    /// Files or folders of rules; NAMESPACE:FILE gives them a namespace of their own
    #[arg(value_name = "RULES", required = true)]
    rules: Vec<String>,
    /// The memory of every process
    #[arg(long, conflicts_with_all = ["process", "kernel", "phys"])]
    all: bool,
    #[command(flatten)]
    whose: Whose,
    /// Each region on its own
    #[arg(long, conflicts_with = "images")]
    regions: bool,
    /// Programs and libraries, as the files that they were
    #[arg(long)]
    images: bool,
    /// Define a variable of the rules: a number, true, false, or text
    #[arg(short, long, value_name = "NAME=VALUE")]
    define: Vec<String>,
    /// Only rules with this tag (may be given again)
    #[arg(short, long, value_name = "TAG")]
    tag: Vec<String>,
    /// Stop after so many rows
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// So many matches of one string in one space
    #[arg(long, value_name = "N", default_value = "10000")]
    matches: String,
    /// Give a space up after this time (2s, 10min)
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Regular expressions as YARA takes them, not as YARA-X does
    #[arg(long)]
    relaxed: bool,
    /// Show the compiler's warnings
    #[arg(long)]
    warnings: bool,
}

/// A match of a string of a rule; a rule that matches without strings has a row without.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct YaraRow {
    /// The rule.
    rule: String,
    /// Its namespace, `default` where none was given.
    namespace: String,
    /// Its tags.
    tags: Vec<String>,
    /// The string, `$a`; null where the rule matched without one.
    string: Option<String>,
    /// Address of its first byte.
    address: Option<String>,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// The region in which it lies; of the kernel's memory the module.
    region: Option<String>,
    /// Bytes from the start of the region.
    offset: Option<u64>,
    /// Bytes that match.
    length: Option<u64>,
    /// They, in hex (the first 256).
    #[serde(rename = "match")]
    bytes: Option<String>,
    /// The same as text; null where it is none.
    text: Option<String>,
    /// Of a string with the modifier `xor`: the key.
    xor_key: Option<u8>,
    /// With `--images`: the program or library.
    image: Option<String>,
    /// With `--images`: where in its file.
    image_offset: Option<u64>,
    /// What the rule says of itself.
    meta: Map<String, Value>,
}

impl Command for Yara {
    type Row = YaraRow;
    const NAME: &'static str = "yara";
    const SUMMARY: &'static str = "Search memory with YARA rules (needs the plugin yara)";
    const SHAPE: Shape = Shape::List(&["rule", "string", "address", "pid", "process", "region", "text"]);
    const BATCH: Option<(&'static str, &'static [&'static str])> =
        Some(("images", &["rule", "string", "address", "pid", "process", "image", "text"]));
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("yara rules.yar", "physical memory"),
        ("yara rules.yar -p 1 --regions", "each region of a process, with filesize and uint16(0)"),
        ("yara rules/ --all --tag apt", "every process; rules of a folder that have a tag"),
        ("yara pe.yar --all --images", "programs and libraries as files, with the module pe"),
        ("yara rules.yar -k -d build=19041", "the kernel, with a variable of the rules"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, YaraRow>) -> Result<()> {
        let registry = cx.host().plugins();
        let Some(entry) = registry.find(PluginKind::Command, "yara") else {
            // One that can't be used says why in the list.
            let hint = "`memsh plugins install plugins/yara` builds it from memsh's source, in a few minutes; `plugins list` shows what there is";
            return Err(Failure::Usage("yara: the plugin yara is not installed".to_owned(), Some(hint.to_owned())));
        };
        let words = self.words(cx)?;
        call(cx, entry, &words, out, |_| ())
    }
}

impl Yara {
    /// The plugin's arguments.
    fn words(&self, cx: &Context) -> Result<Vec<String>> {
        let mut words = vec![format!("rules={}", self.rules.join("\n"))];
        let mut put = |name: &str, value: String| words.push(format!("{name}={value}"));
        if self.all {
            put("all", "yes".to_owned());
        } else if let Some(process) = self.process(cx)? {
            put("pid", process.to_string());
        } else if self.whose.kernel {
            put("kernel", "yes".to_owned());
        }
        for (name, on) in
            [("regions", self.regions), ("images", self.images), ("relaxed", self.relaxed), ("warnings", self.warnings)]
        {
            if on {
                put(name, "yes".to_owned());
            }
        }
        for (name, lines) in [("define", &self.define), ("tag", &self.tag)] {
            if !lines.is_empty() {
                put(name, lines.join("\n"));
            }
        }
        put("matches", cx.count(&self.matches)?.to_string());
        if let Some(max) = self.max {
            put("max", max.to_string());
        }
        if let Some(timeout) = &self.timeout {
            put("timeout", timeout.clone());
        }
        if cx.host().colors_stderr() {
            put("color", "yes".to_owned());
        }
        if let Some(cache) = cx.host().cache_folder() {
            put("cache", cache.join("yara").display().to_string());
        }
        Ok(words)
    }

    /// The pid, of the option or of the shell's process.
    fn process(&self, cx: &Context) -> Result<Option<u32>> {
        match (&self.whose.process, cx.current()) {
            (Some(which), _) => Ok(Some(cx.session()?.find_process(which)?.pid)),
            (None, Some(process)) if self.whose.is_default() => Ok(Some(process.pid)),
            _ => Ok(None),
        }
    }
}
