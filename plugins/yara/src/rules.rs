//! Compiling.

use crate::request::Request;
use crate::{cache, sources};
use memsh_plugin::{ApiError, Status};
use sha2::Digest;
use std::io::IsTerminal;
use yara_x::{Compiler, Rules, SourceCode};

/// Another version of the crate compiles to something else: a change of `Cargo.toml` changes this line.
const MADE_BY: &str = concat!("yara-x 1.22.1, memsh-yara ", env!("CARGO_PKG_VERSION"));
/// Errors after these are counted only.
const SHOWN: usize = 20;

fn invalid(text: String) -> ApiError {
    ApiError::new(Status::INVALID, text)
}

/// The rules that are asked for: kept ones, else compiled now.
pub fn ready(request: &Request, tell: &dyn Fn(String)) -> Result<Rules, ApiError> {
    let sources = sources::gather(&request.rules)?;
    let cache = request.cache.as_deref().zip(digest(request, &sources));
    if let Some((folder, digest)) = cache.as_ref().filter(|_| !request.warnings)
        && let Some(rules) = cache::load(folder, digest)
    {
        return Ok(rules);
    }
    let rules = compile(request, &sources, tell)?;
    if let Some((folder, digest)) = &cache {
        cache::keep(folder, digest, &rules);
    }
    Ok(rules)
}

fn digest(request: &Request, sources: &[sources::Source]) -> Option<String> {
    let mut hash = sources::digest(sources)?;
    sources::part(&mut hash, MADE_BY.as_bytes());
    request.define.iter().for_each(|d| sources::part(&mut hash, d.as_bytes()));
    sources::part(&mut hash, &[u8::from(request.relaxed)]);
    Some(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

fn compile(request: &Request, sources: &[sources::Source], tell: &dyn Fn(String)) -> Result<Rules, ApiError> {
    let mut compiler = Compiler::new();
    compiler.colorize_errors(request.color).relaxed_re_syntax(request.relaxed);
    sources::folders(sources).iter().for_each(|f| {
        compiler.add_include_dir(f);
    });
    for line in &request.define {
        define(&mut compiler, line)?;
    }
    for source in sources {
        compiler.new_namespace(source.namespace.as_deref().unwrap_or("default"));
        let origin = source.path.display().to_string();
        // The compiler keeps its errors, of all the files.
        let _ = compiler.add_source(SourceCode::from(source.text.as_slice()).with_origin(origin));
    }
    if !compiler.errors().is_empty() {
        let reports: Vec<String> = compiler.errors().iter().map(ToString::to_string).collect();
        return Err(refused(&reports, request.color));
    }
    if request.warnings {
        compiler.warnings().iter().for_each(|w| shown(&w.to_string(), request.color));
    }
    for (rule, _) in compiler.ignored_rules() {
        tell(format!("the rule {rule}, which was left out"));
    }
    Ok(compiler.build())
}

/// `NAME=VALUE`: a number, `true` or `false`, else text. Quotes make text of anything.
fn define(compiler: &mut Compiler<'_>, line: &str) -> Result<(), ApiError> {
    let (name, value) = line.split_once('=').ok_or_else(|| invalid(format!("{line:?} is not NAME=VALUE")))?;
    let name = name.trim();
    let done = match value.trim() {
        "true" => compiler.define_global(name, true).map(drop),
        "false" => compiler.define_global(name, false).map(drop),
        text => {
            let hex = text.strip_prefix("0x").and_then(|h| i64::from_str_radix(h, 16).ok());
            let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
            match (hex.or_else(|| text.parse().ok()), text.parse::<f64>().ok().filter(|f| f.is_finite()), quoted) {
                (Some(number), ..) => compiler.define_global(name, number).map(drop),
                (None, Some(number), _) => compiler.define_global(name, number).map(drop),
                (None, None, text) => compiler.define_global(name, text.unwrap_or(value)).map(drop),
            }
        }
    };
    done.map_err(|e| invalid(format!("can't define {name}: {e}")))
}

/// The compiler's reports: in colours on stderr, where a person sees them, else as the error's text.
fn refused(reports: &[String], color: bool) -> ApiError {
    let many = match reports.len() {
        1 => "the rules do not compile".to_owned(),
        n => format!("the rules do not compile: {n} errors"),
    };
    let more = reports.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("\n... and {more} more") } else { String::new() };
    let text = reports.iter().take(SHOWN).map(|r| r.trim_end()).collect::<Vec<_>>().join("\n");
    if color && std::io::stderr().is_terminal() {
        shown(&format!("{text}{more}"), true);
        return invalid(many);
    }
    invalid(format!("{many}\n{text}{more}"))
}

fn shown(text: &str, color: bool) {
    // Colours are the compiler's; any other control character is the file's.
    let plain = |c: char| c == '\n' || !c.is_control() || (color && c == '\u{1b}');
    eprintln!("{}", text.chars().map(|c| if plain(c) { c } else { '\u{fffd}' }).collect::<String>());
}
