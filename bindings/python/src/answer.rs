//! A whole answer.

use crate::kinds::Meaning;
use crate::{arrow, values};
use memsh::embed::{self, Ended};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyList};
use serde_json::Value;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a command has answered so far.
#[derive(Default)]
pub struct Kept {
    /// Its rows.
    pub rows: Vec<Value>,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl embed::Answer for Kept {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        self.rows.push(row);
        ControlFlow::Continue(())
    }

    fn bytes(&mut self, data: &[u8]) -> ControlFlow<()> {
        self.data.extend_from_slice(data);
        ControlFlow::Continue(())
    }
}

/// A whole answer: its rows as JSON values, made Python's when they are asked for.
#[pyclass(frozen, module = "memsh._memsh")]
pub struct Answer {
    kept: Kept,
    meaning: Arc<Meaning>,
    ended: Ended,
    keys: Vec<String>,
}

/// The keys that rows have, those that are known beforehand first.
fn keys(rows: &[Value], known: &[String]) -> Vec<String> {
    if rows.is_empty() {
        return known.to_vec();
    }
    let mut found = HashSet::new();
    let objects = rows.iter().filter_map(Value::as_object).flat_map(|o| o.keys().map(String::as_str));
    let all: Vec<&str> = objects.filter(|key| found.insert(*key)).collect();
    let known = || known.iter().map(String::as_str);
    let first: HashSet<&str> = known().collect();
    let others = all.into_iter().filter(|key| !first.contains(key));
    known().filter(|key| found.contains(key)).chain(others).map(str::to_owned).collect()
}

impl Answer {
    /// What was kept, and how it ended.
    pub fn new(kept: Kept, meaning: Arc<Meaning>, ended: Ended) -> Self {
        let keys = keys(&kept.rows, &meaning.keys);
        Self { kept, meaning, ended, keys }
    }
}

#[pymethods]
impl Answer {
    fn __len__(&self) -> usize {
        self.kept.rows.len()
    }

    /// A row as a dict.
    fn row<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        let row = self.kept.rows.get(index).ok_or_else(|| PyIndexError::new_err("no such row"))?;
        values::python(py, row, &self.meaning.row)
    }

    /// All rows as dicts.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for row in &self.kept.rows {
            list.append(values::python(py, row, &self.meaning.row)?)?;
        }
        Ok(list)
    }

    /// The keys of the rows, in the order of the schema; where there are no rows, those that rows of this command may have.
    #[getter]
    fn keys(&self) -> &[String] {
        &self.keys
    }

    /// What is missing from the answer.
    #[getter]
    fn partial(&self) -> Option<&str> {
        self.ended.partial.as_deref()
    }

    /// What the analyst should know besides.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.ended.warnings.clone()
    }

    /// Whether the answer is one object.
    #[getter]
    fn object(&self) -> bool {
        self.ended.object
    }

    /// Bytes that came instead of rows (`read --raw`).
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.kept.data)
    }

    /// The rows as memsh's `--json` has them.
    fn json(&self, py: Python<'_>) -> String {
        py.detach(|| match (self.ended.object, self.kept.rows.as_slice()) {
            (true, [one]) => one.to_string(),
            (_, rows) => {
                let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
                format!("[{}]", rows.join(","))
            }
        })
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::schema(py, &self.kept.rows, &self.meaning.row, &self.keys)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // The protocol allows to answer in another type than was asked for.
        drop(requested_schema);
        arrow::array(py, &self.kept.rows, &self.meaning.row, &self.keys)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        arrow::stream(py, &self.kept.rows, &self.meaning.row, &self.keys)
    }
}
