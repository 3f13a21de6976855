//! `plugins install`, `plugins upgrade`, `plugins remove`.

use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::plugins::install::{self, Channel, Installed, Key, Outcome, Request, Script, keys_of};
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where plugins go, and what is believed.
#[derive(clap::Args, Debug)]
struct Where {
    /// Folder of plugins [default: the user's own]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Of an index: releases that count
    #[arg(long, value_name = "CHANNEL", value_parser = ["stable", "dev"], default_value = "stable")]
    channel: String,
    /// Public key (ed25519, 64 hexadecimal digits) whose signature is believed, or a file of such keys; may be given several times. Those
    /// in ~/.config/memsh/plugin-keys are believed, too
    #[arg(long = "key", value_name = "KEY|FILE")]
    keys: Vec<String>,
    /// Take what an index has without a signature that could be checked
    #[arg(long)]
    unsigned: bool,
    /// Run install scripts without asking
    #[arg(short, long)]
    yes: bool,
}

/// Install a plugin: from its source, an archive, a file, or an index
///
/// SOURCE is a folder with a crate (cargo builds it), an archive (.tar.gz, .tar.zst, .zip) of a crate or of a built plugin, a shared object,
/// or an index: a folder with index.json, a JSON file, or a URL. With --index it is a name in that index. What comes from an index
/// must be signed by a key that is trusted, and be what its SHA-256 says. A plugin that this memsh can't use is not installed, and what
/// was there before stays.
///
/// A plugin may bring an install script (install.rhai), which can copy files of the plugin into a folder of its own beside it. It is
/// shown, and runs only when that is agreed to.
#[derive(clap::Args, Debug)]
pub struct PluginsInstall {
    /// What to install
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Which plugin, where SOURCE is an index that has several
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Index to look SOURCE up in: a folder, a file or a URL
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,
    /// This version, instead of the newest
    #[arg(long = "version", value_name = "VERSION", requires = "index")]
    release: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// Install anew what has changed where it came from
///
/// A package from an index is replaced when the index has a newer version; one from a folder or a file is built or read again. Without a
/// NAME all packages are.
#[derive(clap::Args, Debug)]
pub struct PluginsUpgrade {
    /// Packages, or plugins in them
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    place: Where,
}

/// Remove a plugin that was installed, with all that its script copied
#[derive(clap::Args, Debug)]
pub struct PluginsRemove {
    /// The package, or a plugin in it
    #[arg(value_name = "NAME")]
    name: String,
    /// Folder of plugins [default: the user's own]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// A plugin, and what became of it.
#[derive(Serialize, JsonSchema)]
pub struct InstallRow {
    /// The package: one file with one or more plugins.
    package: String,
    /// `installed`, `replaced`, `current`, `removed`, or `failed`.
    result: &'static str,
    /// The plugin; null where nothing was installed.
    name: Option<String>,
    /// `connector`, `os` or `command`.
    kind: Option<String>,
    /// Its version.
    version: Option<String>,
    /// The package's file.
    path: Option<String>,
    /// SHA-256 of that file.
    sha256: Option<String>,
    /// Why it failed.
    reason: Option<String>,
}

fn push(out: &mut Rows<'_, InstallRow>, done: &Installed) -> Result<()> {
    let result = match done.outcome {
        Outcome::New => "installed",
        Outcome::Replaced => "replaced",
        Outcome::Current => "current",
        Outcome::Removed => "removed",
    };
    for p in &done.plugins {
        out.push(&InstallRow {
            package: done.name.clone(),
            result,
            name: Some(p.name.clone()),
            kind: Some(p.kind.clone()),
            version: Some(p.version.clone()).filter(|v| !v.is_empty()),
            path: Some(done.path.display().to_string()),
            sha256: Some(done.sha256.clone()),
            reason: None,
        })?;
    }
    Ok(())
}

/// The folder that plugins go to.
fn folder(cx: &Context, to: Option<&PathBuf>) -> Result<PathBuf> {
    let folder = to.cloned().or_else(|| cx.host().plugin_store());
    folder.ok_or_else(|| {
        let hint = "set XDG_DATA_HOME or HOME, or name one: --to FOLDER".to_owned();
        Failure::Usage("there is no folder of plugins".to_owned(), Some(hint))
    })
}

/// The keys that are believed: those of the options, and those of the user's file.
fn keys(cx: &Context, given: &[String]) -> Result<Vec<Key>> {
    let read = |path: &Path| -> Result<Vec<Key>> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, "read", e))?;
        Ok(keys_of(&text, path)?)
    };
    let mut keys = match cx.host().config_file("plugin-keys") {
        Some(path) if path.is_file() => read(&path)?,
        _ => Vec::new(),
    };
    for key in given {
        match Key::from_hex(key) {
            Some(key) => keys.push(key),
            None if Path::new(key).is_file() => keys.extend(read(Path::new(key))?),
            None => {
                let hint = "64 hexadecimal digits, or a file with such a key in each line".to_owned();
                return Err(Failure::Usage(format!("--key: {key} is no public key, and no file"), Some(hint)));
            }
        }
    }
    Ok(keys)
}

