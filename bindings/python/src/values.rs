//! JSON values become Python's: addresses are `memsh.Address` (an `int` that shows itself in hex), everything else is what it is in JSON. No number loses a digit.

use crate::kinds::{Kind, address};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyType};
use serde_json::Value;

static ADDRESS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The value as Python has it.
///
/// # Errors
/// When Python has no memory.
pub fn python<'py>(py: Python<'py>, value: &Value, kind: &Kind) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(b) => PyBool::new(py, *b).to_owned().into_any(),
        Value::Number(n) => match (n.as_u64(), n.as_i64(), n.as_f64()) {
            (Some(n), ..) => n.into_pyobject(py)?.into_any(),
            (_, Some(n), _) => n.into_pyobject(py)?.into_any(),
            (_, _, Some(n)) => PyFloat::new(py, n).into_any(),
            // More digits than any of these: Python's own have no limit.
            _ => py.get_type::<PyInt>().call1((n.to_string(),))?,
        },
        Value::String(s) => match (kind, address(s)) {
            (Kind::Address, Some(n)) => ADDRESS.import(py, "memsh._rows", "Address")?.call1((n,))?,
            // Beyond 64 bits.
            (Kind::Address, None) => ADDRESS.import(py, "memsh._rows", "Address")?.call1((s, 16))?,
            _ => PyString::new(py, s).into_any(),
        },
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(python(py, item, kind.items())?)?;
            }
            list.into_any()
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (name, field) in fields {
                dict.set_item(PyString::intern(py, name), python(py, field, kind.field(name))?)?;
            }
            dict.into_any()
        }
    })
}
