//! The page: one file that needs no other, and reaches for none.
//!
//! The image's text comes into it in one place, a block of JSON that no parser of HTML can leave ([`inline`]); the script makes text nodes of
//! it, never markup. What stands in the markup itself goes through [`escaped`]. A Content-Security-Policy forbids everything but
//! the one script and the one style sheet, by their hashes, and pictures within the page: were there a way to bring a script in, it
//! would not run, and nothing could be sent anywhere.

use super::Hashes;
use super::gather::{Filled, Suspicions};
use crate::commands::cells::{Time, is_unsafe};
use crate::commands::hash::FileHash;
use crate::session::Session;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("table.js"), include_str!("page.js"));

/// What the report is about, and who made it when.
pub struct Identity<'a> {
    /// The target.
    pub session: &'a Session,
    /// Its file's fingerprints.
    pub hashes: &'a Hashes,
    /// As the user wrote it.
    pub case: Option<&'a str>,
    /// As the user wrote it.
    pub examiner: Option<&'a str>,
    /// When the first command began.
    pub begun: Time,
    /// When the last one ended.
    pub ended: Time,
    /// Whether the user did not wait for the end.
    pub interrupted: bool,
}

/// What `report.json` says: the image, how each section went, suspicions.
pub fn summary(of: &Identity<'_>, filled: &[Filled], suspicions: &Suspicions) -> Value {
    let facts = of.session.facts();
    let path = match of.session.image().far_file() {
        Some(_) => facts.path.clone(),
        None => std::path::absolute(&facts.path).unwrap_or_else(|_| facts.path.clone()),
    };
    let path = if of.session.embedded().is_some() { "the sample inside memsh".into() } else { path.to_string_lossy() };
    let sections: Vec<Value> = filled
        .iter()
        .map(|f| {
            json!({"section": f.id, "title": f.title, "command": f.command, "status": f.status(), "rows": f.total,
                "in_page": f.rows.len(), "note": f.note()})
        })
        .collect();
    json!({
        "case": of.case,
        "examiner": of.examiner,
        "image": {
            "path": path,
            "format": facts.format,
            "size": facts.size,
            "memory_size": facts.memory_size,
            "live": of.session.is_live(),
            "warnings": facts.warnings,
            "changed": of.hashes.why,
        },
        "sha256": {
            "before": of.hashes.before.first().map(|f| &f.sha256),
            "after": of.hashes.after.first().map(|f| &f.sha256),
            "verdict": of.hashes.status(),
            "files": {"before": of.hashes.before, "after": of.hashes.after},
        },
        "tool": crate::built::line(),
        "command_line": std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>(),
        "begun": of.begun,
        "ended": of.ended,
        "interrupted": of.interrupted,
        "suspicions": {"total": suspicions.total, "shown": suspicions.shown},
        "sections": sections,
    })
}

/// The page.
pub fn page(of: &Identity<'_>, summary: &Value, filled: &[Filled], suspicions: &Suspicions, picture: Option<&[u8]>) -> String {
    let data = json!({"summary": summary, "sections": filled, "suspicions": suspicions.shown});
    let name = of.case.unwrap_or_else(|| of.session.name());
    let title = format!("memsh report: {name}");
    let (head, verdict) = verdict(of);
    let mut out = String::with_capacity(1 << 20);
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(SCRIPT)),
        base64(&Sha256::digest(STYLE)),
    );
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><p class=\"verdict {head}\" id=\"verdict\">{verdict}</p></header>\n",
        policy = escaped(&policy),
        title = escaped(&title),
        verdict = escaped(&verdict),
    );
    out.push_str("<noscript><p class=\"verdict bad\">The tables of this page are drawn by its script, which is not running here. The folders json and csv beside it have the same data.</p></noscript>\n");
    out.push_str("<div id=\"frame\"><nav id=\"nav\"></nav><main id=\"main\"></main></div>\n");
    if let Some(png) = picture {
        let _ = writeln!(
            out,
            "<template id=\"picture\"><img alt=\"What physical memory is used for\" src=\"data:image/png;base64,{}\"></template>",
            base64(png)
        );
    }
    let _ = write!(
        out,
        "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        inline(&data)
    );
    out
}

/// What the hashes say, in a word for the style sheet and a sentence.
fn verdict(of: &Identity<'_>) -> (&'static str, String) {
    let hashes = of.hashes;
    let all = |files: &[FileHash]| match files {
        [one] => one.sha256.clone(),
        several => several.iter().map(|f| format!("{} ({})", f.sha256, f.path)).collect::<Vec<_>>().join(", "),
    };
    match hashes.status() {
        "same" => ("good", format!("The image did not change: SHA-256 {} before the report and after it.", all(&hashes.before))),
        "changed" if hashes.differing().next().is_some() => (
            "bad",
            format!(
                "THE IMAGE CHANGED WHILE THIS REPORT WAS MADE. SHA-256 {} before, {} after. Nothing on this page can be relied on.",
                all(&hashes.before),
                all(&hashes.after)
            ),
        ),
        "changed" => (
            "bad",
            format!(
                "THE IMAGE CHANGED AFTER IT WAS OPENED: {}. SHA-256 {} when this report was begun. What was read before may differ from that. \
                 Nothing on this page can be relied on.",
                hashes.why.as_deref().unwrap_or("it is not known how"),
                all(&hashes.before)
            ),
        ),
        _ if !hashes.before.is_empty() => (
            "unsure",
            format!(
                "This report was interrupted: sections are missing, and the image was not hashed again. SHA-256 before: {}.",
                all(&hashes.before)
            ),
        ),
        _ => (
            "unsure",
            "The target is no file: there is nothing to hash, and it may have changed while this report was made.".to_owned(),
        ),
    }
}

/// JSON inside of a script element: the same value, without anything that ends the element, begins a comment or is a line's end to a
/// parser of JavaScript.
pub fn inline(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            // All of these stand inside of strings only.
            '<' | '>' | '&' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Text inside of markup or of an attribute in quotes; what would move or hide text is written out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// RFC 4648, with padding.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |i: usize| three.get(i).copied().map_or(0, u32::from);
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4u32 {
            let letter = usize::try_from(bits >> (18 - 6 * i) & 63).ok().and_then(|n| LETTERS.get(n));
            match letter {
                Some(letter) if usize::try_from(i).is_ok_and(|i| i <= three.len()) => out.push(char::from(*letter)),
                _ => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, code) in cases {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }

    #[test]
    fn nothing_ends_the_script() {
        let hostile = "</script><script>alert(1)</script><!-- \u{2028}\u{202e}\u{0}]]>&lt;";
        let text = inline(&json!({ hostile: hostile }));
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{202e}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({ hostile: hostile }));
        assert_eq!(escaped("<b a='\"'>&\u{202e}"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\\u{202e}");
    }

    #[test]
    fn the_script_and_the_style_hold_nothing_that_would_end_them() {
        assert!(!SCRIPT.to_lowercase().contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.to_lowercase().contains("</style") && !STYLE.contains("url(") && !STYLE.contains("@import"));
        for forbidden in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http:", "https:"]
        {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }

    proptest! {
        #[test]
        fn inline_json_is_the_same_value_and_harmless(text: String) {
            let safe = inline(&json!(text.clone()));
            prop_assert!(!safe.contains(['<', '>', '&']) && !safe.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }

        #[test]
        fn escaped_text_has_no_markup(text: String) {
            prop_assert!(!escaped(&text).contains(['<', '>', '"', '\'']));
        }
    }
}
