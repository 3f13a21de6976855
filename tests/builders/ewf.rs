//! EWF segment files.

use std::io::Write;

pub fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1u64, 0u64), |(a, b), &x| ((a + u64::from(x)) % 65521, (b + a + u64::from(x)) % 65521));
    (b << 16 | a) as u32
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut w = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    w.write_all(data).unwrap();
    w.finish().unwrap()
}

#[derive(Clone)]
pub struct Ewf {
    pub data: Vec<u8>,
    pub sectors_per_chunk: u32,
    pub bytes_per_sector: u32,
    pub sectors: Option<u64>,
    pub media: u8,
    /// Chunks per segment file.
    pub per_segment: usize,
    /// Compress every second chunk.
    pub mixed: bool,
    /// Damage the table's checksum; leave the copy out.
    pub bad_table: bool,
    pub no_copy: bool,
}

impl Ewf {
    pub fn new(data: &[u8]) -> Self {
        Self {
            data: data.to_vec(),
            sectors_per_chunk: 64,
            bytes_per_sector: 512,
            sectors: None,
            media: 0x10,
            per_segment: usize::MAX,
            mixed: false,
            bad_table: false,
            no_copy: false,
        }
    }

    /// The segment files.
    pub fn build(&self) -> Vec<Vec<u8>> {
        let size = ((self.sectors_per_chunk * self.bytes_per_sector) as usize).max(1);
        let chunks: Vec<&[u8]> = self.data.chunks(size).collect();
        let groups: Vec<&[&[u8]]> = chunks.chunks(self.per_segment).collect();
        groups.iter().enumerate().map(|(i, g)| self.segment(i, g, chunks.len(), groups.len())).collect()
    }

    fn segment(&self, index: usize, chunks: &[&[u8]], all: usize, segments: usize) -> Vec<u8> {
        let mut out = b"EVF\x09\x0d\x0a\xff\x00\x01".to_vec();
        out.extend((index as u16 + 1).to_le_bytes());
        out.extend([0, 0]);
        let section = |out: &mut Vec<u8>, kind: &str, body: &[u8]| {
            let at = out.len() as u64;
            let len = 76 + body.len() as u64;
            let mut d = kind.as_bytes().to_vec();
            d.resize(16, 0);
            let next = if matches!(kind, "next" | "done") { at } else { at + len };
            d.extend(next.to_le_bytes());
            d.extend(len.to_le_bytes());
            d.resize(72, 0);
            d.extend(adler32(&d).to_le_bytes());
            out.extend(d);
            out.extend(body);
        };
        if index == 0 {
            let text = "1\nmain\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\ncase 7\t001\tmemory of host\tme\t\t1.0\tLinux\t1700000000\t1700000000\t0\n\n";
            section(&mut out, "header", &zlib(text.as_bytes()));
            let mut v = vec![self.media, 0, 0, 0];
            v.extend((all as u32).to_le_bytes());
            v.extend(self.sectors_per_chunk.to_le_bytes());
            v.extend(self.bytes_per_sector.to_le_bytes());
            v.extend(self.sectors.unwrap_or(self.data.len() as u64 / u64::from(self.bytes_per_sector.max(1))).to_le_bytes());
            v.resize(1048, 0);
            v.extend(adler32(&v).to_le_bytes());
            section(&mut out, "volume", &v);
        }
        let start = out.len() + 76;
        let (mut body, mut entries) = (Vec::new(), Vec::new());
        for (i, chunk) in chunks.iter().enumerate() {
            let at = (start + body.len()) as u32;
            if self.mixed && i % 2 == 1 {
                body.extend(*chunk);
                body.extend(adler32(chunk).to_le_bytes());
                entries.extend(at.to_le_bytes());
            } else {
                body.extend(zlib(chunk));
                entries.extend((at | 1 << 31).to_le_bytes());
            }
        }
        section(&mut out, "sectors", &body);
        for (copy, kind) in ["table", "table2"].into_iter().enumerate() {
            let mut t = (chunks.len() as u32).to_le_bytes().to_vec();
            t.resize(20, 0);
            t.extend(adler32(&t).to_le_bytes());
            t.extend(&entries);
            t.extend((adler32(&entries) ^ u32::from(self.bad_table && copy == 0)).to_le_bytes());
            if copy == 0 || !self.no_copy {
                section(&mut out, kind, &t);
            }
        }
        if index + 1 == segments {
            section(&mut out, "hash", &[vec![0xab; 16], vec![0; 20]].concat());
        }
        section(&mut out, if index + 1 == segments { "done" } else { "next" }, &[]);
        out
    }
}
