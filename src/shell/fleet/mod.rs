//! Several images at once: `memsh A.raw B.raw ps`.
//!
//! Each image is opened, asked and closed by a worker ([`work`]); as many work as `--jobs` says. Rows come out in the order of the
//! images, each with the key `image` in front, so that the answer does not depend on who was faster; a worker that is ahead waits
//! before it has many rows in hand. An image that fails is told on stderr and does not keep the others from answering.

mod work;

use super::args::{OutputArgs, Root};
use super::filter::{Choice, Schema};
use super::foreach::heading;
use super::host::{Shell, progress_allowed};
use super::merged::{Merged, stamped};
use super::progress::Bar;
use super::render::{Format, Renderer, Style, escape};
use super::run::{Ended, Parsed, parsed};
use super::screen::worse;
use super::{alias, builtin, docs};
use crate::commands::context::{Host, Meter};
use crate::commands::failure::{Failure, Result, exit};
use crate::commands::{Shape, Sink, Spec, plugins};
use crate::embed::Failed;
use clap::ArgMatches;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use work::{Message, Work};

/// Images that are asked together.
pub struct Fleet {
    /// What the command line says of all of them.
    pub root: Root,
    /// The images, in the order of the command line.
    pub images: Vec<PathBuf>,
}

impl Fleet {
    /// Images that are worked on at the same time.
    fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.root.jobs.unwrap_or_else(cores).clamp(1, self.images.len().max(1))
    }
}

/// Runs the command that `words` are on each image. The status is the worst of theirs.
///
/// # Errors
/// When the command makes no sense, nobody reads any more, or Ctrl-C was pressed.
pub fn run(shell: &Shell, fleet: &Fleet, words: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    let meant = alias::translate(words).known()?;
    meant.notes.iter().for_each(|note| shell.warn(note));
    let words = &shell.of_plugin(meant.words);
    if builtin::is(shell, words) {
        let hint = "a script for one image can be run for each: for i in *.raw; do memsh \"$i\" --script FILE; done".to_owned();
        return Err(Failure::Usage(format!("{}: not for several images", words.join(" ")), Some(hint)));
    }
    let (spec, matches, output) = match parsed(words, true)? {
        (Parsed::Command(spec, matches), output) => (spec, matches, output.or(&shell.defaults.borrow())),
        (Parsed::Text(text), _) => {
            out.write_all(text.as_bytes())?;
            return Ok(Ended::WELL);
        }
    };
    shell.output.replace(output.clone());
    apart(fleet, spec, words, &matches)?;
    let mut style = shell.styled(spec, stdout)?;
    // What a plugin's rows hold, only the plugin knows.
    if spec.name == "run"
        && let Some(name) = matches.get_one::<String>("name")
    {
        let columns = plugins::columns(&shell.plugins(), name).filter(|c| !c.is_empty());
        let columns = columns.filter(|_| style.columns.is_none() && !matches!(style.format, Format::Json | Format::JsonLines));
        style.columns = columns.map(|c| std::iter::once("image".to_owned()).chain(c).collect()).or(style.columns);
    }
    let asked = Asked { spec, shape: spec.shape_of(&matches), words, output: &output, style };
    match (asked.style.format, asked.shape) {
        (Format::Table, Shape::Object) => asked.below_headings(shell, fleet, out),
        _ => asked.merged(shell, fleet, out),
    }
}

/// Refuses to write the files of several images to one place, and what stays until somebody ends it.
fn apart(fleet: &Fleet, spec: &Spec, words: &[String], matches: &ArgMatches) -> Result<()> {
    if spec.name == "mount" {
        let hint = "mount each on a folder of its own: memsh IMAGE mount DIR &".to_owned();
        return Err(Failure::Usage("mount: not for several images".to_owned(), Some(hint)));
    }
    let ids = ["output", "extract", "export"];
    let given = |id: &&&str| matches.ids().any(|i| i.as_str() == **id) && matches.value_source(id).is_some();
    if ids.iter().any(|id| given(&id)) && !words.iter().any(|w| w.contains(work::NAME)) {
        let hint = format!("{} stands for the name of the image, without its folder, in a path", work::NAME);
        return Err(Failure::Usage(format!("{}: each image needs a place of its own to write to", spec.name), Some(hint)));
    }
    if !words.iter().any(|w| w.contains(work::NAME)) {
        return Ok(());
    }
    let mut named: HashMap<String, &Path> = HashMap::new();
    for image in &fleet.images {
        let name = work::name(image);
        if let Some(other) = named.insert(name.clone(), image) {
            let what = format!("{}: {} stands for {name:?} of both {} and {}", spec.name, work::NAME, shown(other), shown(image));
            let hint = "what is written of one would be in the place of the other: ask them one by one, or through links with other names";
            return Err(Failure::Usage(what, Some(hint.to_owned())));
        }
    }
    Ok(())
}

