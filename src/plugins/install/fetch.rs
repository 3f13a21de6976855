//! Reading files that an index names, from where the index is: a folder or, in a build with the feature `http`, a server.

use super::archive::inside;
use super::{failed, io};
use crate::{ErrorKind, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this machine.
    File(PathBuf),
    /// On a server.
    Url(String),
}

impl Place {
    /// What a user wrote: a path, `file://`, `http://` or `https://`.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("file://") {
            // `file:///path` and `file://localhost/path`.
            Some(path) => Self::File(PathBuf::from(decoded(path.strip_prefix("localhost").unwrap_or(path)))),
            None if is_url(text) => Self::Url(text.to_owned()),
            None => Self::File(PathBuf::from(text)),
        }
    }

    /// The file that an index here calls `name`: beside it or below it, or a URL of its own where the index has one, too.
    ///
    /// # Errors
    /// When the name leads elsewhere.
    pub fn beside(&self, name: &str) -> Result<Self> {
        match self {
            Self::Url(_) if is_url(name) => Ok(Self::Url(name.to_owned())),
            Self::Url(url) => {
                let plain = url.split(['?', '#']).next().unwrap_or(url);
                let folder = plain.rsplit_once('/').map_or(plain, |(folder, _)| folder);
                Ok(Self::Url(format!("{folder}/{}", inside(Path::new(name))?.display())))
            }
            Self::File(path) => Ok(Self::File(path.parent().unwrap_or(Path::new(".")).join(inside(Path::new(name))?))),
        }
    }

    /// The whole file, of at most `limit` bytes.
    ///
    /// # Errors
    /// When it can't be read, or is larger.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>> {
        let bytes = match self {
            Self::File(path) => {
                let cant = |e| io(format!("can't read {}", path.display()), e);
                let mut bytes = Vec::new();
                File::open(path).map_err(cant)?.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(cant)?;
                bytes
            }
            Self::Url(url) => get(url, limit.saturating_add(1))?,
        };
        match u64::try_from(bytes.len()).is_ok_and(|n| n <= limit) {
            true => Ok(bytes),
            false => Err(failed(ErrorKind::Malformed, format!("{self} is larger than {limit} bytes"))),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// Whether a server is meant.
pub fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// `%20` and its like.
fn decoded(path: &str) -> String {
    let mut out = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|_| first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        let byte = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(byte.unwrap_or(first));
        rest = byte.and_then(|_| tail.get(2..)).unwrap_or(tail);
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(not(feature = "http"))]
fn get(url: &str, _: u64) -> Result<Vec<u8>> {
    let what = format!("can't read {url}: this memsh was built without the feature `http`, and touches no network");
    Err(failed(ErrorKind::Unsupported, what).hint("fetch the index and its files yourself, and name the folder: --index FOLDER"))
}

/// Asks the server that is named, and no other: redirections are not followed, proxies of the environment not used.
#[cfg(feature = "http")]
fn get(url: &str, limit: u64) -> Result<Vec<u8>> {
    use std::time::Duration;
    use ureq::Agent;
    use ureq::tls::{RootCerts, TlsConfig};
    /// How long a server may take to be reached and to begin its answer, and for all of it.
    const ANSWER: Duration = Duration::from_secs(30);
    const WHOLE: Duration = Duration::from_secs(600);
    let config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("memsh/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .timeout_connect(Some(ANSWER))
        .timeout_recv_response(Some(ANSWER))
        .timeout_global(Some(WHOLE))
        .build();
    let cant = |why: String| failed(ErrorKind::Io, format!("can't read {url}: {why}"));
    let response = config.new_agent().get(url).call().map_err(|e| cant(e.to_string()))?;
    let status = response.status();
    if !status.is_success() {
        let hint = "redirections are not followed: name the URL that it ends at";
        let e = cant(format!("the server answers {status}"));
        return Err(if status.is_redirection() { e.hint(hint) } else { e });
    }
    let mut bytes = Vec::new();
    response.into_body().into_reader().take(limit).read_to_end(&mut bytes).map_err(|e| cant(e.to_string()))?;
    Ok(bytes)
}
