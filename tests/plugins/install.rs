//! Installing, upgrading, removing.

use super::built::{Folder, example, old, patched, quickly, run};
use super::cli::{Run, hex, repository, sha256};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};
use tempfile::TempDir;

/// A user with a home of their own, in which nothing is installed yet.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.file("data/memsh/plugins")
    }

    fn installed(&self, name: &str) -> PathBuf {
        self.store().join(format!("{name}.{}", env::consts::DLL_EXTENSION))
    }

    fn memsh(&self, words: &[&str]) -> Run {
        run(Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
            .args(words)
            .current_dir(self.home.path())
            .env_remove("MEMSH_PLUGIN_PATH")
            .env("XDG_DATA_HOME", self.file("data"))
            .env("XDG_CONFIG_HOME", self.file("config"))
            .env("XDG_CACHE_HOME", "/dev/null")
            .env("CARGO", env!("CARGO"))
            .envs(quickly())
            .stdin(Stdio::null()))
    }

    /// The rows of words that must go well.
    fn rows(&self, words: &[&str]) -> Vec<Value> {
        let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let run = self.memsh(&all);
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {}", run.stdout));
        crate::built::held(words, &answer);
        answer.as_array().unwrap().clone()
    }

    /// Words that must fail, saying all of this, and leave the folder of plugins as it is.
    fn refused(&self, words: &[&str], why: &[&str]) {
        let before = self.listing();
        let run = self.memsh(words);
        assert!((1..=2).contains(&run.status), "{words:?}: {} {}", run.status, run.stdout);
        for w in why {
            assert!(run.stderr.contains(w), "{words:?}: {w} is not in {}", run.stderr);
        }
        assert_eq!(self.listing(), before, "{words:?}");
    }

    /// Every file of the folder of plugins, and a digest of it.
    fn listing(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut open = vec![self.store()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => open.push(path),
                    path => out.push((path.display().to_string(), sha256(&fs::read(&path).unwrap()))),
                }
            }
        }
        out.sort();
        out
    }
}

fn machine() -> String {
    format!("{}-{}", env::consts::ARCH, env::consts::OS)
}

fn of_version(version: &str) -> Vec<u8> {
    patched(example(), b"version 0.1.0\n", format!("version {version}\n").as_bytes())
}

/// A registry with one plugin, signed by a key of the test's.
struct Registry {
    folder: TempDir,
    key: SigningKey,
    versions: Vec<Value>,
}

impl Registry {
    fn new(seed: u8) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: SigningKey::from_bytes(&[seed; 32]), versions: Vec::new() }
    }

    fn public(&self) -> String {
        hex(self.key.verifying_key().as_bytes())
    }

    fn path(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// Adds a release, and writes the index.
    fn add(&mut self, version: &str, channel: &str, target: &str, bytes: &[u8]) {
        let file = format!("files/demo-{version}-{target}");
        fs::create_dir_all(self.folder.path().join("files")).unwrap();
        fs::write(self.folder.path().join(&file), bytes).unwrap();
        let sha256 = sha256(bytes);
        let text = format!("memsh plugin 1\nname demo\nversion {version}\nchannel {channel}\ntarget {target}\nsha256 {sha256}\n");
        let signature = hex(&self.key.sign(text.as_bytes()).to_bytes());
        let file = json!({ "target": target, "file": file, "sha256": sha256, "signature": signature, "key": self.public() });
        self.versions.push(json!({ "version": version, "channel": channel, "files": [file] }));
        self.write();
    }

    fn write(&self) {
        let index =
            json!({ "memsh_index": 1, "plugins": [{ "name": "demo", "description": "an example", "versions": self.versions }] });
        fs::write(self.folder.path().join("index.json"), index.to_string()).unwrap();
    }
}

