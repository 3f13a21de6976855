//! A file elsewhere from its first byte to its last.

use super::Remote;

/// Reads a file elsewhere from its beginning.
pub(in crate::image) struct Reader<'r> {
    remote: &'r Remote,
    at: u64,
}

impl<'r> Reader<'r> {
    pub(in crate::image) const fn new(remote: &'r Remote) -> Self {
        Self { remote, at: 0 }
    }
}

impl std::io::Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.remote.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        let buf = buf.get_mut(..len).unwrap_or_default();
        let len = u64::try_from(len).unwrap_or(0);
        self.remote.want([(self.at, len)]);
        self.remote.read(self.at, buf).map_err(|e| std::io::Error::other(e.to_string()))?;
        self.at += len;
        Ok(buf.len())
    }
}
