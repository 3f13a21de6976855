//! Files on HTTP servers and in S3 buckets, through object_store.
//!
//! Where S3's keys come from: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` of the environment and nothing else. No
//! service of the host is asked for them (object_store would ask the one at 169.254.169.254); without keys a bucket is read as anybody may.

use super::transport::{INTERRUPTED, Transport, plain};
use super::{Failure, Source};
use crate::image::url::{Scheme, Url};
use crate::{Error, ErrorKind, Layer, Result};
use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{BackoffConfig, GetOptions, GetRange, ObjectMeta, ObjectStore, RetryConfig};
use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How much the first request asks for: enough to know every format by.
const HEAD: u64 = 64 << 10;

/// One file of a server.
struct Object {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    runtime: Runtime,
    /// What the first answer said of the file.
    meta: ObjectMeta,
}

/// Asks for the first bytes of the file, which tell whether it is there and how long it is.
///
/// # Errors
/// When it is not, or the server answers no ranges.
pub(super) fn connect(url: &Url, interrupt: Option<&'static AtomicBool>) -> Result<(Box<dyn Source>, Vec<u8>)> {
    let broken = |e: object_store::Error| refused(url, &e);
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(2), base: 2.0 },
        max_retries: 2,
        retry_timeout: Duration::from_secs(60),
    };
    let transport = Transport::new(interrupt);
    let (objects, path): (Arc<dyn ObjectStore>, Path) = match url.scheme {
        Scheme::S3 => {
            let key = url.path.strip_prefix('/').unwrap_or(&url.path);
            let path = Path::parse(key).map_err(|e| {
                Error::new(Layer::Image, ErrorKind::Invalid, format!("{} is no key that can be asked for: {e}", plain(key)))
            })?;
            (Arc::new(bucket(&url.host)?.with_retry(retry).with_http_connector(transport).build().map_err(broken)?), path)
        }
        Scheme::Http | Scheme::Https => {
            let user = url.user.as_ref().map(|u| format!("{u}@")).unwrap_or_default();
            let asked = url.asked().replacen("://", &format!("://{user}"), 1);
            let store = HttpBuilder::new().with_url(asked).with_retry(retry).with_http_connector(transport);
            (Arc::new(store.build().map_err(broken)?), Path::default())
        }
    };
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|e| Error::new(Layer::Image, ErrorKind::Io, format!("can't start what sends requests: {e}")))?;
    let (meta, head) = runtime.block_on(get(&*objects, &path, GetRange::Bounded(0..HEAD), None)).map_err(broken)?;
    Ok((Box::new(Object { objects, path, runtime, meta }), head))
}

/// The bucket, as the environment says where it is and who asks.
fn bucket(name: &str) -> Result<AmazonS3Builder> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut s3 = AmazonS3Builder::new().with_bucket_name(name);
    if let Some(region) = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")) {
        s3 = s3.with_region(region);
    }
    if let Some(endpoint) = set("AWS_ENDPOINT_URL_S3").or_else(|| set("AWS_ENDPOINT_URL")).or_else(|| set("AWS_ENDPOINT")) {
        s3 = s3.with_endpoint(endpoint);
    }
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => {
            s3 = s3.with_access_key_id(id).with_secret_access_key(secret);
            if let Some(token) = set("AWS_SESSION_TOKEN") {
                s3 = s3.with_token(token);
            }
        }
        (None, None) => s3 = s3.with_skip_signature(true),
        (id, _) => {
            let (there, missing) = match id {
                Some(_) => ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
                None => ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
            };
            return Err(Error::new(Layer::Image, ErrorKind::Invalid, format!("{there} is set, but {missing} is not"))
                .hint("set both, or neither to read a public bucket"));
        }
    }
    // Never used; without it object_store would ask the host's metadata service for keys.
    Ok(match set("AWS_ACCESS_KEY_ID") {
        Some(_) => s3,
        None => s3.with_access_key_id("nobody").with_secret_access_key("nothing"),
    })
}