#[test]
fn a_file_is_installed_used_and_removed() {
    let user = User::new();
    let file = example().to_str().unwrap();
    let rows = user.rows(&["plugins", "install", file]);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|r| r["result"] == "installed" && r["package"] == "memsh_example_plugin"), "{rows:?}");
    let path = user.installed("memsh_example_plugin");
    assert_eq!(rows[0]["path"], path.display().to_string());
    assert_eq!(rows[0]["sha256"], sha256(&fs::read(&path).unwrap()));
    assert_eq!(user.rows(&["sample", "oldest", "2"]).len(), 2);
    assert!(user.rows(&["plugins", "install", file]).iter().all(|r| r["result"] == "current"));
    // Damaged since: it is put there again.
    fs::write(&path, b"rubbish").unwrap();
    assert!(user.rows(&["plugins", "install", file]).iter().all(|r| r["result"] == "replaced"));
    let removed = user.rows(&["plugins", "remove", "oldest"]);
    assert!(removed.iter().all(|r| r["result"] == "removed"));
    assert!(!path.exists());
    user.refused(&["plugins", "remove", "oldest"], &["no package oldest was installed in"]);
    assert_eq!(fs::read_dir(user.store()).unwrap().count(), 1, "only the record is left");
}

#[test]
fn what_cannot_be_used_is_not_installed() {
    let user = User::new();
    user.rows(&["plugins", "install", example().to_str().unwrap()]);
    user.refused(&["plugins", "install", old().to_str().unwrap()], &["old_plugin can't be used: found ABI 1", "build it again"]);
    fs::write(user.file("notes.so"), b"text").unwrap();
    user.refused(&["plugins", "install", "notes.so"], &["notes is no shared object"]);
    user.refused(&["plugins", "install", "nothing"], &["there is no nothing", "--index"]);
    user.refused(&["plugins", "install", "/bin/sh"], &["sh is no plugin of memsh"]);
    let cut = fs::read(example()).unwrap();
    fs::write(user.file("memsh_example_plugin.so"), &cut[..cut.len() / 2]).unwrap();
    user.refused(&["plugins", "install", "memsh_example_plugin.so"], &["damaged or truncated"]);
    fs::create_dir(user.file("empty")).unwrap();
    user.refused(&["plugins", "install", "empty"], &["no Cargo.toml, and 0 shared objects"]);
    user.refused(&["plugins", "install", "https://localhost:1/index.json"], &["can't read https://localhost:1/index.json"]);
    // A file that memsh did not put there is not touched.
    fs::write(user.installed("mine"), b"mine").unwrap();
    fs::copy(example(), user.file("mine.so")).unwrap();
    user.refused(&["plugins", "install", "mine.so"], &["is there already, and memsh did not install it"]);
    // A record that makes no sense is not overwritten.
    fs::write(user.store().join("installed.json"), b"{").unwrap();
    user.refused(&["plugins", "install", old().to_str().unwrap()], &["old_plugin"]);
    user.refused(&["plugins", "install", example().to_str().unwrap()], &["is no record of installed plugins"]);
    let path =
        json!({"memsh_installed": 1, "packages": [{"name": "../../x", "sha256": "", "origin": {"path": "/"}, "plugins": []}]});
    fs::write(user.store().join("installed.json"), path.to_string()).unwrap();
    user.refused(&["plugins", "remove", "../../x"], &["is no name of a package"]);
}

#[test]
fn a_crate_is_built_and_installed() {
    let user = User::new();
    // A crate that has no dependencies builds in no time; it is no plugin.
    let empty = user.file("empty");
    fs::create_dir_all(empty.join("src")).unwrap();
    let manifest = "[workspace]\n[package]\nname = \"empty\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n";
    fs::write(empty.join("Cargo.toml"), manifest).unwrap();
    fs::write(empty.join("src/lib.rs"), "").unwrap();
    user.refused(&["plugins", "install", "empty"], &["empty is no plugin of memsh"]);
    fs::write(empty.join("src/lib.rs"), "fn").unwrap();
    user.refused(&["plugins", "install", "empty"], &["does not build", "error"]);
    fs::write(empty.join("src/lib.rs"), "").unwrap();
    fs::write(empty.join("Cargo.toml"), manifest.replace("cdylib", "rlib")).unwrap();
    user.refused(&["plugins", "install", "empty"], &["builds to 0 shared objects"]);
    let crate_ = repository("examples/plugins/rust");
    let rows = user.rows(&["plugins", "install", crate_.to_str().unwrap()]);
    assert_eq!((rows.len(), &rows[0]["result"]), (3, &json!("installed")));
    assert_eq!(user.rows(&["sample", "oldest", "1"]).len(), 1);
    assert!(user.rows(&["plugins", "upgrade"]).iter().all(|r| r["result"] == "current"));
}

