//! `entropy` and `map` on the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, number as address, sample};

fn refused(words: &[&str], says: &str) {
    let run = sample(words);
    assert!(run.status == 2 && run.stdout.is_empty() && run.stderr.contains(says), "{words:?}: {} {}", run.status, run.stderr);
}

/// Stretches of all classes together are all of memory, none overlaps, and what `read` gives has the entropy that is said.
#[test]
fn stretches_cover_memory_and_are_what_they_say() {
    let rows = answer(&["entropy"]);
    let rows = rows.as_array().unwrap();
    let mut last = 0;
    let mut covered = 0;
    for row in rows {
        let (start, end) = (address(&row["start"]), address(&row["end"]));
        assert!(start >= last && end > start, "{row}");
        assert_eq!(row["size"], end - start);
        last = end;
        covered += end - start - row["missing"].as_u64().unwrap();
    }
    let info = answer(&["info"]);
    assert_eq!(info["image"]["memory_size"].as_u64().or(info["memory_size"].as_u64()), Some(covered), "{info}");
    for class in ["zero", "plain", "dense"] {
        let row = rows.iter().find(|r| r["class"] == class && r["size"] == 4096).unwrap();
        let read = answer(&["read", &format!("p:{}", row["start"].as_str().unwrap()), "-n", "4096"]);
        let digits = read["data"].as_str().unwrap();
        let bytes: Vec<u8> = (0..4096).map(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).unwrap()).collect();
        let share = |v: u8| bytes.iter().filter(|b| **b == v).count() as f64 / 4096.0;
        let bits: f64 = (0..=255).map(share).filter(|p| *p > 0.0).map(|p| -p * p.log2()).sum();
        assert!((bits - row["entropy"].as_f64().unwrap()).abs() < 0.001, "{row}: {bits}");
        assert_eq!(row["zeros"].as_u64().unwrap(), bytes.iter().filter(|b| **b == 0).count() as u64);
    }
}

#[test]
fn what_is_asked_for_is_what_comes() {
    let rows = answer(&["entropy", "--above", "7.5"]);
    assert!(rows.as_array().unwrap().iter().all(|r| r["entropy"].as_f64().unwrap() >= 7.5 && r["class"] == "dense"));
    assert!(!rows.as_array().unwrap().is_empty());
    let rows = answer(&["entropy", "--class", "zero", "--max", "3"]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let rows = answer(&["entropy", "p:0x1000000..0x1004000", "--each"]);
    let starts: Vec<_> = rows.as_array().unwrap().iter().map(|r| address(&r["start"])).collect();
    assert_eq!(starts, [0x100_0000, 0x100_1000, 0x100_2000, 0x100_3000]);
    let rows = answer(&["entropy", "-p", "1"]);
    let heap = rows.as_array().unwrap().iter().find(|r| r["region"] == "[heap]").unwrap();
    assert_eq!((heap["pid"].as_u64(), heap["space"].as_str()), (Some(1), Some("pid")));
    refused(&["entropy", "-b", "100"], "power of two");
    refused(&["entropy", "--above", "9"], "0 to 8");
    refused(&["entropy", "here"], "no range");
}

/// Cells stand for all of memory, and each frame counted in the legend is in one of them.
#[test]
fn a_picture_adds_up() {
    for by in ["use", "owner", "entropy"] {
        let map = answer(&["map", "--by", by]);
        let (cells, cell) = (map["cells"].as_array().unwrap(), map["cell"].as_u64().unwrap());
        let size = map["size"].as_u64().unwrap();
        assert_eq!(cells.len() as u64, size.div_ceil(cell));
        assert!(cells.len() <= 64 * 40);
        assert_eq!(cells.iter().map(|c| c["present"].as_u64().unwrap()).sum::<u64>(), size, "{by}");
        let legend = map["legend"].as_array().unwrap();
        for mark in cells.iter().map(|c| &c["mark"]) {
            assert!(legend.iter().any(|k| &k["mark"] == mark), "{mark} of {by} is explained");
        }
        assert_eq!(legend.iter().map(|k| k["cells"].as_u64().unwrap()).sum::<u64>(), cells.len() as u64, "{by}");
        if by != "entropy" {
            assert_eq!(legend.iter().map(|k| k["bytes"].as_u64().unwrap()).sum::<u64>(), size, "{by}");
        }
    }
}

/// What `map` says of a frame is what `ptov` says of it.
#[test]
fn a_cells_use_is_its_frames() {
    let map = answer(&["map", "--width", "128", "--height", "96"]);
    assert_eq!(map["cell"], 4096);
    for (used, says) in [("slab", "slab"), ("anonymous", "anonymous"), ("file", "/")] {
        let cells = map["cells"].as_array().unwrap();
        let cell = cells.iter().find(|c| c["use"] == used).unwrap();
        let rows = answer(&["ptov", cell["address"].as_str().unwrap()]);
        let owner = rows[0]["owner"].as_str().unwrap();
        assert!(owner.starts_with(says), "{used}: {owner}");
    }
    let owners = answer(&["map", "--by", "owner", "--width", "128", "--height", "96"]);
    let cell = owners["cells"].as_array().unwrap().iter().find(|c| c["pid"].is_number()).unwrap();
    let rows = answer(&["ptov", cell["address"].as_str().unwrap()]);
    assert!(rows.as_array().unwrap().iter().any(|r| r["pid"] == cell["pid"]), "{cell}: {rows}");
}

#[test]
fn hits_are_where_scan_finds_them() {
    let map = answer(&["map", "--hits", "Linux version"]);
    let found = answer(&["scan", "Linux version"]);
    let total: u64 = map["cells"].as_array().unwrap().iter().map(|c| c["hits"].as_u64().unwrap()).sum();
    assert_eq!(total, found.as_array().unwrap().len() as u64);
    assert_eq!(map["by"], "hits");
}

/// The file is a PNG whose pixels are the cells of the answer.
#[test]
fn a_png_shows_the_same_cells() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.png");
    let file = path.to_str().unwrap();
    let drawn = answer(&["map", "--width", "64", "--height", "40", "-o", file]);
    assert_eq!(drawn["path"], file);
    assert!(drawn.get("cells").is_none());
    let map = answer(&["map"]);
    assert_eq!(drawn["legend"], map["legend"]);
    let mut reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    // 168 pixels left of the cells, 32 above, four for each.
    for (i, cell) in map["cells"].as_array().unwrap().iter().enumerate() {
        let (x, y) = (168 + i % 64 * 4 + 2, 32 + i / 64 * 4 + 2);
        let at = (y * frame.width as usize + x) * 3;
        let color = format!("#{:02x}{:02x}{:02x}", pixels[at], pixels[at + 1], pixels[at + 2]);
        let key = map["legend"].as_array().unwrap().iter().find(|k| k["mark"] == cell["mark"]).unwrap();
        assert_eq!(key["color"], color, "cell {i} at {}", cell["address"]);
    }
    // What is there is not overwritten, unless that is asked for.
    let again = sample(&["map", "-o", file]);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("exists"));
    assert!(sample(&["map", "-o", file, "--force"]).status == 0);
}

#[test]
fn what_can_not_be_drawn_is_refused() {
    refused(&["map", "--by", "hits"], "--hits TEXT");
    refused(&["map", "--by", "owner", "-p", "1"], "only physical memory");
    refused(&["map", "-k", "--by", "use"], "nothing tells");
}
