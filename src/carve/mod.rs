//! Files in memory: found by how they begin, believed by how they are built.
//!
//! [`needle`] finds every place where a file may begin, all kinds in one pass of [`engine::search`](crate::engine::search). [`identify`] then reads the
//! structure of what begins there through a [`View`] (headers, tables, lengths, checksums), which gives its true size and says how sure that is
//! ([`State`]). What has no structure is no file: most places are turned down by their first bytes.
//!
//! - [`pe`], [`elf`], [`macho`]: programs
//! - [`databases`]: registry hives, SQLite
//! - [`archives`]: zip, gzip, 7z; [`pdf`]; [`pictures`]: PNG, JPEG
//! - [`keys`]: certificates and private keys, as DER and as PEM
//! - [`features`]: addresses of mail, the web and networks in text, counted
//!
//! In physical memory a file is rarely in one piece: its pages lie where there was room. A structure that breaks off at a page is told as
//! truncated, with what of it holds together. In the memory of a process what is mapped lies in one piece.
//!
//! Everything read here is hostile. Sizes are believed up to [`LARGEST`] bytes, tables up to some thousand entries, and what is unpacked is never kept.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod archives;
mod databases;
mod der;
mod elf;
pub mod features;
mod keys;
mod macho;
mod pdf;
mod pe;
mod pem;
mod pictures;
#[cfg(test)]
mod tests;
mod view;

pub use view::View;

use crate::Result;
use crate::engine::search::Needle;

/// No file is larger: 256 MiB.
pub const LARGEST: u64 = 256 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A program or library of Windows.
    Pe,
    /// A program or library of Linux and others.
    Elf,
    /// A program or library of macOS, for one processor or several.
    Macho,
    /// A hive of the Windows registry.
    Regf,
    /// An SQLite 3 database.
    Sqlite,
    /// A PDF document.
    Pdf,
    /// A zip archive, and what is made of one (docx, jar, apk).
    Zip,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A gzip stream.
    Gzip,
    /// A 7z archive.
    SevenZip,
    /// An X.509 certificate.
    Cert,
    /// A private key.
    Key,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 13] = [
        Kind::Pe,
        Kind::Elf,
        Kind::Macho,
        Kind::Regf,
        Kind::Sqlite,
        Kind::Pdf,
        Kind::Zip,
        Kind::Png,
        Kind::Jpeg,
        Kind::Gzip,
        Kind::SevenZip,
        Kind::Cert,
        Kind::Key,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Pe => "pe",
            Kind::Elf => "elf",
            Kind::Macho => "macho",
            Kind::Regf => "regf",
            Kind::Sqlite => "sqlite",
            Kind::Pdf => "pdf",
            Kind::Zip => "zip",
            Kind::Png => "png",
            Kind::Jpeg => "jpeg",
            Kind::Gzip => "gzip",
            Kind::SevenZip => "7z",
            Kind::Cert => "cert",
            Kind::Key => "key",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// How it begins, as a regular expression over bytes: literals only, so that a search for all of them at once is one for literals.
    const fn magic(self) -> &'static str {
        match self {
            Kind::Pe => r"MZ",
            Kind::Elf => r"\x7fELF",
            Kind::Macho => r"\xfe\xed\xfa\xce|\xfe\xed\xfa\xcf|\xce\xfa\xed\xfe|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe\x00\x00\x00",
            Kind::Regf => r"regf",
            Kind::Sqlite => r"SQLite format 3\x00",
            Kind::Pdf => r"%PDF-",
            Kind::Zip => r"PK\x03\x04",
            Kind::Png => r"\x89PNG\r\n\x1a\n",
            Kind::Jpeg => r"\xff\xd8\xff",
            Kind::Gzip => r"\x1f\x8b\x08",
            Kind::SevenZip => r"7z\xbc\xaf\x27\x1c",
            // A sequence of more than 127 bytes; PEM finds itself by its words.
            Kind::Cert => r"0\x82|-----BEGIN ",
            // Small keys on curves besides: SEC 1 of 256 bits, PKCS #8 of Ed25519 and X25519.
            Kind::Key => r"0\x82|0\x81|0\x77\x02\x01\x01\x04|0\x74\x02\x01\x01\x04|0\x2e\x02\x01\x00\x30|-----BEGIN ",
        }
    }
}

