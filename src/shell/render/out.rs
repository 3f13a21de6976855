//! One answer on its way out.

#[cfg(feature = "parquet")]
use super::parquet::Parquet;
use super::table::Table;
use super::{Paint, csv, fold, json, object};
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Sink;
use crate::commands::spec::Shape;
use crate::shell::filter::Schema;
use serde_json::{Map, Value};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Tables, and words for single answers.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// A JSON object per line.
    JsonLines,
    /// Comma-separated values.
    Csv,
    /// A Parquet file.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// How answers look.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Format.
    pub format: Format,
    /// Only these columns, in this order.
    pub columns: Option<Vec<String>>,
    /// They were not asked for: a narrow terminal may go without some of them.
    pub spare: bool,
    /// No line of column names.
    pub no_header: bool,
    /// Colours.
    pub color: bool,
    /// Columns of the terminal, where it is one.
    pub width: Option<u16>,
    /// The keys of a row and what they hold, where the format needs to know.
    pub schema: Option<Schema>,
    /// Rows of a tree stand by themselves: without some of them, or in another order, it has no branches.
    pub flat: bool,
}

/// What a row was in the answer before.
#[derive(Clone, Copy, Debug)]
pub enum Since<'a> {
    /// Nobody asks.
    Same,
    /// This.
    Before(&'a Value),
    /// It was not there.
    New,
    /// It was there, and is no more.
    Gone,
}

enum State {
    Table(Table),
    Json(json::Array),
    Lines,
    Csv {
        columns: Vec<String>,
        begun: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet(std::io::Result<Parquet>),
}

/// Writes one answer.
pub struct Renderer<'a> {
    out: &'a mut dyn Write,
    style: &'a Style,
    name: &'static str,
    shape: Shape,
    interrupt: &'static AtomicBool,
    state: State,
    objects: usize,
    raw: bool,
}

impl<'a> Renderer<'a> {
    /// A renderer for one answer of the command `name`; `keys` are the fields that it can have.
    pub fn new(
        out: &'a mut dyn Write,
        style: &'a Style,
        (name, shape): (&'static str, Shape),
        keys: &[String],
        interrupt: &'static AtomicBool,
    ) -> Self {
        let chosen = |all: &[&str]| match &style.columns {
            Some(columns) => columns.clone(),
            None => all.iter().map(|k| (*k).to_owned()).collect(),
        };
        let state = match (style.format, shape) {
            (Format::Table, Shape::List(columns)) => State::Table(Table::new(chosen(columns), style)),
            (Format::Table, Shape::Object) => State::Lines,
            (Format::Json, _) => State::Json(json::Array::default()),
            (Format::JsonLines, _) => State::Lines,
            (Format::Csv, _) => {
                let all: Vec<&str> = keys.iter().map(String::as_str).collect();
                State::Csv { columns: chosen(&all), begun: false }
            }
            #[cfg(feature = "parquet")]
            (Format::Parquet, _) => {
                let schema = style.schema.clone().unwrap_or_default();
                State::Parquet(Parquet::new(chosen(&schema.keys()), &schema))
            }
        };
        Self { out, style, name, shape, interrupt, state, objects: 0, raw: false }
    }

    /// Rows that were written.
    pub fn rows(&self) -> usize {
        self.objects
    }

    /// Only the chosen fields.
    fn project(&self, row: Value) -> Value {
        let Some(columns) = &self.style.columns else { return row };
        let mut out = Map::new();
        for c in columns {
            out.insert(c.clone(), field(&row, c).cloned().unwrap_or(Value::Null));
        }
        Value::Object(out)
    }

    /// Writes what is still held back. Where the command did not fail, even an empty list is an answer; where it was interrupted, a file that
    /// is none without its end gets that.
    /// Gives a note for the user, where a table had no room for all of its columns.
    ///
    /// # Errors
    /// When the answer can't be written.
    pub fn finish<T>(mut self, outcome: &Result<T>) -> Result<Option<String>> {
        let whole = outcome.is_ok();
        let list = matches!(self.shape, Shape::List(_));
        match &mut self.state {
            _ if self.raw => {}
            State::Table(table) if whole || !table.is_empty() => table.finish(self.out)?,
            State::Json(array) if list && (whole || array.begun()) => array.finish(self.out)?,
            State::Csv { columns, begun } if whole && !*begun && !self.style.no_header => {
                let cells = columns.iter().map(|c| c.as_str().into());
                self.out.write_all(csv::line(cells, self.style.width.is_some()).as_bytes())?;
            }
            #[cfg(feature = "parquet")]
            State::Parquet(file)
                if whole
                    || self.objects > 0
                    || outcome.as_ref().is_err_and(|f| f.status() == crate::commands::failure::exit::INTERRUPTED) =>
            {
                begun(file)?.finish(self.out)?
            }
            _ => {}
        }
        self.out.flush()?;
        let left_out = match &self.state {
            State::Table(table) => table.left_out(),
            _ => Vec::new(),
        };
        let note = format!("(no room for {}: name them with --columns, or use --json)", left_out.join(", "));
        Ok((!left_out.is_empty()).then_some(note))
    }
}

impl Renderer<'_> {
    /// A row, and what it was before: in a coloured table what differs stands out.
    ///
    /// # Errors
    /// As [`Sink::row`].
    pub fn row_since(&mut self, row: Value, since: Since<'_>) -> Result<()> {
        match &mut self.state {
            State::Table(table) if matches!(self.shape, Shape::List(_)) => {
                self.objects += 1;
                Ok(table.push_since(self.out, &row, since)?)
            }
            _ => self.row(row),
        }
    }
}