/// Asks whether a script may run.
fn confirm(cx: &Context, yes: bool, script: &Script, refused: &mut Option<Failure>) -> crate::Result<bool> {
    let text = format!("install script {}:\n{}", script.path.display(), script.text);
    if yes {
        text.lines().for_each(|line| cx.host().remark(line));
        return Ok(true);
    }
    cx.host().confirm(&text, "Run this install script?").map_err(|failure| {
        let e = Error::new(Layer::Command, ErrorKind::Invalid, failure.to_string());
        *refused = Some(failure);
        e
    })
}

/// Does something with a request of these options. The failure of a question that nobody could answer is told as it was.
fn with<T>(
    cx: &Context,
    place: &Where,
    index: Option<String>,
    version: Option<semver::Version>,
    work: impl FnOnce(&mut Request<'_>) -> crate::Result<T>,
) -> Result<T> {
    let mut refused = None;
    let mut ask = |script: &Script| confirm(cx, place.yes, script, &mut refused);
    let mut tell = |line: &str| cx.host().warn(line);
    let mut request = Request {
        folder: folder(cx, place.to.as_ref())?,
        index,
        channel: if place.channel == "dev" { Channel::Dev } else { Channel::Stable },
        version,
        keys: keys(cx, &place.keys)?,
        unsigned: place.unsigned,
        confirm: &mut ask,
        tell: &mut tell,
    };
    let done = work(&mut request);
    let folder = request.folder.clone();
    let done = done.map_err(|e| refused.take().unwrap_or_else(|| e.into()))?;
    if !cx.host().plugin_folders().contains(&folder) {
        cx.host().warn(&format!("note: memsh looks for plugins in {} when MEMSH_PLUGIN_PATH names it", folder.display()));
    }
    Ok(done)
}

impl Command for PluginsInstall {
    type Row = InstallRow;
    const NAME: &'static str = "plugins-install";
    const SUMMARY: &'static str = "Install a plugin from source, a file or an index: plugins install SOURCE";
    const SHAPE: Shape = Shape::List(&["package", "result", "name", "kind", "version", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("plugins install .", "the plugin whose crate is in this folder"),
        ("plugins install foo --index https://example.org/memsh/index.json", "the newest foo of an index"),
    ];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, InstallRow>) -> Result<()> {
        let version = self.release.as_deref().map(semver::Version::parse).transpose();
        let version = version.map_err(|e| Failure::usage(format!("--version: {e}")))?;
        let done = with(cx, &self.place, self.index.clone(), version, |request| {
            install::install(&self.source, self.name.as_deref(), request)
        })?;
        push(out, &done)
    }
}

impl Command for PluginsUpgrade {
    type Row = InstallRow;
    const NAME: &'static str = "plugins-upgrade";
    const SUMMARY: &'static str = "Install anew what has changed where it came from: plugins upgrade";
    const SHAPE: Shape = Shape::List(&["package", "result", "name", "kind", "version", "path", "?reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("plugins upgrade", "every package that was installed")];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, InstallRow>) -> Result<()> {
        let all = with(cx, &self.place, None, None, |request| install::upgrade(&self.names, request))?;
        cx.nothing("nothing was installed by `plugins install`");
        let mut failed = None;
        for (package, outcome) in all {
            match outcome {
                Ok(done) => push(out, &done)?,
                Err(e) => {
                    let reason = Some(e.reason().to_owned());
                    let (name, kind, version, path, sha256) = (None, None, None, None, None);
                    out.push(&InstallRow { package, result: "failed", name, kind, version, path, sha256, reason })?;
                    failed.get_or_insert(e);
                }
            }
        }
        failed.map_or(Ok(()), |e| Err(e.into()))
    }
}

impl Command for PluginsRemove {
    type Row = InstallRow;
    const NAME: &'static str = "plugins-remove";
    const SUMMARY: &'static str = "Remove a plugin that was installed: plugins remove NAME";
    const SHAPE: Shape = Shape::List(&["package", "result", "name", "kind", "version", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("plugins remove foo", "the package foo, or the one with the plugin foo")];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, InstallRow>) -> Result<()> {
        let folder = folder(cx, self.to.as_ref())?;
        push(out, &install::remove(&self.name, &folder)?)
    }
}
