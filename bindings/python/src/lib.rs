//! memsh for Python: what can't be written in Python.
//!
//! The package `memsh` (python/memsh) is what users see; this is its module `_memsh`. A [`target`] answers commands of memsh
//! ([`answer`], [`stream`]) and has [`space`]s that are read and translated. All work is done without the GIL, on a thread of its
//! own where it may take long, so that Ctrl-C and a progress callback get through ([`wait`]).

#![allow(rustdoc::private_intra_doc_links, reason = "all of it is private: its face is Python's")]

mod answer;
mod arrow;
mod errors;
mod kinds;
mod space;
mod stream;
mod target;
mod values;
mod wait;

use memsh::embed;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Every command: name, other names, summary, whether it answers in rows, whether it needs a target, keys of a row.
#[pyfunction]
fn commands(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let describe = |command: embed::CommandInfo| {
        let about = PyDict::new(py);
        about.set_item("name", command.name())?;
        about.set_item("aliases", command.aliases())?;
        about.set_item("summary", command.summary())?;
        about.set_item("list", command.is_list())?;
        about.set_item("needs_target", command.needs_target())?;
        about.set_item("keys", command.keys())?;
        Ok(about)
    };
    embed::commands().map(describe).collect()
}

/// The JSON Schema of what a command answers, as JSON.
#[pyfunction]
fn schema(name: &str) -> Option<String> {
    embed::commands().find(|c| c.name() == name || c.aliases().contains(&name)).map(|c| c.schema().to_string())
}

#[pymodule]
#[pyo3(name = "_memsh")]
fn contents(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<target::Target>()?;
    m.add_class::<answer::Answer>()?;
    m.add_class::<stream::Stream>()?;
    m.add_class::<space::Space>()?;
    m.add_class::<space::Window>()?;
    m.add_function(wrap_pyfunction!(commands, m)?)?;
    m.add_function(wrap_pyfunction!(schema, m)?)
}
