//! Opening an image that lies elsewhere.

use super::outline::{Sketch, told};
use super::{Remote, store};
use crate::image::map::Content;
use crate::image::open::{Image, OpenOptions, open_content};
use crate::image::unpack::Compression;
use crate::image::url::{self, Scheme, Url};
use crate::image::{crashdump, detect, elf, kdump, lime, split, zip};
use crate::{Error, ErrorKind, Layer, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is no longer is fetched whole: every format can be read from it.
const SMALL: u64 = 1 << 20;

/// Opens the image at a URL; none where `path` is a file's.
///
/// # Errors
/// When it can't be fetched, is no image, or one that must be there as a whole to be read.
pub(in crate::image) fn open(path: &Path, options: &OpenOptions) -> Result<Option<Image>> {
    let Some(url) = Url::of(path) else { return Ok(None) };
    url::complete(&url)?;
    let (source, head) = store::connect(&url, options.interrupt)?;
    let remote = Arc::new(Remote::new(source, options.interrupt));
    if remote.len() == 0 {
        return Err(store::empty(&url));
    }
    remote.take(&head);
    let shown = PathBuf::from(url.shown());
    let mut image = if remote.len() <= SMALL {
        let bytes = remote.bytes(0, remote.len()).map_err(|e| told(&e, 0))?;
        let mut image = open_content(Content::Given(bytes.into()), shown, options)?;
        image.detection.insert(0, format!("{}: {} bytes, fetched whole", scheme(&url), remote.len()));
        image
    } else {
        let content = sketch(&remote, &head, options).map_err(|e| advised(e, &url))?;
        let (bytes, requests) = remote.traffic();
        let opened = open_content(content, shown, options);
        // A format that reads on its own takes what can't be fetched for missing.
        if let Some(failure) = remote.lost() {
            return Err(told(failure, 0));
        }
        let mut image = opened?;
        if image.process.is_some() {
            let what = format!("the {} core of a process can't be read over the network piece by piece", image.facts.format);
            return Err(advised(Error::new(Layer::Image, ErrorKind::Unsupported, what), &url));
        }
        image.detection.insert(
            0,
            format!("{}: {} bytes, of which {bytes} were fetched in {requests} requests to know it", scheme(&url), remote.len()),
        );
        image
    };
    image.remote = Some(remote);
    if image.facts.format == "raw" && split::is_first(url.name()) {
        image.facts.warnings.push(
            "by its name this is one part of a split file; over the network only the file that is named is opened".to_owned(),
        );
    }
    Ok(Some(image))
}

const fn scheme(url: &Url) -> &'static str {
    match url.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
        Scheme::S3 => "s3",
    }
}

/// With the advice to download it, where there is none.
fn advised(e: Error, url: &Url) -> Error {
    match e.kind() {
        ErrorKind::Unsupported => e.hint(format!("download it, and open the file: {}", url.download())),
        _ => e,
    }
}

/// The skeleton of the file: what its format looks at.
fn sketch(remote: &Arc<Remote>, head: &[u8], options: &OpenOptions) -> Result<Content> {
    let mut sketch = Sketch::new(remote, head)?;
    if let Some(compression) = Compression::of(head) {
        return Err(sketch.whole(&format!("a file compressed with {}", compression.name())));
    }
    let format = options.format.as_deref().or_else(|| detect::known(head));
    match format {
        Some("elf") => elf::outline(&mut sketch)?,
        Some("lime") => lime::outline(&mut sketch)?,
        Some("crashdump") => crashdump::outline(&mut sketch)?,
        Some("kdump") => kdump::outline(&mut sketch)?,
        Some("raw" | "padded") => {}
        Some(other) if detect::known(head) == Some(other) => return Err(sketch.whole(&format!("an image in the format {other}"))),
        None if zip::probe(head) => return Err(sketch.whole("a zip archive")),
        // Without a header, or a format that there is not.
        _ => {}
    }
    // Where a program's second header is: what looks like one is refused, and raw memory may begin like one.
    if head.starts_with(b"MZ")
        && let Some(at) = sketch.fields(false).u32(0x3c)
    {
        sketch.need(at.into(), 4)?;
    }
    Ok(Content::Remote { skeleton: sketch.done(), remote: Arc::clone(remote) })
}
