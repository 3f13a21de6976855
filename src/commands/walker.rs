//! What `list` and `tree` have in common: a structure, the member that links it, and where it all begins.

use super::context::Context;
use super::failure::{Failure, Result};
use super::values::unknown;
use crate::session::Space;
use crate::symbols::{FieldPath, TypeId, Types, TypesExt};
use crate::{Error, ErrorKind, Layer, umem};

/// The type and the member of `TYPE.MEMBER`.
///
/// # Errors
/// When there is no such type or member.
pub fn member(types: &dyn Types, text: &str, command: &str) -> Result<(String, TypeId, FieldPath)> {
    let (name, path) = text.split_once('.').ok_or_else(|| {
        let hint = format!("write the structure and the member that links it: {command} task_struct.tasks ...");
        Failure::Usage(format!("{command}: {text} names no member"), Some(hint))
    })?;
    let id = types.find(name).ok_or_else(|| unknown(types, name))?;
    let found = types.field_of(id, path).ok_or_else(|| {
        let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("{name} has no member {path}"));
        e.hint(format!("`dt {name}` lists its members"))
    })?;
    Ok((name.to_owned(), id, found))
}

/// An address, which may be that of a member of the structure at a symbol: `init_task.tasks`.
///
/// # Errors
/// As [`Context::evaluate`].
pub fn address_of(cx: &Context, types: &dyn Types, space: &Space, name: &str, id: TypeId, text: &str) -> Result<umem> {
    let direct = cx.evaluate(text, Some(space));
    if let (Err(e), Some((symbol, path))) = (&direct, text.split_once('.'))
        && let Ok(base) = cx.evaluate(symbol, Some(space))
    {
        // Symbols have no types: a member can only be one of the structure that is walked.
        let Some(found) = types.field_of(id, path) else {
            let what = format!("{text}: {symbol} is taken for a {name}, which has no member {path}");
            let hint = format!("give the address: {symbol}+OFFSET; `dt TYPE.{path}` shows the offset in its own type ({e})");
            return Err(Error::new(Layer::Symbols, ErrorKind::NotFound, what).hint(hint).into());
        };
        return Ok(base.wrapping_add(umem::from(found.offset)));
    }
    direct
}
