//! Code that runs when the file is loaded: it leaves a mark where `MEMSH_TEST_LOADED` says.

extern "C" fn mark() {
    if let Some(path) = std::env::var_os("MEMSH_TEST_LOADED") {
        let _ = std::fs::write(path, "loaded");
    }
}

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
static MARK: extern "C" fn() = mark;
