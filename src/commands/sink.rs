//! Where a command's answer goes.

use super::failure::{Failure, Result};
use super::spec::Shape;
use serde_json::Value;

/// Takes the rows of a listing as they are found, or the one object of an answer, or bytes.
pub trait Sink {
    /// One row, as the JSON object that every renderer starts from.
    ///
    /// # Errors
    /// When the answer can't be written any more, or the user interrupted: the command ends at once.
    fn row(&mut self, row: Value) -> Result<()>;

    /// Bytes that go out as they are (`read --raw`).
    ///
    /// # Errors
    /// As [`row`](Self::row).
    fn bytes(&mut self, data: &[u8]) -> Result<()>;

    /// No row came for a while: what was held back for more to come goes out.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    fn idle(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Rows of one type on their way into a sink.
pub struct Rows<'a, T> {
    sink: &'a mut dyn Sink,
    kind: std::marker::PhantomData<fn(T)>,
}

impl<'a, T: serde::Serialize> Rows<'a, T> {
    /// Rows of `T` for `sink`.
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, kind: std::marker::PhantomData }
    }

    /// Hands on one row.
    ///
    /// # Errors
    /// As [`Sink::row`].
    pub fn push(&mut self, row: &T) -> Result<()> {
        let value = serde_json::to_value(row).map_err(std::io::Error::other)?;
        self.sink.row(value)
    }

    /// Says that no row came for a while.
    ///
    /// # Errors
    /// As [`Sink::idle`].
    pub fn idle(&mut self) -> Result<()> {
        self.sink.idle()
    }

    /// Hands on bytes as they are.
    ///
    /// # Errors
    /// As [`Sink::bytes`].
    pub fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.sink.bytes(data)
    }
}

/// Keeps the rows.
#[derive(Default)]
pub struct Collect(pub Vec<Value>);

impl Collect {
    /// What was collected, as one value: the object of a command that answers with one, otherwise the list of rows.
    ///
    /// # Errors
    /// That of `outcome`, how the command ended.
    pub fn answer(mut self, shape: Shape, outcome: Result<()>) -> Result<Value> {
        // An answer that says why there is none is still the answer (`vtop` of an unmapped address).
        let object = shape == Shape::Object && !self.0.is_empty();
        match outcome {
            Ok(()) => {}
            Err(Failure::Error(_)) if object => {}
            Err(e) => return Err(e),
        }
        Ok(if object { self.0.remove(0) } else { Value::Array(self.0) })
    }
}

impl Sink for Collect {
    fn row(&mut self, row: Value) -> Result<()> {
        self.0.push(row);
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}
