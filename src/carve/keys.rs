//! Certificates (RFC 5280) and private keys (PKCS #1, PKCS #8, SEC 1) as DER. All of the outer structure is checked.

use super::der::{BITS, FIRST, INTEGER, OCTETS, OID, SEQUENCE, SET, expect, header, next};
use super::{File, Kind, View};

/// 2.5.4.3, commonName; 2.5.4.10, organizationName.
const COMMON: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// What is said of a value, which is checked where all of it is there.
fn found(view: &View<'_>, kind: Kind, check: fn(&[u8]) -> Option<String>, begins: fn(&[u8]) -> bool) -> Option<File> {
    let (head, length) = header(&view.head(4))?;
    let size = head + length;
    let bytes = view.upto(0, size);
    if bytes.len() == size {
        let detail = check(&bytes)?;
        let size = size as u64;
        return Some(File::new(view, kind, size, 0, size, detail));
    }
    // Half of one must begin so that it can be nothing else.
    let inside = bytes.get(head..)?;
    begins(inside).then(|| File::new(view, kind, size as u64, 64, bytes.len() as u64, "cut off".to_owned()))
}

/// A certificate.
pub fn certificate(view: &View<'_>) -> Option<File> {
    // A sequence with a version and a number in it.
    found(view, Kind::Cert, of_certificate, |b| {
        header(b).and_then(|(n, _)| b.get(n..)).is_some_and(|b| b.starts_with(&[FIRST, 3, 2, 1]))
    })
}

/// A private key.
pub fn key(view: &View<'_>) -> Option<File> {
    // A version and what only these keys have behind it: a modulus of a usual size, or an algorithm of RSA.
    const RSA: &[u8] = &[0x30, 13, OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1];
    found(view, Kind::Key, of_key, |b| b.strip_prefix(&[INTEGER, 1, 0]).is_some_and(|b| b.starts_with(RSA)))
}

/// What a certificate says; None where the bytes are none.
pub fn of_certificate(bytes: &[u8]) -> Option<String> {
    let (outer, []) = expect(bytes, SEQUENCE)? else { return None };
    let (body, rest) = expect(outer, SEQUENCE)?;
    let (algorithm, rest) = expect(rest, SEQUENCE)?;
    let (signature, []) = expect(rest, BITS)? else { return None };
    expect(algorithm, OID)?;
    let mut at = body;
    if let Some((version, rest)) = expect(at, FIRST) {
        expect(version, INTEGER)?;
        at = rest;
    }
    let (_, at) = expect(at, INTEGER)?;
    let (inner, at) = expect(at, SEQUENCE)?;
    let (issuer, at) = expect(at, SEQUENCE)?;
    let (validity, at) = expect(at, SEQUENCE)?;
    let (subject, at) = expect(at, SEQUENCE)?;
    let (key, _) = expect(at, SEQUENCE)?;
    let (_, bits) = expect(key, SEQUENCE)?;
    expect(bits, BITS)?;
    // The algorithm is named twice, alike.
    if inner != algorithm || signature.is_empty() {
        return None;
    }
    let until = next(validity).and_then(|from| next(from.rest)).map(|until| day(until.tag, until.content))?;
    let until = until.map(|day| format!(", until {day}")).unwrap_or_default();
    let own = name(subject).unwrap_or_else(|| "no name".to_owned());
    let by =
        if issuer == subject { ", by itself".to_owned() } else { name(issuer).map(|n| format!(", by {n}")).unwrap_or_default() };
    Some(format!("{own}{by}{until}"))
}

/// The common name, else the organization, of a name.
fn name(mut bytes: &[u8]) -> Option<String> {
    let mut organization = None;
    while let Some((set, rest)) = expect(bytes, SET) {
        bytes = rest;
        let (pair, _) = expect(set, SEQUENCE)?;
        let (kind, value) = expect(pair, OID)?;
        let value = next(value)?;
        let text = match value.tag {
            // BMPString.
            0x1e => {
                let units: Vec<u16> = value.content.as_chunks::<2>().0.iter().map(|u| u16::from_be_bytes(*u)).collect();
                String::from_utf16_lossy(&units)
            }
            _ => String::from_utf8_lossy(value.content).into_owned(),
        };
        match kind {
            COMMON => return Some(text),
            ORGANIZATION => organization = Some(text),
            _ => {}
        }
    }
    organization
}

/// `2031-05-06` of a UTCTime or GeneralizedTime.
fn day(tag: u8, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.is_ascii())?;
    let (year, rest) = match tag {
        0x17 => {
            let (year, rest) = text.split_at_checked(2)?;
            // RFC 5280, 4.1.2.5.1.
            (format!("{}{year}", if year < "50" { "20" } else { "19" }), rest)
        }
        0x18 => text.split_at_checked(4).map(|(y, r)| (y.to_owned(), r))?,
        _ => return None,
    };
    let digits = rest.get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    Some(format!("{year}-{}-{}", digits.get(..2)?, digits.get(2..)?))
}

/// What a private key is; None where the bytes are none.
pub fn of_key(bytes: &[u8]) -> Option<String> {
    let (body, []) = expect(bytes, SEQUENCE)? else { return None };
    let (version, rest) = expect(body, INTEGER)?;
    let first = next(rest)?;
    match (version, first.tag) {
        ([0], INTEGER) => of_rsa(rest),
        ([0 | 1], SEQUENCE) => {
            let (oid, parameters) = expect(first.content, OID)?;
            let (secret, _) = expect(first.rest, OCTETS)?;
            Some(match oid {
                [0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1] => of_key(secret)?,
                [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => format!("EC{}", expect(parameters, OID).map_or("", |(c, _)| curve(c))),
                [0x2b, 0x65, 0x70] => "Ed25519".to_owned(),
                [0x2b, 0x65, 0x71] => "Ed448".to_owned(),
                [0x2b, 0x65, 0x6e] => "X25519".to_owned(),
                [0x2b, 0x65, 0x6f] => "X448".to_owned(),
                _ => return None,
            })
        }
        ([1], OCTETS) if (20..=66).contains(&first.content.len()) => {
            let (parameters, _) = expect(first.rest, FIRST)?;
            Some(format!("EC{}", expect(parameters, OID).map_or("", |(c, _)| curve(c))))
        }
        _ => None,
    }
}

/// RFC 8017, A.1.2: modulus, exponents, primes, and what follows from them.
fn of_rsa(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let mut sizes = [0; 8];
    for size in &mut sizes {
        let (number, behind) = expect(rest, INTEGER)?;
        *size = number.strip_prefix(&[0]).unwrap_or(number).len();
        rest = behind;
    }
    let [modulus, public, private, p, q, ..] = sizes;
    let sane =
        rest.is_empty() && modulus >= 64 && public <= 8 && private <= modulus && p + q >= modulus && p < modulus && q < modulus;
    sane.then(|| format!("RSA, {} bits", modulus * 8))
}

fn curve(oid: &[u8]) -> &'static str {
    match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => ", P-256",
        [0x2b, 0x81, 4, 0, 34] => ", P-384",
        [0x2b, 0x81, 4, 0, 35] => ", P-521",
        [0x2b, 0x81, 4, 0, 10] => ", secp256k1",
        _ => "",
    }
}
