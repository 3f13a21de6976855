//! Parquet (Apache Parquet format 2, <https://parquet.apache.org/docs/file-format/>): typed columns for what reads many answers.
//!
//! Columns are the fields of a row, with the types that the command's schema gives them: whole numbers are 64 bits wide, with or
//! without sign; addresses and times stay the text that JSON has, of which nothing is lost; lists and objects are JSON in a column
//! of Parquet's logical type JSON. Every column may hold nulls.

use super::out::field;
use crate::shell::filter::{Kind, Schema};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that are written together, and held until then.
const GROUP: usize = 1 << 16;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Flag,
    Signed,
    Unsigned,
    Float,
    Text,
    Json,
}

/// One answer as a Parquet file.
pub struct Parquet {
    columns: Vec<(String, Holds)>,
    writer: Option<SerializedFileWriter<Spool>>,
    spool: Spool,
    rows: Vec<Value>,
}

impl Parquet {
    /// A file with these columns.
    ///
    /// # Errors
    /// When there is no column at all.
    pub fn new(columns: Vec<String>, schema: &Schema) -> io::Result<Self> {
        let columns: Vec<(String, Holds)> = columns.into_iter().map(|c| (holds(&c, schema), c)).map(|(h, c)| (c, h)).collect();
        let fields = columns.iter().map(|(name, holds)| described(name, *holds)).collect::<Result<Vec<_>, _>>().map_err(told)?;
        let root = Type::group_type_builder("row").with_fields(fields).build().map_err(told)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("memsh {}", env!("CARGO_PKG_VERSION")))
            .build();
        let spool = Spool::default();
        let writer = SerializedFileWriter::new(spool.clone(), Arc::new(root), Arc::new(properties)).map_err(told)?;
        Ok(Self { columns, writer: Some(writer), spool, rows: Vec::new() })
    }

    /// One row.
    ///
    /// # Errors
    /// When it can't be written, or holds what the schema does not promise.
    pub fn push(&mut self, out: &mut dyn Write, row: Value) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP { self.group(out) } else { Ok(()) }
    }

    /// The end of the file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.rows.is_empty() {
            self.group(out)?;
        }
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(told)?;
        }
        self.spool.pour(out)
    }

    fn group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if let Some(writer) = &mut self.writer {
            let mut group = writer.next_row_group().map_err(told)?;
            for (name, holds) in &self.columns {
                let Some(mut column) = group.next_column().map_err(told)? else { break };
                let cells = rows.iter().map(|row| field(row, name).filter(|v| !v.is_null()));
                written(column.untyped(), cells, *holds).map_err(|e| io::Error::other(format!("column {name}: {e}")))?;
                column.close().map_err(told)?;
            }
            group.close().map_err(told)?;
        }
        self.spool.pour(out)
    }
}

/// What the schema says that a column holds.
fn holds(column: &str, schema: &Schema) -> Holds {
    match schema.kind(column) {
        Ok(Kind::Flag) => Holds::Flag,
        Ok(Kind::Number) => match schema.unsigned(column) {
            Some(true) => Holds::Unsigned,
            Some(false) => Holds::Signed,
            None => Holds::Float,
        },
        Ok(Kind::Hex | Kind::Time | Kind::Text) => Holds::Text,
        Ok(Kind::List | Kind::Object | Kind::Any) | Err(_) => Holds::Json,
    }
}

fn described(name: &str, holds: Holds) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match holds {
        Holds::Flag => (Physical::BOOLEAN, None),
        Holds::Signed => (Physical::INT64, Some(LogicalType::integer(64, true))),
        Holds::Unsigned => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Holds::Float => (Physical::DOUBLE, None),
        Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Holds::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
    };
    let built = Type::primitive_type_builder(name, physical).with_logical_type(logical);
    Ok(Arc::new(built.with_repetition(Repetition::OPTIONAL).build()?))
}

