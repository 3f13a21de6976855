//! `report`: everything that an analyst begins with, in a folder: one page, JSON, CSV, a picture, and hashes of it all.
//!
//! The report looks into no structure itself: it asks the commands of [`plan`]. [`gather`] takes their rows, [`page`] makes the page of
//! them, [`folder`] writes files and their hashes. The image's files are hashed before the first command and after the last.

mod folder;
mod gather;
mod page;
mod plan;

use super::ask;
use super::context::Context;
use super::failure::{Failure, Result};
use super::hash::{self, FileHash};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::timeline::System;
use super::writing::moment;
use crate::{Error, ErrorKind, Layer};
use folder::Folder;
use gather::{Filled, Suspicions};
use plan::SECTIONS;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;
use std::time::SystemTime;

/// Write a report into a folder: one page, JSON and CSV of each section, a timeline, a picture of memory
///
/// The image's files are hashed before and after; exit status 1 where one changed meanwhile, or since it was opened.
#[derive(clap::Args, Debug)]
pub struct Report {
    /// The folder, a new or empty one
    #[arg(short = 'o', long, value_name = "DIR")]
    output: PathBuf,
    /// Overwrite the files of an earlier report in it
    #[arg(long)]
    force: bool,
    /// Only these sections (`malfind,ps,timeline`; several with commas)
    #[arg(long, value_name = "SECTION", value_delimiter = ',')]
    only: Vec<String>,
    /// The case, for the head of the page
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
    /// Who makes the report, for the head of the page
    #[arg(long, value_name = "TEXT")]
    examiner: Option<String>,
}

/// A part of the report.
#[derive(Serialize, JsonSchema)]
pub struct ReportRow {
    /// `hash`, `section`, `picture`, `page` or `list`.
    part: &'static str,
    /// Its name.
    name: String,
    /// How it went: `whole`, `partial`, `failed`, `absent` (the target has no such thing); of hashes `same`, `changed` or `none`.
    status: &'static str,
    /// Rows of a section, suspicions of the page.
    rows: Option<u64>,
    /// Why it is not whole or empty; of hashes and of the list the SHA-256.
    note: Option<String>,
    /// The file; of a section that with JSON, of a hash that of the image which was hashed.
    path: Option<String>,
}

/// Bytes of JSON that all sections together, and one alone, may take in the page.
const PAGE: usize = 7 << 20;
const ONE: usize = 2 << 20;

