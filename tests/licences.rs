//! What memsh depends on: under which licences, from where, and in how many versions. The rules stand in `deny.toml`; what is asked is cargo, offline.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Other workspaces of the repository, looked at where cargo has downloaded what they need.
const OTHERS: &[&str] = &[
    "benches/peer",
    "examples/plugins/rust",
    "fuzz",
    "plugins/emulate",
    "plugins/memflow-bridge",
    "plugins/memflow-memsh",
    "plugins/yara",
];

struct Rules {
    allow: BTreeSet<String>,
    exceptions: BTreeMap<String, String>,
    registries: Vec<String>,
    skip: BTreeSet<String>,
}

/// The quoted texts of a line that is no comment.
fn quoted(line: &str) -> Vec<String> {
    let line = line.trim_start();
    if line.starts_with('#') { Vec::new() } else { line.split('"').skip(1).step_by(2).map(str::to_owned).collect() }
}

/// Reads `deny.toml`, as far as it is used: arrays whose members have a line each.
fn rules() -> Rules {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let array = |key: &str| -> Vec<Vec<String>> {
        let start = format!("{key} = [");
        let at = text.find(&format!("\n{start}")).unwrap_or_else(|| panic!("deny.toml has no {key}"));
        let body = &text[at + 1 + start.len()..];
        // The end stands at the beginning of a line, or on the first.
        let first = body.lines().next().unwrap();
        if first.contains(']') {
            return vec![quoted(first)];
        }
        body[..body.find("\n]").unwrap()].lines().map(quoted).filter(|l| !l.is_empty()).collect()
    };
    Rules {
        allow: array("allow").into_iter().flatten().collect(),
        exceptions: array("exceptions").into_iter().map(|l| (l[0].clone(), l[1].clone())).collect(),
        registries: array("allow-registry").into_iter().flatten().collect(),
        skip: array("skip").into_iter().map(|l| l[0].clone()).collect(),
    }
}

/// Whether an expression of SPDX can be met with licences that `good` takes; an old `/` is an `OR`.
fn met(expression: &str, good: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let value = either(&words, &mut at, good);
    value && at == words.len()
}

fn either(words: &[&str], at: &mut usize, good: &dyn Fn(&str) -> bool) -> bool {
    let mut value = both(words, at, good);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        value |= both(words, at, good);
    }
    value
}

fn both(words: &[&str], at: &mut usize, good: &dyn Fn(&str) -> bool) -> bool {
    let mut value = one(words, at, good);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        value &= one(words, at, good);
    }
    value
}

fn one(words: &[&str], at: &mut usize, good: &dyn Fn(&str) -> bool) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let value = either(words, at, good);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return value && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return good(&format!("{word} WITH {exception}")) || good(word);
    }
    good(word)
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let good = |l: &str| matches!(l, "MIT" | "Zlib");
    for yes in
        ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Zlib", "MIT WITH something", "GPL-3.0 OR MIT AND Zlib"]
    {
        assert!(met(yes, &good), "{yes}");
    }
    for no in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "MIT Zlib", "(GPL-3.0 OR BSD) AND MIT", "GPL-3.0 WITH MIT"] {
        assert!(!met(no, &good), "{no}");
    }
}

/// What cargo knows of a workspace without a network: for every system, or, where it has only that, for this one.
fn packages(folder: &Path) -> Option<(Vec<Value>, bool)> {
    let host = String::from_utf8(Command::new("rustc").arg("-vV").output().unwrap().stdout).unwrap();
    let host = host.lines().find_map(|l| l.strip_prefix("host: ")).unwrap().to_owned();
    [&[][..], &["--filter-platform", &host]].into_iter().enumerate().find_map(|(i, more)| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--format-version", "1", "--locked", "--offline"]).args(more).current_dir(folder);
        let output = cargo.output().unwrap();
        let value: Value = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())?;
        Some((value["packages"].as_array().unwrap().clone(), i == 0))
    })
}

fn text<'v>(package: &'v Value, key: &str) -> &'v str {
    package[key].as_str().unwrap_or_default()
}