#[test]
fn an_index_gives_the_newest_release_of_its_channel() {
    let user = User::new();
    let mut registry = Registry::new(1);
    registry.add("0.2.0", "stable", &machine(), &of_version("0.2.0"));
    registry.add("0.3.0", "dev", &machine(), &of_version("0.3.0"));
    registry.add("0.9.0", "stable", "sparc-solaris", b"not for here");
    let key = registry.public();
    let index = registry.path();
    user.refused(&["plugins", "install", "demo", "--index", index], &["is signed, and no key is trusted yet", "--key", &key]);
    let version = |rows: &[Value]| rows[0]["version"].as_str().unwrap().to_owned();
    let rows = user.rows(&["plugins", "install", "demo", "--index", index, "--key", &key]);
    assert_eq!((version(&rows), &rows[0]["package"]), ("0.2.0".to_owned(), &json!("demo")));
    // From here on the key is in the user's file.
    fs::create_dir_all(user.file("config/memsh")).unwrap();
    fs::write(user.file("config/memsh/plugin-keys"), format!("# theirs\n{key} the registry's\n")).unwrap();
    assert!(user.rows(&["plugins", "upgrade"]).iter().all(|r| r["result"] == "current"));
    let rows = user.rows(&["plugins", "upgrade", "demo", "--channel", "dev"]);
    assert_eq!((version(&rows), &rows[0]["result"]), ("0.3.0".to_owned(), &json!("replaced")));
    // An older one is installed when it is asked for, and the index may be the source itself, or a URL of a file.
    let rows = user.rows(&["plugins", "install", "demo", "--index", index, "--version", "0.2.0"]);
    assert_eq!(version(&rows), "0.2.0");
    let url = format!("file://{index}/index.json");
    assert_eq!(version(&user.rows(&["plugins", "install", &url, "demo", "--channel", "dev"])), "0.3.0");
    assert_eq!(version(&user.rows(&["plugins", "install", index])), "0.2.0");
    assert_eq!(user.rows(&["plugins", "list", "--kind", "command"]).len(), 1);
    for (words, why) in [
        (&["demo", "--version", "0.9.0"][..], "has no demo 0.9.0 for"),
        (&["other"], "has no other"),
        (&["demo", "--version", "new"], "--version"),
    ] {
        let all: Vec<&str> = ["plugins", "install"].iter().chain(words).chain(&["--index", index]).copied().collect();
        user.refused(&all, &[why]);
    }
    user.refused(&["plugins", "install", "demo", "--index", "/no/such/index"], &["/no/such/index"]);
}

#[test]
fn a_mismatch_installs_nothing() {
    let user = User::new();
    let mut registry = Registry::new(2);
    registry.add("0.2.0", "stable", &machine(), &of_version("0.2.0"));
    let key = registry.public();
    let index = registry.path().to_owned();
    let words = ["plugins", "install", "demo", "--index", &index, "--key", &key];
    user.rows(&words);
    registry.add("0.4.0", "stable", &machine(), &of_version("0.4.0"));
    let good = registry.versions.clone();
    let mut with = |change: &dyn Fn(&mut Value)| {
        registry.versions = good.clone();
        change(&mut registry.versions[1]);
        registry.write();
    };
    // Another file under a signed digest.
    let file = Path::new(&index).join(format!("files/demo-0.4.0-{}", machine()));
    fs::write(&file, of_version("0.4.1")).unwrap();
    user.refused(&words, &["is not what its index says: SHA-256"]);
    // With a digest to match, the signature is of the old one.
    let digest = sha256(&of_version("0.4.1"));
    with(&|v| v["files"][0]["sha256"] = json!(digest));
    user.refused(&words, &["the signature of demo 0.4.0", "is wrong"]);
    fs::write(&file, of_version("0.4.0")).unwrap();
    // What is signed is the version, the channel and the machine, too.
    with(&|v| v["version"] = json!("0.5.0"));
    user.refused(&words, &["is wrong"]);
    with(&|v| v["files"][0]["signature"] = json!("00".repeat(64)));
    user.refused(&words, &["is wrong"]);
    with(&|v| v["files"][0]["signature"] = json!("rubbish"));
    user.refused(&words, &["is not 128 hexadecimal digits"]);
    with(&|v| drop(v["files"][0].as_object_mut().unwrap().remove("signature")));
    user.refused(&words, &["is not signed", "--unsigned"]);
    with(&|v| v["files"][0]["file"] = json!("../../etc/passwd"));
    user.refused(&words, &["leads out"]);
    with(&|v| v["files"][0]["sha256"] = json!("x"));
    user.refused(&words, &["is wrong"]);
    // Somebody else's signature.
    let other = Registry::new(3).public();
    with(&|_| {});
    user.refused(&["plugins", "install", "demo", "--index", &index, "--key", &other], &["of none of the trusted keys"]);
    user.refused(
        &["plugins", "install", "demo", "--index", &index, "--key", &other, "--unsigned"],
        &["of none of the trusted keys"],
    );
    user.refused(&["plugins", "install", "demo", "--index", &index, "--key", "zz"], &["no public key, and no file"]);
    // A signed file that is not the version that was signed.
    registry.versions = good.clone();
    registry.add("0.6.0", "stable", &machine(), &of_version("0.5.0"));
    user.refused(&words, &["was to be 0.6.0, and its"]);
    user.refused(&["plugins", "upgrade", "--key", &key], &["was to be 0.6.0"]);
    for broken in ["{", "[]", "{\"memsh_index\": 2, \"plugins\": []}"] {
        fs::write(Path::new(&index).join("index.json"), broken).unwrap();
        user.refused(&words, &["is no index of plugins"]);
    }
}

