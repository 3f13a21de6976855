//! Who a process runs as: `_TOKEN`.

use super::base::kernel::{Kernel, Reader};
use crate::engine::ViewExt;
use memsh_plugin::{VirtAddr, umem};

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// The user, `S-1-5-18`.
    pub sid: Option<String>,
}

/// The token of a process.
pub fn read(kernel: &Kernel, process: VirtAddr) -> Option<TokenInfo> {
    at(kernel, kernel.reader().fast_ref_at(process, kernel.offsets.process.token)?)
}

/// What the `_TOKEN` at `token` says.
pub fn at(kernel: &Kernel, token: VirtAddr) -> Option<TokenInfo> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let count = reader.u32_at(token, o.token.user_count)?;
    let users = reader.ptr_at(token, o.token.users).filter(|_| count > 0)?;
    // `SID_AND_ATTRIBUTES`: the first is the user.
    let sid = reader.ptr(users).filter(|&p| reader.plausible(VirtAddr::new(p.value() & !3))).and_then(|at| sid(&reader, at));
    Some(TokenInfo { sid })
}

/// The SID at `at`, in words (winnt.h, `SID`): revision, count, six bytes of authority in network order, numbers.
pub fn sid(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    const REVISION: u8 = 1;
    /// `SID_MAX_SUB_AUTHORITIES`.
    const MOST: u8 = 15;
    let mut head = [0u8; 8];
    reader.view().read_exact(at, &mut head).ok()?;
    let [REVISION, count, authority @ ..] = head else { return None };
    if count > MOST {
        return None;
    }
    let [a, b, c, d, e, f] = authority;
    let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let mut text = format!("S-1-{authority}");
    for i in 0..count {
        let part = reader.view().read_u32(at.wrapping_add(8 + 4 * umem::from(i))).ok()?;
        text.push_str(&format!("-{part}"));
    }
    Some(text)
}
