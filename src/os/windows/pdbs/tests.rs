#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

#[test]
fn a_module_is_called_by_its_file_without_the_end() {
    assert_eq!(stem("tcpip.sys"), "tcpip");
    assert_eq!(stem("win32kbase.sys"), "win32kbase");
    assert_eq!(stem("a.b.dll"), "a.b");
    assert_eq!(stem("dump_diskdump"), "dump_diskdump");
    assert_eq!(stem(".sys"), ".sys");
}