#[test]
fn a_missing_signature_is_accepted_when_that_is_said() {
    let user = User::new();
    let mut registry = Registry::new(4);
    registry.add("0.2.0", "stable", &machine(), &of_version("0.2.0"));
    registry.versions[0]["files"][0].as_object_mut().unwrap().remove("signature");
    registry.write();
    assert_eq!(user.rows(&["plugins", "install", "demo", "--index", registry.path(), "--unsigned"]).len(), 3);
}

/// An archive of a built plugin with an install script.
fn archive(folder: &Folder, script: &str) -> PathBuf {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut add = |path: &str, data: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, data).unwrap();
    };
    add(&format!("demo/libdemo.{}", env::consts::DLL_EXTENSION), &fs::read(example()).unwrap());
    add("demo/tables/one.bin", b"a table");
    add("demo/install.rhai", script.as_bytes());
    let path = folder.file("demo.tar.gz");
    fs::write(&path, tar.into_inner().unwrap().finish().unwrap()).unwrap();
    path
}

#[test]
fn an_install_script_is_shown_and_runs_only_when_agreed_to() {
    let (user, folder) = (User::new(), Folder::of(&[]));
    let script = "print(\"copying for \" + NAME);\ncopy(\"tables/one.bin\", \"one.bin\");\n";
    let path = archive(&folder, script);
    let path = path.to_str().unwrap();
    user.refused(&["plugins", "install", path], &["copy(\"tables/one.bin\", \"one.bin\");", "stdin is no terminal", "--yes"]);
    let run = user.memsh(&["plugins", "install", path, "--yes", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("copying for demo"), "{}", run.stderr);
    let copied = user.store().join("demo.d/one.bin");
    assert_eq!(fs::read(&copied).unwrap(), b"a table");
    // One that fails leaves everything as it was.
    let broken = archive(&folder, "copy(\"tables/one.bin\", \"two.bin\"); copy(\"../../x\", \"y\");");
    let bytes = fs::read(&broken).unwrap();
    fs::write(folder.file("changed.tar.gz"), bytes).unwrap();
    fs::write(user.installed("demo"), b"as it was").unwrap();
    user.refused(&["plugins", "install", broken.to_str().unwrap(), "--yes"], &["install script of demo failed", "leads out"]);
    assert!(copied.exists() && !user.store().join("demo.d/two.bin").exists());
    user.rows(&["plugins", "remove", "demo"]);
    assert!(!copied.exists());
}

#[test]
fn hostile_archives_install_nothing() {
    let (user, folder) = (User::new(), Folder::of(&[]));
    let whole = fs::read(archive(&folder, "")).unwrap();
    for length in [3, 20, whole.len() / 2, whole.len() - 1] {
        fs::write(folder.file("cut.tar.gz"), &whole[..length]).unwrap();
        user.refused(&["plugins", "install", folder.file("cut.tar.gz").to_str().unwrap(), "--yes"], &[]);
    }
}