impl Sink for Renderer<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        if self.interrupt.load(Ordering::Relaxed) && matches!(self.shape, Shape::List(_)) {
            return Err(Failure::Interrupted);
        }
        self.objects += 1;
        match self.shape {
            Shape::Object if matches!(self.state, State::Lines) && self.style.format == Format::Table => {
                let row = self.project(row);
                let text = match &self.style.columns {
                    Some(_) => object::plain(&row, Paint(self.style.color)),
                    // What stands behind the labels of `info` is prose.
                    None if self.name == "info" => {
                        let width = self.style.width.map_or(usize::MAX, usize::from);
                        let text = object::text(self.name, &row, Paint(self.style.color));
                        text.lines().map(|line| fold(line, width, object::LABEL) + "\n").collect()
                    }
                    None => object::text(self.name, &row, Paint(self.style.color)),
                };
                self.out.write_all(text.as_bytes())?;
                return Ok(());
            }
            Shape::Object if matches!(self.style.format, Format::Json | Format::JsonLines) => {
                let line = json::text(&self.project(row));
                writeln!(self.out, "{line}")?;
                return Ok(());
            }
            _ => {}
        }
        if let State::Json(_) | State::Lines = self.state {
            let row = self.project(row);
            match &mut self.state {
                State::Json(array) => array.push(self.out, &row)?,
                _ => writeln!(self.out, "{}", json::text(&row))?,
            }
            return Ok(());
        }
        match &mut self.state {
            State::Table(table) => table.push(self.out, &row)?,
            State::Csv { columns, begun } => {
                let terminal = self.style.width.is_some();
                if !std::mem::replace(begun, true) && !self.style.no_header {
                    let cells = columns.iter().map(|c| c.as_str().into());
                    self.out.write_all(csv::line(cells, terminal).as_bytes())?;
                }
                let cells = columns.iter().map(|c| csv::cell(field(&row, c)));
                self.out.write_all(csv::line(cells, terminal).as_bytes())?;
            }
            #[cfg(feature = "parquet")]
            State::Parquet(file) => begun(file)?.push(self.out, row)?,
            State::Json(_) | State::Lines => {}
        }
        Ok(())
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.raw = true;
        self.out.write_all(data)?;
        Ok(())
    }

    fn idle(&mut self) -> Result<()> {
        if let State::Table(table) = &mut self.state {
            table.release(self.out)?;
        }
        Ok(self.out.flush()?)
    }
}

/// The file, if it could be begun.
#[cfg(feature = "parquet")]
fn begun(file: &mut std::io::Result<Parquet>) -> std::io::Result<&mut Parquet> {
    file.as_mut().map_err(|e| std::io::Error::other(e.to_string()))
}

/// The field `path` (names joined by `.`) of a row.
pub fn field<'v>(row: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(row, |v, part| v.get(part))
}
