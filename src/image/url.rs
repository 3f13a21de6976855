//! Targets that are no files: `http://`, `https://` and `s3://`.
//!
//! Known in every build, so that one that can't read them says so and does not look for a file of that name.

use crate::{Error, ErrorKind, Layer, Result};
use std::path::Path;

/// How an image is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    S3,
}

/// A URL in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub scheme: Scheme,
    /// `user:password`, where the URL has it.
    pub user: Option<String>,
    /// Host and port, or the bucket.
    pub host: String,
    /// What follows the host, from its `/` on.
    pub path: String,
    /// What follows the `?`.
    pub query: Option<String>,
}

impl Url {
    /// The URL that `path` is; none where it is a file's path.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let (scheme, rest) = path.to_str()?.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "s3" => Scheme::S3,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        // A key in a bucket may hold any character.
        let (path, query) = match scheme {
            Scheme::S3 => (rest, None),
            _ => {
                let rest = rest.split('#').next().unwrap_or(rest);
                rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query.to_owned())))
            }
        };
        Some(Self { scheme, user, host: host.to_owned(), path: path.to_owned(), query })
    }

    const fn scheme(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::S3 => "s3",
        }
    }

    /// The URL without what may be secret: the password, and a query with a signature in it.
    pub(super) fn shown(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.host, self.path)
    }

    /// The last part of its path; the host where it has none.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&self.host)
    }

    /// The whole URL but for user and password, as a server is asked for it.
    #[cfg(feature = "http")]
    pub(super) fn asked(&self) -> String {
        let query = self.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default();
        format!("{}{query}", self.shown())
    }

    /// How to fetch the file by other means.
    pub(super) fn download(&self) -> String {
        match self.scheme {
            Scheme::S3 => format!("aws s3 cp '{}' .", self.shown()),
            _ if self.query.is_some() => format!("curl -o {} URL", self.name()),
            _ => format!("curl -O '{}'", self.shown()),
        }
    }
}

/// The name by which a target is called: a file's name, or the last part of a URL.
pub fn name(path: &Path) -> String {
    match Url::of(path) {
        Some(url) => url.name().to_owned(),
        None => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// Refuses a URL in a build that reads files only.
///
/// # Errors
/// When `path` is one.
#[cfg(not(feature = "http"))]
pub(super) fn refuse(path: &Path) -> Result<()> {
    let Some(url) = Url::of(path) else { return Ok(()) };
    Err(Error::new(
        Layer::Image,
        ErrorKind::Unsupported,
        format!(
            "{} is a URL, and this memsh was built without its feature http: it reads files, and touches no network",
            url.shown()
        ),
    )
    .hint(format!(
        "build it with `cargo install memsh --features http`, or download the image and open the file: {}",
        url.download()
    )))
}

/// Refuses a URL that lacks a part.
///
/// # Errors
/// When host, bucket or key are missing.
#[cfg(feature = "http")]
pub(super) fn complete(url: &Url) -> Result<()> {
    let missing = match (url.scheme, url.host.is_empty(), url.path.trim_matches('/').is_empty()) {
        (Scheme::S3, true, _) => "bucket",
        (Scheme::S3, _, true) => "key",
        (_, true, _) => "host",
        _ => return Ok(()),
    };
    Err(Error::new(Layer::Image, ErrorKind::Invalid, format!("the URL {} names no {missing}", url.shown()))
        .hint("http://HOST/PATH, https://HOST/PATH or s3://BUCKET/KEY"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn url(text: &str) -> Option<Url> {
        Url::of(Path::new(text))
    }

    #[test]
    fn what_is_no_url_is_a_file() {
        for text in ["mem.raw", "/a/b", "ftp://host/a", "http:/a", "file:///a", "://", "s3:a"] {
            assert_eq!(url(text), None, "{text}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let u = url("HTTPS://me:pa@ss@host:8443/a/mem.raw?X-Amz-Signature=abc/d#part").unwrap();
        assert_eq!((u.scheme, u.user.as_deref(), u.host.as_str()), (Scheme::Https, Some("me:pa@ss"), "host:8443"));
        assert_eq!((u.path.as_str(), u.query.as_deref()), ("/a/mem.raw", Some("X-Amz-Signature=abc/d")));
        assert_eq!(u.shown(), "https://host:8443/a/mem.raw");
        assert_eq!(u.name(), "mem.raw");
        assert_eq!(u.download(), "curl -o mem.raw URL");
        assert_eq!(name(Path::new("http://h/x/mem.lime?sig=a/b")), "mem.lime");
        assert_eq!(name(Path::new("http://h")), "h");
        assert_eq!(name(Path::new("/tmp/x.raw")), "x.raw");
    }

    #[test]
    fn a_key_may_hold_any_character() {
        let u = url("s3://bucket/case 7/mem#1?.raw").unwrap();
        assert_eq!((u.host.as_str(), u.path.as_str(), u.query), ("bucket", "/case 7/mem#1?.raw", None));
    }
}