/// What is wrong with packages: licences, and where they come from.
fn wrong(packages: &[Value], rules: &Rules, repository: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for p in packages {
        let (name, version, licence) = (text(p, "name"), text(p, "version"), text(p, "license"));
        let good = |l: &str| rules.allow.contains(l) || rules.exceptions.get(name).is_some_and(|e| e == l);
        // Crates that nobody publishes need not say theirs.
        let own = p["source"].is_null();
        if !(met(licence, &good) || own && licence.is_empty()) {
            found.push(format!("{name} {version} has the licence {licence:?}, which deny.toml does not allow"));
        }
        if own {
            let place = Path::new(text(p, "manifest_path"));
            if !place.starts_with(repository) {
                found.push(format!("{name} {version} comes from {}, outside of the repository", place.display()));
            }
        } else if !rules.registries.iter().any(|r| text(p, "source") == format!("registry+{r}")) {
            found.push(format!("{name} {version} comes from {}, which deny.toml does not know", text(p, "source")));
        }
    }
    found
}

fn versions(packages: &[Value]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for p in packages {
        all.entry(text(p, "name")).or_default().insert(text(p, "version"));
    }
    all
}

/// Versions of crates that are there in several, and that deny.toml does not excuse.
fn doubled(packages: &[Value], rules: &Rules) -> Vec<String> {
    let excused = |name: &str, version: &str| rules.skip.contains(&format!("{name}@{version}"));
    let all = versions(packages).into_iter();
    let left = all.map(|(name, all)| (name, all.into_iter().filter(|v| !excused(name, v)).collect::<Vec<_>>()));
    left.filter(|(_, left)| left.len() > 1).map(|(name, left)| format!("{name} in versions {}", left.join(" and "))).collect()
}

#[test]
fn dependencies_keep_the_rules() {
    let rules = rules();
    assert!(
        rules.allow.len() > 10 && rules.allow.contains("MIT") && rules.registries.len() == 1,
        "deny.toml is not read as it should be"
    );
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (all, complete) = packages(repository).expect("cargo metadata of what was just built");
    assert!(all.len() > 100, "{}", all.len());
    let mut found = wrong(&all, &rules, repository);
    found.extend(doubled(&all, &rules));
    if complete {
        let there = versions(&all);
        let stale =
            |s: &&String| s.split_once('@').is_none_or(|(n, v)| there.get(n).is_none_or(|all| all.len() < 2 || !all.contains(v)));
        found.extend(rules.skip.iter().filter(stale).map(|s| format!("deny.toml excuses {s}, which is not there twice")));
    } else {
        eprintln!("only for this system: cargo has not downloaded what other systems need");
    }
    for other in OTHERS {
        match packages(&repository.join(other)) {
            Some((all, _)) => found.extend(wrong(&all, &rules, repository).into_iter().map(|w| format!("{other}: {w}"))),
            None => eprintln!("skipped: {other}, of which cargo has not downloaded what it needs"),
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_breaks_the_rules_is_found() {
    let rules = rules();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let registry = format!("registry+{}", rules.registries[0]);
    let package = |name: &str, version: &str, licence: &str, source: Value| {
        let place = if source.is_null() { "/elsewhere/Cargo.toml" } else { "" };
        serde_json::json!({"name": name, "version": version, "license": licence, "source": source, "manifest_path": place})
    };
    let good = package("a", "1.0.0", "MIT", registry.as_str().into());
    assert!(wrong(std::slice::from_ref(&good), &rules, repository).is_empty());
    for (bad, says) in [
        (package("a", "1.0.0", "GPL-3.0", registry.as_str().into()), "GPL-3.0"),
        (package("a", "1.0.0", "", registry.as_str().into()), "licence"),
        (package("a", "1.0.0", "GPL-2.0", registry.as_str().into()), "GPL-2.0"),
        (package("a", "1.0.0", "MIT", "git+https://example.org/a#1".into()), "does not know"),
        (package("a", "1.0.0", "MIT", Value::Null), "outside of the repository"),
    ] {
        let found = wrong(&[bad], &rules, repository);
        assert!(found.len() == 1 && found[0].contains(says), "{found:?}");
    }
    assert!(wrong(&[package("unicorn-engine", "2.1.3", "GPL-2.0", registry.as_str().into())], &rules, repository).is_empty());
    let twice = [good.clone(), package("a", "2.0.0", "MIT", registry.as_str().into())];
    assert_eq!(doubled(&twice, &rules), ["a in versions 1.0.0 and 2.0.0"]);
    assert!(doubled(&[good], &rules).is_empty());
}
