//! Makes the type tables under `assets/types` from debug information.
//!
//! ```text
//! type-table table RELEASE MACHINE SOURCE WANTED OUT FILE...   one table, as text; FILE: vmlinux and modules with DWARF or BTF
//! type-table narrow WANTED OUT TABLE                            of a table only what is asked for, with what is embedded in it
//! type-table pack OUT TABLE...                                 tables of one machine in one compressed file
//! type-table list FILE                                         what is in such a file
//! ```

use memsh::symbols::tables::{Facts, Reach, Table, write};
use memsh::symbols::{Btf, Types, load};
use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["table", release, machine, source, wanted, out, files @ ..] if !files.is_empty() => {
            let mut sources: Vec<Arc<dyn Types>> = Vec::new();
            for file in files {
                for f in load(Path::new(file))?.files {
                    if let Some(types) = f.types {
                        sources.push(types);
                    } else if let Some(btf) = f.btf {
                        sources.push(Arc::new(Btf::parse(btf)?));
                    }
                }
            }
            let wanted = std::fs::read_to_string(wanted)?;
            let wanted = names(&wanted);
            let facts = Facts {
                release: (*release).to_owned(),
                machine: (*machine).to_owned(),
                pointer: if ["x86", "arm"].contains(machine) { 4 } else { 8 },
                source: (*source).to_owned(),
            };
            let sources: Vec<&dyn Types> = sources.iter().map(|s| &**s).collect();
            let text = write(&facts, &wanted, &sources, Reach::Pointed);
            // What can't be read again shall not be shipped.
            for table in Table::all(&text) {
                let store = table.read(String::new())?;
                let missing: Vec<&str> = wanted.iter().copied().filter(|w| store.find(w).is_none()).collect();
                eprintln!("{release}: {} bytes, {} types, not there: {}", text.len(), store.len(), missing.join(" "));
            }
            std::fs::write(out, text)?;
        }
        ["narrow", wanted, out, table] => {
            let (wanted, text) = (std::fs::read_to_string(wanted)?, std::fs::read_to_string(table)?);
            let tables = Table::all(&text);
            let [table] = tables.as_slice() else { return Err(format!("{table}: not one table").into()) };
            let narrow = write(&table.facts, &names(&wanted), &[&table.read(String::new())?], Reach::Embedded);
            let narrow = keep(&text, &narrow);
            eprintln!("{out}: {} bytes of {}", narrow.len(), text.len());
            std::fs::write(out, narrow)?;
        }
        ["pack", out, tables @ ..] if !tables.is_empty() => {
            let mut all = String::new();
            for table in tables {
                all.push_str(&std::fs::read_to_string(table)?);
            }
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 22)?;
            encoder.window_log(24)?;
            encoder.long_distance_matching(true)?;
            std::io::Write::write_all(&mut encoder, all.as_bytes())?;
            let packed = encoder.finish()?;
            eprintln!("{out}: {} tables, {} bytes of {}", tables.len(), packed.len(), all.len());
            std::fs::write(out, packed)?;
        }
        ["list", file] => {
            let text = String::from_utf8(zstd::decode_all(std::fs::File::open(file)?)?)?;
            for t in Table::all(&text) {
                println!("{} {}: {}", t.facts.release, t.facts.machine, t.facts.source);
            }
        }
        _ => return Err("usage: type-table table|pack|list ...; see the head of examples/type-table.rs".into()),
    }
    Ok(())
}

/// The names in a list with comments.
fn names(list: &str) -> Vec<&str> {
    list.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
}

/// The definitions of a table that another one has as well, word by word: what is read and written again has lost the names of what
/// is not defined.
fn keep(text: &str, other: &str) -> String {
    let others: HashSet<&str> = other.lines().filter_map(defined).collect();
    let mut kept = true;
    let mut out = String::new();
    for line in text.lines() {
        if let Some(name) = defined(line) {
            kept = others.contains(name);
        }
        if kept {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// What a line begins the definition of, with its kind; none where it begins none.
fn defined(line: &str) -> Option<&str> {
    match line.get(..2)? {
        "s " | "u " | "e " | "t " => Some(line.match_indices(' ').nth(1).map_or(line, |(at, _)| line.get(..at).unwrap_or(line))),
        "b " => Some(line),
        _ => None,
    }
}
