//! Installing plugins into a folder of plugins, from source, an archive, a file, or an index.
//!
//! - [`install`] finds out what a source is (`source`), and brings it to a shared object: `build` runs cargo on a crate, `archive` unpacks,
//!   `index` chooses a release and `fetch` reads it; `trust` holds it against its digest and a signature first
//! - `place` inspects what came out and renames it into the folder, together with what the plugin's own script (`script`) copied; it
//!   keeps the record by which [`upgrade`] and [`remove`] work
//! - [`template`] writes the beginning of a new plugin
//!
//! Until the last rename nothing in the folder has changed: whatever fails before leaves what was there.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod archive;
mod build;
mod fetch;
mod index;
mod place;
mod script;
mod source;
pub mod template;
#[cfg(test)]
mod tests;
mod trust;

pub use index::Channel;
pub use place::{Installed, Outcome};
pub use script::Script;
pub use trust::{Key, keys_of};

use crate::{Error, ErrorKind, Layer, Result};
use place::{Origin, Package};
use std::path::{Path, PathBuf};

/// How something is installed.
pub struct Request<'a> {
    /// The folder of plugins that it goes to.
    pub folder: PathBuf,
    /// The index that names are looked up in.
    pub index: Option<String>,
    /// Of an index: which releases count.
    pub channel: Channel,
    /// Of an index: this version and no other.
    pub version: Option<semver::Version>,
    /// Public keys whose signatures are believed.
    pub keys: Vec<Key>,
    /// Take what nobody signed, from an index; a signature that is wrong is refused all the same.
    pub unsigned: bool,
    /// Whether a plugin's install script may run; shown to whoever decides.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub confirm: &'a mut dyn FnMut(&Script) -> Result<bool>,
    /// Takes what a script prints.
    pub tell: &'a mut dyn FnMut(&str),
}

fn failed(kind: ErrorKind, what: impl Into<String>) -> Error {
    Error::new(Layer::Connector, kind, what)
}

fn io(what: impl std::fmt::Display, e: std::io::Error) -> Error {
    failed(ErrorKind::Io, format!("{what}: {e}")).caused_by(e)
}

/// Installs `source`: a folder with a crate, an archive, a shared object, an index, or a name in [`Request::index`]. `name` says which
/// plugin of an index that is the source.
///
/// # Errors
/// When the source is none of these, does not build, is not what its digest and signature are of, or holds no plugin that this memsh can
/// use. Nothing is installed then.
pub fn install(source: &str, name: Option<&str>, request: &mut Request<'_>) -> Result<Installed> {
    let (made, origin) = source::obtain(source, name, request)?;
    place::put(made, origin, request)
}

/// Installs anew what was installed before, where its origin has something else by now: all packages, or those that are named.
///
/// # Errors
/// When a name is of no package, or the records can't be read. What went wrong with one package is its own outcome.
pub fn upgrade(names: &[String], request: &mut Request<'_>) -> Result<Vec<(String, Result<Installed>)>> {
    let packages = place::packages(&request.folder)?;
    for name in names {
        find(&packages, name, &request.folder)?;
    }
    let chosen = packages.into_iter().filter(|p| names.is_empty() || names.iter().any(|n| p.answers_to(n)));
    Ok(chosen.map(|p| (p.name.clone(), again(&p, request))).collect())
}

fn again(package: &Package, request: &mut Request<'_>) -> Result<Installed> {
    match &package.origin {
        Origin::Path(path) => install(path, None, request),
        Origin::Index { at, channel } => {
            let (at, wider) = (at.clone(), (*channel).max(request.channel));
            let asked = (request.index.replace(at), std::mem::replace(&mut request.channel, wider));
            let done = match index::newest(&package.name, request) {
                // What is there is not put back to an older release that the index has left.
                Ok(newest) if package.is_at_least(&newest) && request.version.is_none() => Ok(package.as_it_is(&request.folder)),
                Ok(_) => install(&package.name, None, request),
                Err(e) => Err(e),
            };
            (request.index, request.channel) = asked;
            done
        }
    }
}

/// Removes a package, by its name or by that of a plugin in it, with all that its script copied.
///
/// # Errors
/// When there is no such package, or it can't be removed.
pub fn remove(name: &str, folder: &Path) -> Result<Installed> {
    let packages = place::packages(folder)?;
    place::take_away(find(&packages, name, folder)?, folder)
}

fn find<'p>(packages: &'p [Package], name: &str, folder: &Path) -> Result<&'p Package> {
    let exact = packages.iter().find(|p| p.name == name);
    let found = exact.or_else(|| packages.iter().find(|p| p.answers_to(name)));
    found.ok_or_else(|| {
        let names: Vec<&str> = packages.iter().map(|p| p.name.as_str()).collect();
        let folder = folder.display();
        failed(ErrorKind::NotFound, format!("no package {name} was installed in {folder}")).hint(match names.as_slice() {
            [] => "what memsh did not install it does not touch: `plugins list` says where a file lies".to_owned(),
            names => format!("there are {}; files that memsh did not install it does not touch", names.join(", ")),
        })
    })
}
