//! qcow2 images with internal snapshots.

/// A cluster of machine state, as it shall lie in the file.
#[derive(Clone)]
pub enum Cluster {
    Plain,
    /// Where its content is all zero: marked as such, or not there at all.
    Zero,
    Absent,
    Packed,
    /// Extended L2 entries: only the subclusters that are not zero are there.
    Parts,
}

/// An image in the making.
#[derive(Clone)]
pub struct Qcow2 {
    pub version: u32,
    pub cluster_bits: u32,
    pub disk: u64,
    pub encryption: u32,
    pub features: u64,
    /// Zstandard instead of deflate.
    pub zstd: bool,
    pub extended: bool,
    pub backing: &'static str,
    /// Overrides the number of snapshots in the header.
    pub count: Option<u32>,
    /// Name, seconds, machine state.
    pub snapshots: Vec<(&'static str, u32, Vec<u8>)>,
    /// So many bytes more of machine state, of which no cluster is there.
    pub hole: u64,
    pub how: fn(usize, bool) -> Cluster,
}

impl Default for Qcow2 {
    fn default() -> Self {
        Self {
            version: 3,
            cluster_bits: 12,
            disk: 10 << 20,
            encryption: 0,
            features: 0,
            zstd: false,
            extended: false,
            backing: "",
            count: None,
            snapshots: Vec::new(),
            hole: 0,
            how: |_, _| Cluster::Plain,
        }
    }
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

impl Qcow2 {
    /// Adds a cluster (or more) to the file; where it is.
    fn add(&self, file: &mut Vec<u8>, bytes: &[u8]) -> u64 {
        let size = 1usize << self.cluster_bits;
        file.resize(file.len().next_multiple_of(size), 0);
        let at = file.len();
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(size), 0);
        at as u64
    }

    fn pack(&self, data: &[u8]) -> Vec<u8> {
        use std::io::Write;
        if self.zstd {
            return zstd::bulk::compress(data, 3).unwrap();
        }
        let mut w = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        w.write_all(data).unwrap();
        w.finish().unwrap()
    }

    /// The L2 entry (two numbers) of a cluster of `data`.
    fn entry(&self, file: &mut Vec<u8>, i: usize, data: &[u8]) -> [u64; 2] {
        let zero = data.iter().all(|b| *b == 0);
        let all = if self.extended { 0xffff_ffff } else { 0 };
        match (self.how)(i, zero) {
            Cluster::Plain => [self.add(file, data) | 1 << 63, all],
            Cluster::Zero if self.extended => [0, 0xffff_ffff_0000_0000],
            Cluster::Zero => [1, 0],
            Cluster::Absent => [0, 0],
            Cluster::Packed => {
                let packed = self.pack(data);
                // Not at the beginning of its cluster, as several share one.
                let at = self.add(file, &[&[0xee; 100][..], &packed].concat()) + 100;
                let x = 62 - (self.cluster_bits - 8);
                let sectors = (at + packed.len() as u64 - 1) / 512 - at / 512;
                [1 << 62 | sectors << x | at, 0]
            }
            Cluster::Parts => {
                let at = self.add(file, data);
                let part = data.len() / 32;
                let there: u64 = (0..32).filter(|p| data[p * part..][..part].iter().any(|b| *b != 0)).map(|p| 1 << p).sum();
                // What is not there is garbage in the file.
                for p in (0..32).filter(|p| there >> p & 1 == 0) {
                    put(file, at as usize + p * part, &vec![0xdd; part]);
                }
                [at, there | (!there & 0xffff_ffff) << 32]
            }
        }
    }

    pub fn build(&self) -> Vec<u8> {
        let size = 1usize << self.cluster_bits;
        let entry_size = if self.extended { 16 } else { 8 };
        let per_table = size / entry_size;
        let mut file = vec![0; size];
        let mut table = Vec::new();
        for (i, (name, seconds, state)) in self.snapshots.iter().enumerate() {
            let first = (self.disk as usize).div_ceil(size * per_table);
            let mut l1 = vec![0u64; first];
            let clusters: Vec<&[u8]> = state.chunks(size).collect();
            for (t, part) in clusters.chunks(per_table).enumerate() {
                let mut l2 = vec![0u8; size];
                for (j, data) in part.iter().enumerate() {
                    let data = [data, &vec![0; size - data.len()][..]].concat();
                    let [a, b] = self.entry(&mut file, t * per_table + j, &data);
                    put(&mut l2, j * entry_size, &a.to_be_bytes());
                    if self.extended {
                        put(&mut l2, j * entry_size + 8, &b.to_be_bytes());
                    }
                }
                l1.push(self.add(&mut file, &l2) | 1 << 63);
            }
            let len = state.len() as u64 + self.hole;
            l1.resize(first + (len as usize).div_ceil(size * per_table), 0);
            let bytes: Vec<u8> = l1.iter().flat_map(|e| e.to_be_bytes()).collect();
            let l1_at = self.add(&mut file, &bytes);
            let id = (i + 1).to_string();
            table.extend(l1_at.to_be_bytes());
            table.extend((l1.len() as u32).to_be_bytes());
            table.extend((id.len() as u16).to_be_bytes());
            table.extend((name.len() as u16).to_be_bytes());
            table.extend(seconds.to_be_bytes());
            table.extend(5u32.to_be_bytes());
            table.extend(7_000_000_001u64.to_be_bytes());
            let old = self.version == 2;
            table.extend(if old { len as u32 } else { 0 }.to_be_bytes());
            table.extend(if old { 0u32 } else { 24 }.to_be_bytes());
            if !old {
                table.extend(len.to_be_bytes());
                table.extend(self.disk.to_be_bytes());
                table.extend(u64::MAX.to_be_bytes());
            }
            table.extend(id.as_bytes());
            table.extend(name.as_bytes());
            table.resize(table.len().next_multiple_of(8), 0);
        }
        let table_at = self.add(&mut file, &table);
        let features = self.features | u64::from(self.zstd) << 3 | u64::from(self.extended) << 4;
        put(&mut file, 0, b"QFI\xfb");
        for (at, n) in [(4, self.version), (20, self.cluster_bits), (32, self.encryption)] {
            put(&mut file, at, &n.to_be_bytes());
        }
        put(&mut file, 24, &self.disk.to_be_bytes());
        put(&mut file, 60, &self.count.unwrap_or(self.snapshots.len() as u32).to_be_bytes());
        put(&mut file, 64, &table_at.to_be_bytes());
        if self.version >= 3 {
            put(&mut file, 72, &features.to_be_bytes());
            put(&mut file, 96, &4u32.to_be_bytes());
            put(&mut file, 100, &112u32.to_be_bytes());
            put(&mut file, 104, &[u8::from(self.zstd)]);
        }
        if !self.backing.is_empty() {
            put(&mut file, 8, &120u64.to_be_bytes());
            put(&mut file, 16, &(self.backing.len() as u32).to_be_bytes());
            put(&mut file, 120, self.backing.as_bytes());
        }
        file
    }
}
