//! `--swap` on the command line. The sample has no swap, so that any file is one too many; and an image of one's own can be checked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod cli;

use cli::memsh;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn with_swap(bytes: &[u8]) -> cli::Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("swap.img");
    std::fs::write(&path, bytes).unwrap();
    memsh(&["sample", "--swap", path.to_str().unwrap(), "swaps"])
}

#[test]
fn a_file_that_is_no_swap_area_is_told() {
    for bytes in [&[][..], &[0; 100], &[0; 8192]] {
        let run = with_swap(bytes);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let what = if bytes.is_empty() { "is empty" } else { "has no swap header" };
        assert!(run.stderr.contains("--swap") && run.stderr.contains(what), "{}", run.stderr);
    }
}

#[test]
fn a_file_of_another_system_is_told() {
    let mut area = vec![0; 4096];
    area[1028..1032].copy_from_slice(&8u32.to_le_bytes());
    area[4086..].copy_from_slice(b"SWAPSPACE2");
    let run = with_swap(&area);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("9 slots and is no area's of this system"), "{}", run.stderr);
}

/// A guest with pages in swap: `SWAP_GUEST=FOLDER` with phys.raw, swap.img where it has one, and truth.json. Each region that the guest
/// took the hash of, and of which pages are swapped out, must be as it was, wherever they went.
#[test]
#[ignore = "needs a guest: SWAP_GUEST=FOLDER"]
fn what_a_guest_swapped_out_is_read() {
    let folder = std::path::PathBuf::from(std::env::var("SWAP_GUEST").unwrap());
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let name = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (image, swap) = (name("phys.raw"), name("swap.img"));
    let address = |v: &Value| u64::from_str_radix(v.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    let none = Vec::new();
    let out = |region: &Value| {
        let process = truth["processes"].as_array().unwrap().iter().find(|p| p["pid"] == region["pid"]);
        let swapped = process.and_then(|p| p["swapped"].as_array()).unwrap_or(&none);
        let (start, length) = (address(&region["va"]), region["len"].as_u64().unwrap());
        swapped.iter().filter(|page| (start..start + length).contains(&address(&page[0]))).count()
    };
    let mut pages = 0;
    for region in truth["regions"].as_array().unwrap().iter().filter(|r| r["sha256"].as_str().is_some_and(|h| h.len() == 64)) {
        let swapped = out(region);
        if swapped == 0 {
            continue;
        }
        let (pid, length) = (region["pid"].to_string(), region["len"].to_string());
        let mut words = vec![image.as_str()];
        if folder.join("swap.img").exists() {
            words.extend(["--swap", &swap]);
        }
        words.extend(["read", region["va"].as_str().unwrap(), "-n", &length, "-p", &pid, "--json"]);
        let run = memsh(&words);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {}", run.stderr));
        assert_eq!(answer["unreadable"].as_array().map(Vec::len), Some(0), "{}: {}", region["name"], run.stderr);
        let data = answer["data"].as_str().unwrap();
        let bytes: Vec<u8> = (0..data.len()).step_by(2).map(|i| u8::from_str_radix(&data[i..i + 2], 16).unwrap()).collect();
        let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hash, region["sha256"].as_str().unwrap(), "{}: what was read is not what was written", region["name"]);
        pages += swapped;
    }
    assert!(pages > 0, "nothing is swapped out");
    eprintln!("{pages} pages");
}
