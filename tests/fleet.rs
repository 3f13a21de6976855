//! Several images at once, and answers as Parquet files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{later_image, memsh};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two images and a file that is none.
fn images(folder: &Path) -> [String; 3] {
    later_image(folder);
    std::fs::copy(folder.join("later.raw"), folder.join("second.raw")).unwrap();
    std::fs::write(folder.join("junk.bin"), "not a memory image at all\n").unwrap();
    ["later.raw", "junk.bin", "second.raw"].map(|name| folder.join(name).to_str().unwrap().to_owned())
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rows_say_whose_they_are_in_the_order_of_the_images() {
    let folder = tempfile::tempdir().unwrap();
    let [first, junk, second] = &images(folder.path());
    let alone = memsh(&[first, "ps", "--jsonl"]);
    let both = memsh(&["-j", "2", first, second, "ps", "--jsonl"]);
    assert_eq!(both.status, 0, "{}", both.stderr);
    let (alone, both) = (rows(&alone.stdout), rows(&both.stdout));
    assert_eq!(both.len(), 2 * alone.len());
    for (n, row) in both.iter().enumerate() {
        let image = if n < alone.len() { first } else { second };
        assert_eq!(row["image"], image.as_str());
        let mut row = row.clone();
        row.as_object_mut().unwrap().shift_remove("image");
        assert_eq!(row, alone[n % alone.len()]);
    }
    // One that can't be read is told, and the others answer.
    let with_junk = memsh(&[first, junk, second, "ps", "--jsonl"]);
    assert_eq!(with_junk.status, 1);
    assert_eq!(rows(&with_junk.stdout), both);
    assert!(with_junk.stderr.contains("junk.bin: image: "), "{}", with_junk.stderr);
    // Rows are chosen among all.
    let chosen = memsh(&[first, second, "ps", "--where", "image ~ \"second\" and pid < 3", "--sort", "-pid", "--json"]);
    let chosen: Value = serde_json::from_str(&chosen.stdout).unwrap();
    assert_eq!(chosen.as_array().unwrap().iter().map(|r| r["pid"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    let few = memsh(&[first, second, "modules", "--limit", "1", "--csv", "--columns", "image,name"]);
    assert_eq!(few.stdout.lines().count(), 2, "{}", few.stdout);
    // A table, with the image in front; single answers below headings.
    let table = memsh(&[first, second, "ps"]);
    assert!(table.stdout.starts_with("IMAGE"), "{}", table.stdout);
    let info = memsh(&[first, second, "hash"]);
    assert_eq!(info.stdout.matches("-- ").count(), 2, "{}", info.stdout);
    assert_eq!(
        info.stdout.split("sha256").nth(1).map(|t| t.lines().next()),
        info.stdout.split("sha256").nth(2).map(|t| t.lines().next())
    );
}

#[test]
fn what_makes_no_sense_for_several_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [first, _, second] = &images(folder.path());
    let one_place = memsh(&[first, second, "dump", "phys", "-o", folder.path().join("x.raw").to_str().unwrap()]);
    assert!(one_place.status == 2 && one_place.stderr.contains("{image}"), "{}", one_place.stderr);
    let place = folder.path().join("copy-{image}.raw");
    let each = memsh(&[first, second, "dump", "phys", "-o", place.to_str().unwrap(), "--json"]);
    assert_eq!(each.status, 0, "{}", each.stderr);
    for name in ["later", "second"] {
        assert!(folder.path().join(format!("copy-{name}.raw")).exists());
    }
    // Two that would write to one place.
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let same = other.join("second.lime");
    std::fs::copy(second, &same).unwrap();
    let place = folder.path().join("both-{image}.raw");
    let both = memsh(&[second, same.to_str().unwrap(), "dump", "phys", "-o", place.to_str().unwrap(), "--force"]);
    assert!(both.status == 2 && both.stderr.contains("stands for \"second\" of both "), "{}", both.stderr);
    assert!(!folder.path().join("both-second.raw").exists());
    let mount = memsh(&[first, second, "mount", other.to_str().unwrap()]);
    assert!(mount.status == 2 && mount.stderr.contains("mount: not for several images"), "{}", mount.stderr);
    assert_eq!(memsh(&[first, second, "proc", "1"]).status, 2);
    assert_eq!(memsh(&[first, second, "nonsense"]).status, 2);
    assert_eq!(memsh(&["-C", "dummy", first, second, "ps"]).status, 2);
    // A script is for all of them, line by line.
    let script = memsh(&[first, second, "-c", "ps --limit 1 --jsonl; modules --limit 1 --jsonl"]);
    assert_eq!(rows(&script.stdout).len(), 2, "{}", script.stderr);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_all_and_what_was_found_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [first, _, second] = &images(folder.path());
    let images: Vec<&String> = std::iter::repeat_n([first, second], 200).flatten().collect();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("memsh"));
    child.args(images).args(["strings", "--jsonl"]).env("XDG_CACHE_HOME", "/dev/null");
    let mut child = child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    lines.next().unwrap().unwrap();
    assert!(Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status().unwrap().success());
    let last = lines.map_while(Result::ok).last().unwrap();
    assert!(serde_json::from_str::<Value>(&last).is_ok(), "a row that was begun is ended: {last}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};

    fn read(path: &PathBuf) -> (Vec<String>, Vec<String>) {
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|c| c.name().to_owned()).collect();
        (columns, reader.get_row_iter(None).unwrap().map(|r| r.unwrap().to_string()).collect())
    }

    #[test]
    fn rows_of_several_images_become_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let [first, _, second] = &images(folder.path());
        let path = folder.path().join("ps.parquet");
        let run = Command::new(assert_cmd::cargo::cargo_bin("memsh"))
            .args([first, second, "ps", "--parquet"])
            .env("XDG_CACHE_HOME", "/dev/null")
            .stdout(std::fs::File::create(&path).unwrap())
            .status()
            .unwrap();
        assert!(run.success());
        let (columns, parquet) = read(&path);
        let json = rows(&memsh(&[first, second, "ps", "--jsonl"]).stdout);
        assert_eq!(columns[..2], ["image", "pid"]);
        assert!(json[0].as_object().unwrap().keys().all(|key| columns.contains(key)), "{columns:?}");
        assert_eq!(parquet.len(), json.len());
        assert!(parquet[1].contains("pid: 2") && parquet[1].contains("name: \"kthreadd\""), "{}", parquet[1]);
    }

    /// `timeline` has no row before it has all of them.
    #[cfg(unix)]
    #[test]
    fn an_answer_that_ends_before_its_first_row_is_a_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let [first, _, second] = &images(folder.path());
        for images in [&[first][..], &[first, second]] {
            let path = folder.path().join("timeline.parquet");
            let mut child = Command::new(assert_cmd::cargo::cargo_bin("memsh"))
                .args(images)
                .args(["timeline", "--parquet", "--no-cache"])
                .stdout(std::fs::File::create(&path).unwrap())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            // Until its signals are its own.
            std::thread::sleep(std::time::Duration::from_millis(150));
            assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(130));
            let (columns, rows) = read(&path);
            assert!(columns.contains(&"time".to_owned()) && rows.is_empty(), "{columns:?} {rows:?}");
        }
    }

    #[test]
    fn every_list_can_be_a_file_and_the_file_s_name_says_so() {
        let folder = tempfile::tempdir().unwrap();
        later_image(folder.path());
        let image = folder.path().join("later.raw");
        let image = image.to_str().unwrap();
        for (n, command) in
            ["modules", "threads", "maps -p 1", "scan ELF --phys", "info", "net", "vtop 0xffffffff82200000"].iter().enumerate()
        {
            let path = folder.path().join(format!("{n}.parquet"));
            let run = memsh(&[image, "-c", &format!("{command} > {}", path.display())]);
            assert_eq!(run.status, 0, "{command}: {}", run.stderr);
            let json = memsh(&[image, "-c", &format!("{command} --jsonl")]);
            assert_eq!(read(&path).1.len(), json.stdout.lines().count(), "{command}");
        }
    }
}