/// Writes a column: which cells there are, and their values.
fn written<'v>(
    column: &mut ColumnWriter<'_>,
    cells: impl Iterator<Item = Option<&'v Value>>,
    holds: Holds,
) -> Result<(), ParquetError> {
    let mut there: Vec<i16> = Vec::new();
    let mut present = Vec::new();
    for cell in cells {
        there.push(i16::from(cell.is_some()));
        present.extend(cell);
    }
    let other = |v: &Value| ParquetError::General(format!("{v} is not what the command's schema says"));
    match column {
        ColumnWriter::BoolColumnWriter(w) => {
            let values = present.iter().map(|v| v.as_bool().ok_or_else(|| other(v))).collect::<Result<Vec<_>, _>>()?;
            w.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::Int64ColumnWriter(w) => {
            let whole = |v: &Value| match holds {
                // Parquet keeps an unsigned number in the same 64 bits.
                Holds::Unsigned => v.as_u64().map(u64::cast_signed),
                _ => v.as_i64(),
            };
            let values = present.iter().map(|v| whole(v).ok_or_else(|| other(v))).collect::<Result<Vec<_>, _>>()?;
            w.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::DoubleColumnWriter(w) => {
            let values = present.iter().map(|v| v.as_f64().ok_or_else(|| other(v))).collect::<Result<Vec<_>, _>>()?;
            w.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(w) => {
            let text = |v: &Value| match (v, holds) {
                (Value::String(s), Holds::Text) => Ok(ByteArray::from(s.as_str())),
                (v, Holds::Text) => Err(other(v)),
                (v, _) => Ok(ByteArray::from(v.to_string().as_str())),
            };
            let values = present.iter().map(|v| text(v)).collect::<Result<Vec<_>, _>>()?;
            w.write_batch(&values, Some(&there), None)?;
        }
        _ => return Err(ParquetError::General("a column of a type that was not asked for".to_owned())),
    }
    Ok(())
}

fn told(e: ParquetError) -> io::Error {
    io::Error::other(format!("Parquet: {e}"))
}

/// Bytes on their way: the writer keeps its own end, which must be able to go to another thread.
#[derive(Clone, Default)]
struct Spool(Arc<Mutex<Vec<u8>>>);

impl Spool {
    fn pour(&self, out: &mut dyn Write) -> io::Result<()> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        out.write_all(&bytes)
    }
}

impl Write for Spool {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    fn schema() -> Schema {
        let row = json!({"properties": {
            "pid": {"type": "integer", "format": "uint64"}, "delta": {"type": ["integer", "null"], "format": "int64"},
            "share": {"type": "number"}, "hidden": {"type": "boolean"}, "name": {"type": ["string", "null"]},
            "parts": {"type": "array"},
        }});
        Schema::new("test", row, json!({}))
    }

    fn file(rows: &[Value]) -> Vec<u8> {
        let names = ["pid", "delta", "share", "hidden", "name", "parts"].map(str::to_owned).to_vec();
        let mut parquet = Parquet::new(names, &schema()).unwrap();
        let mut out = Vec::new();
        for row in rows {
            parquet.push(&mut out, row.clone()).unwrap();
        }
        parquet.finish(&mut out).unwrap();
        out
    }

    #[test]
    fn what_goes_in_comes_out() {
        let rows = [
            json!({"pid": u64::MAX, "delta": -5, "share": 0.5, "hidden": true, "name": "a\u{202e}b", "parts": [1, {"x": null}]}),
            json!({"pid": 1, "delta": null, "share": 2, "hidden": false, "name": null, "parts": []}),
        ];
        let reader = SerializedFileReader::new(bytes::Bytes::from(file(&rows))).unwrap();
        let back: Vec<String> = reader.get_row_iter(None).unwrap().map(|r| r.unwrap().to_string()).collect();
        assert_eq!(
            back,
            [
                "{pid: 18446744073709551615, delta: -5, share: 0.5, hidden: true, name: \"a\u{202e}b\", parts: \"[1,{\"x\":null}]\"}",
                "{pid: 1, delta: null, share: 2.0, hidden: false, name: null, parts: \"[]\"}",
            ]
        );
    }

    #[test]
    fn no_rows_are_a_file_too() {
        let reader = SerializedFileReader::new(bytes::Bytes::from(file(&[]))).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(reader.metadata().file_metadata().schema_descr().num_columns(), 6);
    }

    #[test]
    fn what_the_schema_does_not_promise_is_refused() {
        let mut parquet = Parquet::new(vec!["pid".to_owned()], &schema()).unwrap();
        let mut out = Vec::new();
        parquet.push(&mut out, json!({"pid": "one"})).unwrap();
        assert!(parquet.finish(&mut out).unwrap_err().to_string().contains("column pid"));
    }
}
