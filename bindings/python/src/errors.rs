//! Failures become the exceptions of `memsh._errors`.

use memsh::embed::{Failed, Sort};
use memsh::{At, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The class of a failure, and its kind in a word.
fn class(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Usage => ("UsageError", "usage"),
        Sort::Difference => ("Difference", "difference"),
        Sort::Stopped => ("Interrupted", "interrupted"),
        Sort::Error(kind) => match kind {
            ErrorKind::Unreadable => ("Unreadable", "unreadable"),
            ErrorKind::Malformed => ("Malformed", "malformed"),
            ErrorKind::Unsupported => ("Unsupported", "unsupported"),
            ErrorKind::NotFound => ("NotFound", "not_found"),
            ErrorKind::Invalid => ("Invalid", "invalid"),
            ErrorKind::Io => ("IoError", "io"),
            ErrorKind::Interrupted => ("Interrupted", "interrupted"),
        },
    }
}

/// The exception for a failure.
pub fn of(py: Python<'_>, failed: &Failed) -> PyErr {
    exception(py, failed).unwrap_or_else(|e| e)
}

fn exception(py: Python<'_>, failed: &Failed) -> PyResult<PyErr> {
    let (class, kind) = class(failed.sort);
    let about = PyDict::new(py);
    about.set_item("reason", &failed.reason)?;
    about.set_item("kind", kind)?;
    about.set_item("layer", failed.layer.to_string())?;
    about.set_item("hint", &failed.hint)?;
    about.set_item("status", failed.status)?;
    match failed.at {
        Some(At::File(offset)) => about.set_item("offset", offset)?,
        Some(At::Phys(address)) => {
            about.set_item("address", address.value())?;
            about.set_item("space", "physical")?;
        }
        Some(At::Virt(address)) => {
            about.set_item("address", address.value())?;
            about.set_item("space", "virtual")?;
        }
        None => {}
    }
    let made = py.import("memsh._errors")?.getattr(class)?.call((failed.to_string(),), Some(&about))?;
    Ok(PyErr::from_value(made))
}

/// The exception for an error of the library.
pub fn of_error(py: Python<'_>, error: memsh::Error) -> PyErr {
    of(py, &Failed::from(error))
}

/// What happens when an image is used that was closed.
pub fn closed() -> PyErr {
    pyo3::exceptions::PyValueError::new_err("the image is closed")
}

/// A panic on another thread: a fault of memsh, not of what was asked.
pub fn panicked() -> PyErr {
    pyo3::exceptions::PyRuntimeError::new_err(
        "memsh failed at this: it is a fault of the program; what it wrote to stderr says where",
    )
}
