//! What an EWF image says of its making: header, hashes.

use super::sections::Section;
use crate::image::detect::Parsed;
use crate::image::fields::Fields;
use std::io::Read;

/// A header's text is small; what unpacks to more is something else.
const MOST: u64 = 64 << 10;

/// Identifiers of the header's columns that are worth showing.
const COLUMNS: [(&str, &str); 8] = [
    ("a", "ewf_description"),
    ("c", "ewf_case"),
    ("n", "ewf_evidence"),
    ("e", "ewf_examiner"),
    ("t", "ewf_notes"),
    ("av", "ewf_written_by"),
    ("ov", "ewf_written_on"),
    ("m", "ewf_acquired"),
];

/// The name of a media type.
pub(super) fn media(kind: u8) -> String {
    match kind {
        0 => "removable disk".to_owned(),
        1 => "fixed disk".to_owned(),
        3 => "optical disc".to_owned(),
        0x0e => "logical files".to_owned(),
        0x10 => "memory".to_owned(),
        n => format!("unknown ({n})"),
    }
}

/// Takes the facts of a section of this kind.
pub(super) fn read(kind: &str, data: &[u8], section: &Section, parsed: &mut Parsed) {
    let f = Fields::new(data, false);
    let hex = |at: u64, len: u64| f.bytes(at, len).map(|b| b.iter().map(|b| format!("{b:02x}")).collect::<String>());
    match kind {
        "header" | "header2" => {
            let bytes = f.bytes(section.data, section.len.min(MOST)).unwrap_or(&[]);
            let mut text = Vec::new();
            let _ = flate2::read::ZlibDecoder::new(bytes).take(MOST).read_to_end(&mut text);
            header(&decode(&text), parsed);
        }
        "hash" => set(parsed, "ewf_md5", hex(section.data, 16)),
        "digest" => {
            set(parsed, "ewf_md5", hex(section.data, 16));
            set(parsed, "ewf_sha1", hex(section.data + 16, 20));
        }
        "error2" => {
            if let Some(n) = f.u32(section.data).filter(|n| *n > 0) {
                parsed
                    .warnings
                    .push(format!("the EWF image records {n} ranges that could not be read when it was made: they hold zeros"));
            }
        }
        _ => {}
    }
}

/// A fact that may stand in several sections; the first counts.
fn set(parsed: &mut Parsed, name: &str, value: Option<String>) {
    if let Some(value) = value.filter(|v| !v.is_empty() && !parsed.details.iter().any(|(n, _)| n == name)) {
        parsed.detail(name, value);
    }
}

/// UTF-16 where a byte order mark says so, else UTF-8 or what looks like it.
fn decode(text: &[u8]) -> String {
    let units = |big: bool| {
        let f = Fields::new(text, big);
        let units: Vec<u16> = (2..).step_by(2).map_while(|at| f.u16(at)).collect();
        String::from_utf16_lossy(&units)
    };
    match text {
        [0xff, 0xfe, ..] => units(false),
        [0xfe, 0xff, ..] => units(true),
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// Lines: number of categories, `main`, identifiers, values; with tabs between.
fn header(text: &str, parsed: &mut Parsed) {
    let mut lines = text.lines().skip_while(|l| l.trim() != "main").skip(1);
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else { return };
    for (name, value) in names.split('\t').zip(values.split('\t')) {
        if let Some((_, shown)) = COLUMNS.iter().find(|(n, _)| *n == name.trim()) {
            let value: String = value.trim().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let time = (name.trim() == "m").then(|| value.parse().ok().and_then(crate::image::calendar::rfc3339)).flatten();
            set(parsed, shown, Some(time.unwrap_or(value)));
        }
    }
}
