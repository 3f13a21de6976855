//! PEM (RFC 7468): base64 between two lines of words.

use super::keys::{of_certificate, of_key};
use super::{File, Kind, View};

/// No text of this kind is longer.
const LONGEST: usize = 64 << 10;

/// A certificate or private key in text.
pub fn identify(view: &View<'_>) -> Option<File> {
    let head = view.head(64);
    let label = head.strip_prefix(b"-----BEGIN ")?;
    let label = label.get(..memchr::memmem::find(label, b"-----")?)?;
    let kind = match label {
        b"CERTIFICATE" | b"TRUSTED CERTIFICATE" | b"X509 CERTIFICATE" => Kind::Cert,
        l if l.ends_with(b"PRIVATE KEY") || l == b"PGP PRIVATE KEY BLOCK" => Kind::Key,
        _ => return None,
    };
    let words = String::from_utf8(label.to_vec())
        .ok()
        .filter(|l| l.bytes().all(|b| b.is_ascii_uppercase() || b == b' ' || b.is_ascii_digit()))?;
    let start = 11 + label.len() + 5;
    let text = view.upto(0, LONGEST);
    let end = [&b"-----END "[..], label, b"-----"].concat();
    let body = text.get(start..)?;
    let found = memchr::memmem::find(body, &end);
    // Words without anything behind them stand in every library that knows the format.
    let inside = body.get(..found.unwrap_or(body.len()))?;
    let good = inside.iter().take_while(|b| plain(**b)).count();
    let data = decode(inside.get(..good)?);
    if data.len() < 16 {
        return None;
    }
    let (size, sound) = match found {
        Some(n) if good == n => (start + n + end.len(), start + n + end.len()),
        Some(n) => (start + n + end.len(), start + good),
        None => (start + good + 1, start + good),
    };
    let said = match words.as_str() {
        "CERTIFICATE" => of_certificate(&data),
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => of_key(&data),
        _ => None,
    };
    let detail = said.map_or_else(|| words.to_lowercase(), |said| format!("{}: {said}", words.to_lowercase()));
    let file = File::new(view, kind, size as u64, start as u64, sound as u64, detail);
    let size = if found.is_none() { file.there } else { file.size };
    Some(File { extension: "pem", size, ..file })
}

/// Base64, lines, and the headers of encrypted keys (RFC 1421).
fn plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"+/=\r\n :-,.".contains(&b)
}

/// The bytes of base64; a line that is a header is left out.
fn decode(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|b| *b == b'\n').filter(|l| !l.contains(&b':'));
    let mut out = Vec::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for b in lines.flatten() {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        held = (held << 6 | u32::from(value)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let [_, _, _, byte] = (held >> bits).to_be_bytes();
            out.push(byte);
        }
    }
    out
}