impl Command for Report {
    type Row = ReportRow;
    const NAME: &'static str = "report";
    const SUMMARY: &'static str = "Write a report into a folder: one page, JSON, CSV, a timeline, a picture";
    const SHAPE: Shape = Shape::List(&["part", "name", "rows", "status", "note"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("report -o case", "then open case/report.html"),
        ("report -o case2 --only malfind,ps --case 2024-17 --examiner 'A. Muster'", "a short one, with a head"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ReportRow>) -> Result<()> {
        let unknown = self.only.iter().find(|only| SECTIONS.iter().all(|s| s.id != only.as_str()) && *only != "map");
        if let Some(unknown) = unknown {
            let names: Vec<&str> = SECTIONS.iter().map(|s| s.id).chain(["map"]).collect();
            let hint = format!("sections are {}", names.join(", "));
            return Err(Failure::Usage(format!("report: there is no section {unknown}"), Some(hint)));
        }
        let session = cx.session()?;
        let mut folder = Folder::open(session, &self.output, self.force)?;
        let begun = SystemTime::now();
        let hashed = hash::hashable(session);
        let hash = |task| if hashed { hash::of_image(cx, task) } else { Ok(Vec::new()) };
        let before = hash("hashing before")?;
        let mut suspicions = Suspicions::default();
        let mut filled = Vec::new();
        let mut interrupted = false;
        let picture = self.sections(cx, &mut folder, &mut suspicions, &mut filled, &mut interrupted, out)?;
        // Who has waited long enough for the sections may well want what there is, and does not wait for the whole image to be read again.
        let after = match interrupted {
            true => Vec::new(),
            false => hash("hashing after")?,
        };
        // A change before the first hash leaves no other trace than this.
        let hashes = Hashes { before, after, why: session.changed() };
        let identity = page::Identity {
            session,
            hashes: &hashes,
            case: self.case.as_deref(),
            examiner: self.examiner.as_deref(),
            begun: moment(begun),
            ended: moment(SystemTime::now()),
            interrupted,
        };
        let status = hashes.status();
        let summary = page::summary(&identity, &filled, &suspicions);
        let mut part = folder.begin("report.json")?;
        part.write(format!("{summary:#}\n").as_bytes())?;
        folder.end(part)?;
        let mut part = folder.begin("report.html")?;
        part.write(page::page(&identity, &summary, &filled, &suspicions, picture.as_deref()).as_bytes())?;
        folder.end(part)?;
        let list = folder.list()?;
        let row = |part, name: &str, status, rows, note, path: Option<PathBuf>| ReportRow {
            part,
            name: name.to_owned(),
            status,
            rows,
            note,
            path: path.map(|p| p.display().to_string()),
        };
        let finish = |out: &mut Rows<'_, ReportRow>| {
            for (when, files) in [("before", &hashes.before), ("after", &hashes.after)] {
                for file in files {
                    tell(out, &row("hash", when, status, None, Some(file.sha256.clone()), Some(PathBuf::from(&file.path))))?;
                }
                if files.is_empty() {
                    tell(out, &row("hash", when, status, None, None, None))?;
                }
            }
            tell(out, &row("page", "report.html", "whole", Some(suspicions.total), None, Some(folder.path("report.html"))))?;
            tell(out, &row("list", "SHA256SUMS", "whole", None, Some(list.clone()), Some(folder.path("SHA256SUMS"))))
        };
        if interrupted {
            cx.after_all(|| finish(out))?;
            return Err(Failure::Interrupted);
        }
        finish(out)?;
        hashes.verdict()
    }
}

impl Report {
    /// Fills all sections and draws the picture, whose bytes it gives.
    fn sections(
        &self,
        cx: &Context,
        folder: &mut Folder<'_>,
        suspicions: &mut Suspicions,
        filled: &mut Vec<Filled>,
        interrupted: &mut bool,
        out: &mut Rows<'_, ReportRow>,
    ) -> Result<Option<Vec<u8>>> {
        let here = System::of(cx.session()?);
        let wanted = |id: &str| self.only.is_empty() || self.only.iter().any(|only| only == id);
        let mut left = PAGE;
        for section in SECTIONS.iter().filter(|s| s.systems.contains(&here) && wanted(s.id)) {
            cx.host().remark(&format!("report: {}", section.command));
            let mut room = left.min(ONE);
            let given = room;
            let asked = !*interrupted;
            let one = match asked {
                false => Filled::skipped(section, "not asked: interrupted"),
                true => match gather::fill(cx, section, folder, suspicions, &mut room) {
                    Ok(one) => one,
                    Err(Failure::Interrupted) => {
                        *interrupted = true;
                        Filled::skipped(section, "interrupted; what was found until then is in the files of this section")
                    }
                    Err(other) => return Err(other),
                },
            };
            left -= given - room;
            let path = asked.then(|| folder.path(&format!("json/{}.json", one.id)).display().to_string());
            let (status, note) = (one.status(), one.note());
            if status == "failed" || status == "partial" {
                cx.lost(format!("{}: {}", one.id, note.as_deref().unwrap_or("not whole")));
            }
            let row = ReportRow { part: "section", name: one.id.to_owned(), status, rows: Some(one.total), note, path };
            filled.push(one);
            match *interrupted {
                true => cx.after_all(|| tell(out, &row))?,
                false => tell(out, &row)?,
            }
        }
        if *interrupted || !wanted("map") {
            return Ok(None);
        }
        match draw(cx, folder) {
            Ok(drawn) => {
                let path = drawn.bytes.as_ref().map(|_| folder.path(PICTURE).display().to_string());
                let status = match &drawn.bytes {
                    None if drawn.foreign => "absent",
                    None => "failed",
                    Some(_) if drawn.lost.is_some() => "partial",
                    Some(_) => "whole",
                };
                if status != "absent"
                    && let Some(lost) = &drawn.lost
                {
                    cx.lost(format!("map: {lost}"));
                }
                let note = [drawn.legend, drawn.lost].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"));
                tell(out, &ReportRow { part: "picture", name: PICTURE.to_owned(), status, rows: None, note, path })?;
                Ok(drawn.bytes)
            }
            Err(Failure::Interrupted) => {
                *interrupted = true;
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// Tells of a part. A reader that has enough (`--limit`, `| head`) does not end the report: the folder is what was asked for.
fn tell(out: &mut Rows<'_, ReportRow>, row: &ReportRow) -> Result<()> {
    match out.push(row) {
        Err(Failure::Enough) => Ok(()),
        Err(Failure::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

const PICTURE: &str = "memory.png";

/// A picture, or why there is none.
struct Drawn {
    bytes: Option<Vec<u8>>,
    /// What its colours mean.
    legend: Option<String>,
    /// What is missing from it, or why it failed.
    lost: Option<String>,
    /// Whether the target has no memory that could be drawn.
    foreign: bool,
}

/// Draws physical memory into the folder.
fn draw(cx: &Context, folder: &mut Folder<'_>) -> Result<Drawn> {
    let path = folder.path(PICTURE);
    let name = path.to_str().ok_or_else(|| Failure::usage("the folder's name is no UTF-8"))?.to_owned();
    let mut legend = None;
    let mut sink = ask::Each(|row: Value| {
        let words = row.get("legend").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<&str> = words.filter_map(|k| k.get("name").and_then(Value::as_str)).collect();
        let by = row.get("by").and_then(Value::as_str).unwrap_or("use");
        legend = Some(format!("by {by}: {}", names.join(", ")));
        Ok(())
    });
    // A new file, as all of the report: never one that is there already.
    folder.vacate(PICTURE)?;
    let output = format!("--output={name}");
    let outcome = ask::ask(cx, "map", &[output.as_str()], &mut sink)?;
    let foreign = outcome.foreign;
    if let Some(why) = outcome.failed {
        return Ok(Drawn { bytes: None, legend: None, lost: Some(why), foreign });
    }
    let bytes = std::fs::read(&path).map_err(|e| Failure::file(&path, "read", e))?;
    folder.adopt(PICTURE, &bytes);
    Ok(Drawn { bytes: Some(bytes), legend, lost: outcome.partial, foreign })
}

/// The image's files before the first command and after the last, the one that was named first.
pub struct Hashes {
    /// None where it is no file.
    before: Vec<FileHash>,
    /// None where it is no file, or the user interrupted.
    after: Vec<FileHash>,
    /// What happened to one since it was opened, as its descriptor and its name tell.
    why: Option<String>,
}

impl Hashes {
    /// `same`, `changed` or `none`.
    fn status(&self) -> &'static str {
        match (self.before.is_empty(), self.after.is_empty()) {
            (true, _) => "none",
            _ if self.why.is_some() => "changed",
            (_, true) => "none",
            _ if self.before == self.after => "same",
            _ => "changed",
        }
    }

    /// The files that are not what they were at the first hash.
    fn differing(&self) -> impl Iterator<Item = (&FileHash, &FileHash)> {
        self.before.iter().zip(&self.after).filter(|(a, b)| a != b)
    }

    /// # Errors
    /// Where a file changed, while the report was made or before.
    fn verdict(&self) -> Result<()> {
        let told: Vec<String> = self
            .differing()
            .map(|(a, b)| {
                format!(
                    "{} CHANGED while the report was made: SHA-256 {} ({} bytes) before, {} ({} bytes) after",
                    a.path, a.sha256, a.size, b.sha256, b.size
                )
            })
            .collect();
        let what = match &self.why {
            _ if !told.is_empty() => format!("report: {}", told.join("; ")),
            Some(why) if !self.before.is_empty() => format!("report: the image CHANGED after it was opened: {why}"),
            _ => return Ok(()),
        };
        let hint = "memsh opens images for reading only: another program did this. Work on a copy that nobody else reaches, \
                    open it anew, and make the report again; this one says on its first page that it can't be relied on";
        Err(Error::new(Layer::Command, ErrorKind::Malformed, what).hint(hint).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(sha256: &str, size: u64) -> Vec<FileHash> {
        let file = |path: &str, sha256: &str| FileHash { path: path.to_owned(), sha256: sha256.to_owned(), size };
        vec![file("a.001", "same"), file("a.002", sha256)]
    }

    #[test]
    fn a_change_is_an_error_and_nothing_else_is() {
        let hashes = |before, after| Hashes { before, after, why: None };
        for (before, after, status) in
            [(print("a", 1), print("a", 1), "same"), (print("a", 1), Vec::new(), "none"), (Vec::new(), Vec::new(), "none")]
        {
            let one = hashes(before, after);
            assert!(one.verdict().is_ok());
            assert_eq!(one.status(), status);
        }
        for changed in [hashes(print("a", 1), print("b", 1)), hashes(print("a", 1), print("a", 2))] {
            assert_eq!(changed.status(), "changed");
            let text = changed.verdict().map_err(|e| e.to_string());
            assert!(text.as_ref().is_err_and(|t| t.contains("a.002 CHANGED")), "{text:?}");
        }
        // What came before the first hash is no difference of the two.
        for after in [print("a", 1), Vec::new()] {
            let before = Hashes { before: print("a", 1), after, why: Some("it was moved".to_owned()) };
            assert_eq!(before.status(), "changed");
            assert!(before.verdict().is_err_and(|e| e.to_string().contains("it was moved")));
        }
        let none = Hashes { before: Vec::new(), after: Vec::new(), why: Some("it was moved".to_owned()) };
        assert!(none.status() == "none" && none.verdict().is_ok());
    }
}