/// How sure a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it is there, and its structure agrees from the first byte to the last.
    Complete,
    /// It breaks off: pages are missing, or what follows belongs to something else.
    Truncated,
    /// Its header is there and makes sense; nothing behind it does.
    HeaderOnly,
}

impl State {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            State::Complete => "complete",
            State::Truncated => "truncated",
            State::HeaderOnly => "header only",
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes, as its structure says; of a file that breaks off and does not say, what is there.
    pub size: u64,
    /// How many bytes from its first one hold together: all of them, or those before it breaks off.
    pub there: u64,
    /// How sure it is.
    pub state: State,
    /// What it says of itself, in words.
    pub detail: String,
    /// The end of its name on disk: `png`.
    pub extension: &'static str,
}

impl File {
    /// A file of `size` bytes whose header takes `header`, and whose structure agrees up to `sound`.
    fn new(view: &View<'_>, kind: Kind, size: u64, header: u64, sound: u64, detail: String) -> Self {
        let there = view.available(size.min(sound));
        let state = match there {
            n if n >= size => State::Complete,
            n if n <= header => State::HeaderOnly,
            _ => State::Truncated,
        };
        let extension = match kind {
            Kind::Pe => "exe",
            Kind::Regf => "hive",
            Kind::Jpeg => "jpg",
            Kind::Gzip => "gz",
            Kind::Cert | Kind::Key => "der",
            kind => kind.name(),
        };
        Self { kind, size, there, state, detail, extension }
    }
}

/// A needle for the places where files of these kinds may begin.
///
/// # Errors
/// None that could happen: the expressions are constants.
pub fn needle(kinds: &[Kind]) -> Result<Needle> {
    let mut parts: Vec<&str> = kinds.iter().flat_map(|k| k.magic().split('|')).collect();
    parts.sort_unstable();
    parts.dedup();
    Needle::regex(&parts.join("|"), false)
}

/// Whether what begins at the view's first byte is unpacked to be believed: a few bytes that may cost much.
pub fn unpacks(view: &View<'_>) -> bool {
    view.head(3) == [0x1f, 0x8b, 8]
}

/// The file that begins at the view's first byte, if it is of one of these kinds.
pub fn identify(view: &View<'_>, kinds: &[Kind]) -> Option<File> {
    let head = view.head(8);
    let kind: &[Kind] = match *head.first_chunk::<4>()? {
        [b'M', b'Z', ..] => &[Kind::Pe],
        [0x7f, b'E', b'L', b'F'] => &[Kind::Elf],
        [0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe] | [0xca, 0xfe, 0xba, 0xbe] => &[Kind::Macho],
        [b'r', b'e', b'g', b'f'] => &[Kind::Regf],
        [b'S', b'Q', b'L', b'i'] => &[Kind::Sqlite],
        [b'%', b'P', b'D', b'F'] => &[Kind::Pdf],
        [b'P', b'K', 3, 4] => &[Kind::Zip],
        [0x89, b'P', b'N', b'G'] => &[Kind::Png],
        [0xff, 0xd8, 0xff, _] => &[Kind::Jpeg],
        [0x1f, 0x8b, 8, _] => &[Kind::Gzip],
        [b'7', b'z', 0xbc, 0xaf] => &[Kind::SevenZip],
        [0x30, ..] => &[Kind::Cert, Kind::Key],
        [b'-', b'-', b'-', b'-'] => return pem::identify(view).filter(|f| kinds.contains(&f.kind)),
        _ => return None,
    };
    kind.iter().filter(|k| kinds.contains(k)).find_map(|kind| match kind {
        Kind::Pe => pe::identify(view),
        Kind::Elf => elf::identify(view),
        Kind::Macho => macho::identify(view),
        Kind::Regf => databases::regf(view),
        Kind::Sqlite => databases::sqlite(view),
        Kind::Pdf => pdf::identify(view),
        Kind::Zip => archives::zip(view),
        Kind::Png => pictures::png(view),
        Kind::Jpeg => pictures::jpeg(view),
        Kind::Gzip => archives::gzip(view),
        Kind::SevenZip => archives::seven_zip(view),
        Kind::Cert => keys::certificate(view),
        Kind::Key => keys::key(view),
    })
}
