//! Nothing: what counts are the shared objects of the dependencies.