/// A range of the file, as far as the file goes; of that state of it which `tag` names.
async fn get(
    objects: &dyn ObjectStore,
    path: &Path,
    range: GetRange,
    tag: Option<&str>,
) -> object_store::Result<(ObjectMeta, Vec<u8>)> {
    // A weak tag never matches where this is asked.
    let if_match = tag.filter(|t| !t.starts_with("W/")).map(str::to_owned);
    let result = objects.get_opts(path, GetOptions { range: Some(range), if_match, ..GetOptions::default() }).await?;
    let (meta, range) = (result.meta.clone(), result.range.clone());
    let bytes = result.bytes().await?;
    let wanted = range.end.saturating_sub(range.start);
    if u64::try_from(bytes.len()).ok() != Some(wanted) {
        let source = format!("the answer ends after {} of {wanted} bytes", bytes.len()).into();
        return Err(object_store::Error::Generic { store: "answer", source });
    }
    Ok((meta, bytes.into()))
}

impl Object {
    /// Whether an answer speaks of another state of the file than the first one did, and how it tells.
    fn differs(&self, now: &ObjectMeta) -> Option<String> {
        let plain = |tag: &Option<String>| tag.as_ref().map(|t| t.trim_start_matches("W/").to_owned());
        if now.size != self.meta.size {
            return Some(format!("it had {} bytes and has {} now", self.meta.size, now.size));
        }
        match (plain(&self.meta.e_tag), plain(&now.e_tag)) {
            (Some(old), Some(new)) => (old != new).then(|| "its ETag is another".to_owned()),
            _ => (now.last_modified != self.meta.last_modified).then(|| "its time of change is another".to_owned()),
        }
    }
}

impl Source for Object {
    fn len(&self) -> u64 {
        self.meta.size
    }

    fn fetch(&self, at: u64, len: u64) -> Result<Vec<u8>, Failure> {
        let end = at.checked_add(len).ok_or_else(|| Failure::Now("no such place".to_owned()))?;
        let tag = self.meta.e_tag.as_deref();
        let answer = self.runtime.block_on(get(&*self.objects, &self.path, GetRange::Bounded(at..end), tag));
        let (meta, bytes) = answer.map_err(|e| match e {
            object_store::Error::Precondition { .. } => Failure::Changed(changed("its ETag is another")),
            e => match reason(&e) {
                r if r == INTERRUPTED => Failure::Interrupted,
                r => Failure::Now(format!("{len} bytes at {at:#x} could not be fetched: {r}")),
            },
        })?;
        match self.differs(&meta) {
            Some(how) => Err(Failure::Changed(changed(&how))),
            None => Ok(bytes),
        }
    }
}

fn changed(how: &str) -> String {
    format!("the file on the server was changed since it was opened ({how}): open it again")
}

/// What is at the bottom of an error, without URLs that may hold a signature.
fn reason(e: &object_store::Error) -> String {
    let mut bottom: &dyn StdError = e;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    let text = bottom.to_string();
    let text = match text.strip_prefix("Server returned non-2xx status code: ") {
        Some(status) => format!("the server answers {}", status.trim().trim_end_matches(':')),
        None => text,
    };
    plain(&text)
}

/// The error for a file that can't be opened.
fn refused(url: &Url, e: &object_store::Error) -> Error {
    let why = reason(e);
    if why == INTERRUPTED {
        return Error::new(Layer::Image, ErrorKind::Interrupted, "interrupted while the image was asked for");
    }
    let s3 = url.scheme == Scheme::S3;
    let (kind, hint) = match e {
        object_store::Error::NotFound { .. } => (ErrorKind::NotFound, "check the URL".to_owned()),
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } if s3 => (
            ErrorKind::Io,
            "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN where there is one, and AWS_REGION; no other source of \
             keys is used"
                .to_owned(),
        ),
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            (ErrorKind::Io, "https://USER:PASSWORD@HOST/... gives a name and a password; a signed URL may have expired".to_owned())
        }
        _ if why.contains("416") => return empty(url),
        _ if s3 => {
            let hint = "AWS_REGION is the bucket's region, AWS_ENDPOINT_URL the server where that is not Amazon's";
            (ErrorKind::Io, hint.to_owned())
        }
        _ if why.contains("certificate") => {
            (ErrorKind::Io, "the host's certificates do not vouch for the server; SSL_CERT_FILE names a file with others".to_owned())
        }
        _ => (ErrorKind::Io, format!("the server must be reachable and answer ranges; otherwise download the image: {}", url.download())),
    };
    Error::new(Layer::Image, kind, format!("can't read {}: {why}", url.shown())).hint(hint)
}

/// The error for a file without bytes.
pub(super) fn empty(url: &Url) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, format!("{} is empty (0 bytes)", url.shown()))
        .hint("the acquisition or the copy failed: make it again")
}
