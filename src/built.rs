//! What this memsh was built from, and with what.

use std::sync::OnceLock;

/// Commit and compiler, as the program says them.
static FROM: OnceLock<(&'static str, &'static str)> = OnceLock::new();

/// Takes the commit and the compiler's version, which only the program knows: in the library they would have it compiled again with every commit.
/// What is said first counts.
pub fn built_from((commit, compiler): (&'static str, &'static str)) {
    let _ = FROM.set((commit, compiler));
}

/// Version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, 40 hexadecimal digits with or without `-dirty`, or what `MEMSH_COMMIT` said; none where it is not known.
pub fn commit() -> Option<&'static str> {
    FROM.get().map(|(commit, _)| *commit).filter(|c| *c != "unknown")
}

/// What `rustc --version` said; none where it is not known.
pub fn compiler() -> Option<&'static str> {
    FROM.get().map(|(_, compiler)| *compiler).filter(|c| !c.is_empty())
}

/// Machine and system, as indexes of plugins name them: `x86_64-linux`.
pub fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Features that are in, by the alphabet.
pub fn features() -> Vec<&'static str> {
    let all = [
        ("cli", cfg!(feature = "cli")),
        ("http", cfg!(feature = "http")),
        ("install", cfg!(feature = "install")),
        ("mount", cfg!(feature = "mount")),
        ("parquet", cfg!(feature = "parquet")),
        ("remote", cfg!(feature = "remote")),
        ("wide-addresses", cfg!(feature = "wide-addresses")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
}

/// Version and commit in a line, as `--version` says them: `0.1.0 (a1b2c3d4e5f6)`.
pub fn line() -> &'static str {
    static LINE: OnceLock<String> = OnceLock::new();
    LINE.get_or_init(|| {
        let commit = commit().unwrap_or("unknown commit");
        // Twelve digits tell commits apart; the mark behind them stays.
        let short = match commit.split_once('-') {
            Some((hash, mark)) if hash.len() == 40 => format!("{}-{mark}", hash.get(..12).unwrap_or(hash)),
            None if commit.len() == 40 => commit.get(..12).unwrap_or(commit).to_owned(),
            _ => commit.to_owned(),
        };
        format!("{VERSION} ({short})")
    })
}