/// A command for all images.
struct Asked<'a> {
    spec: &'static Spec,
    shape: Shape,
    words: &'a [String],
    output: &'a OutputArgs,
    style: Style,
}

impl Asked<'_> {
    fn schema(&self) -> Schema {
        docs::row_schema(self.spec).with(&[front()])
    }

    /// All rows in one answer.
    fn merged(self, shell: &Shell, fleet: &Fleet, out: &mut dyn Write) -> Result<Ended> {
        let choice = Choice::new(self.output, Shape::List(&[]), || self.schema())?;
        Merged::new(shell, (self.spec, self.shape), &[front()], choice, self.style.clone())?.run(out, |sift| {
            self.each(shell, fleet, &mut |_, given| match given {
                Given::Row(row) => sift.row(row),
                Given::Bytes(data) => sift.bytes(&data),
            })
        })
    }

    /// Words of single answers, each below the name of its image.
    fn below_headings(self, shell: &Shell, fleet: &Fleet, out: &mut dyn Write) -> Result<Ended> {
        self.schema().check_columns(&self.output.columns)?;
        Choice::new(self.output, self.shape, || self.schema())?;
        self.each(shell, fleet, &mut |image, given| match given {
            Given::Row(row) => {
                if !self.output.no_header {
                    heading(&escape::terminal(image), self.style.color, out)?;
                }
                let mut renderer = Renderer::new(out, &self.style, (self.spec.name, self.shape), &[], shell.interrupt());
                renderer.row(row)?;
                renderer.finish(&Ok(())).map(drop)
            }
            Given::Bytes(data) => Ok(out.write_all(&data)?),
        })
    }

    /// Asks every image; rows come in the order of the images.
    fn each(&self, shell: &Shell, fleet: &Fleet, take: &mut dyn FnMut(&str, Given) -> Result<()>) -> Result<Ended> {
        let bar = Bar::new("images", fleet.images.len() as u64, progress_allowed(self.output));
        let work = Work { root: &fleet.root, images: &fleet.images, words: self.words, interrupt: shell.interrupt() };
        let mut ended = Ended::WELL;
        let outcome = work.run(fleet.jobs(), |n, messages| {
            let name = fleet.images.get(n).map_or_else(String::new, |i| shown(i));
            for message in messages {
                match message {
                    Message::Row(row) => take(&name, Given::Row(stamped("image", &name, row)))?,
                    Message::Bytes(data) => take(&name, Given::Bytes(data))?,
                    Message::Done(done) => ended.status = worse(ended.status, self.told(shell, &name, done)),
                }
            }
            bar.at(n as u64 + 1);
            Ok(())
        });
        outcome.map(|()| ended)
    }

    /// Tells how an image's answer ended; its exit status.
    fn told(&self, shell: &Shell, name: &str, done: std::result::Result<crate::embed::Ended, Failed>) -> u8 {
        match done {
            Ok(done) => {
                done.warnings.iter().for_each(|w| shell.warn(&format!("{name}: {w}")));
                let Some(partial) = done.partial else { return exit::SUCCESS };
                shell.say(&format!("{name}: {partial}"));
                if self.output.strict { exit::PARTIAL } else { exit::SUCCESS }
            }
            Err(failed) => {
                shell.say(&format!("memsh: {name}: {failed}"));
                failed.hint.iter().for_each(|hint| shell.say(&format!("hint: {hint}")));
                failed.status
            }
        }
    }
}

/// A part of an image's answer.
enum Given {
    Row(Value),
    Bytes(Vec<u8>),
}

/// The image as it was named.
fn shown(image: &Path) -> String {
    image.to_string_lossy().into_owned()
}

/// The key that says of which image a row is.
fn front() -> (&'static str, Value) {
    ("image", json!({"type": "string"}))
}
