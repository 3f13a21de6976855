//! memflow's plugins in memsh: `-C memflow:NAME[:TARGET[:OPTIONS[:MIDDLEWARE]]]` is a connector of memflow 0.2, `-O memflow:NAME[:TARGET[:OPTIONS]]`
//! one of its OS plugins; what stands behind the name is in memflow's syntax.
//!
//! - `inventory`: which plugins are installed, and whether memflow takes them
//! - `connector`: a connector of memflow as one of memsh; `below`: the other way
//! - `system` and `process`: OS plugins; `facts`: memflow's records as memsh's
//! - `batch`: operations and their outcomes; `pool`: objects of memflow for many threads; `words`: its errors

mod batch;
mod below;
mod connector;
mod facts;
mod inventory;
mod pool;
mod process;
mod system;
mod words;

use memflow::plugins::{LoadableConnector, LoadableOs};

memsh_plugin::connector! {
    name: "memflow",
    description: "every installed connector of memflow 0.2",
    arguments: ["member rest required - NAME[:TARGET[:OPTIONS[:MIDDLEWARE]]], the name of a connector of memflow and what it takes, in memflow's syntax"],
    create: connector::open,
    targets: connector::targets,
    members: inventory::members::<LoadableConnector>,
}

memsh_plugin::os! {
    name: "memflow",
    description: "every installed OS plugin of memflow 0.2",
    arguments: ["member rest required - NAME[:TARGET[:OPTIONS]], the name of an OS plugin of memflow and what it takes, in memflow's syntax"],
    create: system::open,
    members: inventory::members::<LoadableOs>,
}
