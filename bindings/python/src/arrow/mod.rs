//! Rows as Arrow: columns of one type each ([`columns`]), handed over by the Arrow C data interface ([`abi`]).
//!
//! Whoever imports them (pyarrow, polars, pandas, DuckDB) reads the buffers where they are.

mod abi;
mod columns;

use crate::kinds::Kind;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::Value;

/// The capsules of `__arrow_c_array__`: schema, and one struct array with a field for each column.
///
/// # Errors
/// When Python can't make the capsules.
pub fn array<'py>(
    py: Python<'py>,
    rows: &[Value],
    kind: &Kind,
    keys: &[String],
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let column = py.detach(|| columns::table(rows, kind, keys));
    let schema = abi::Schema::of("", &column);
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    Ok((schema, PyCapsule::new_with_value(py, abi::Array::of(column), c"arrow_array")?))
}

/// The capsule of `__arrow_c_schema__`.
///
/// # Errors
/// As [`array`].
pub fn schema<'py>(py: Python<'py>, rows: &[Value], kind: &Kind, keys: &[String]) -> PyResult<Bound<'py, PyCapsule>> {
    let column = py.detach(|| columns::table(rows, kind, keys));
    PyCapsule::new_with_value(py, abi::Schema::of("", &column), c"arrow_schema")
}

/// The capsule of `__arrow_c_stream__`: the same, as a stream of one batch.
///
/// # Errors
/// As [`array`].
pub fn stream<'py>(py: Python<'py>, rows: &[Value], kind: &Kind, keys: &[String]) -> PyResult<Bound<'py, PyCapsule>> {
    let column = py.detach(|| columns::table(rows, kind, keys));
    PyCapsule::new_with_value(py, abi::Stream::of(column), c"arrow_array_stream")
}
