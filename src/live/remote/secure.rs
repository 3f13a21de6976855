//! Frames over TLS over a socket: length (u32), kind (u8), body. Every wait has an end.

use super::failed;
use crate::live::socket::{Stopped, Wire};
use crate::{Error, ErrorKind, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, ServerConfig, ServerConnection,
    SignatureScheme,
};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{ErrorKind as Io, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// SHA-256 of a certificate, or of a token.
pub type Print = [u8; 32];

/// The SHA-256 of `bytes`.
pub fn print_of(bytes: &[u8]) -> Print {
    Sha256::digest(bytes).into()
}

/// As hex digits.
pub fn digits(print: &Print) -> String {
    print.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// Whether two are equal, in a time that does not depend on where they differ.
pub fn equal(a: &Print, b: &Print) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0u8, |all, (x, y)| all | (x ^ y))) == 0
}

/// Reads a fingerprint: 64 hex digits, perhaps with colons.
///
/// # Errors
/// [`ErrorKind::Invalid`] for anything else.
pub fn fingerprint(text: &str) -> Result<Print> {
    let plain: String = text.trim().trim_start_matches("sha256:").chars().filter(|c| *c != ':').collect();
    let mut out = Print::default();
    let pairs = plain.as_bytes().as_chunks::<2>().0;
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    match bytes.filter(|b| b.len() == out.len() && plain.len() == 64) {
        Some(bytes) => out.copy_from_slice(&bytes),
        None => {
            return Err(failed(ErrorKind::Invalid, format!("fingerprint={text} is not 64 hex digits"))
                .hint("memsh serve prints it when it starts"));
        }
    }
    Ok(out)
}

/// Random bytes as hex digits, for a token.
///
/// # Errors
/// When the system has none.
pub fn random() -> Result<String> {
    let mut bytes = Print::default();
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| failed(ErrorKind::Io, "the system gives no random bytes"))?;
    Ok(digits(&bytes))
}

/// A server's key and certificate, made now.
pub struct Identity {
    config: Arc<ServerConfig>,
    /// The certificate's SHA-256.
    pub print: Print,
}

impl Identity {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new() -> Result<Self> {
        let wrong = |e: &dyn std::fmt::Display| failed(ErrorKind::Io, format!("making a certificate failed: {e}"));
        let made = rcgen::generate_simple_self_signed(vec!["memsh".to_owned()]).map_err(|e| wrong(&e))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let certificate = made.cert.der().clone();
        let print = print_of(&certificate);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .and_then(|b| b.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(|e| wrong(&e))?;
        Ok(Self { config: Arc::new(config), print })
    }
}

/// Knows a server by the SHA-256 of its certificate.
#[derive(Debug)]
struct Pinned {
    print: Option<Print>,
    seen: Arc<OnceLock<Print>>,
    provider: CryptoProvider,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = print_of(certificate);
        let _ = self.seen.set(seen);
        match self.print.filter(|p| equal(p, &seen)) {
            Some(_) => Ok(ServerCertVerified::assertion()),
            None => Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why a frame did not come or go.
#[derive(Debug)]
pub enum Trouble {
    /// The socket.
    Link(Stopped),
    /// TLS.
    Tls(rustls::Error),
    /// A frame that no peer of ours sends.
    Frame(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(why) => why.fmt(f),
            Self::Tls(e) => write!(f, "TLS: {e}"),
            Self::Frame(what) => f.write_str(what),
        }
    }
}

/// Frames over TLS.
pub struct Secure {
    wire: Wire,
    tls: Connection,
    /// What came and is no whole frame yet.
    plain: Vec<u8>,
    /// What the server's certificate was, and what it should have been.
    seen: Arc<OnceLock<Print>>,
    pinned: Option<Print>,
}

impl Secure {
    /// The client's side; shakes hands within `timeout`.
    ///
    /// # Errors
    /// When the server is another one than the pinned, speaks no TLS, or does not answer.
    pub fn client(wire: Wire, pinned: Option<Print>, timeout: Duration) -> Result<Self> {
        let wrong = |e: rustls::Error| failed(ErrorKind::Io, format!("TLS: {e}"));
        let (provider, seen) = (ring::default_provider(), Arc::new(OnceLock::new()));
        let verifier = Pinned { print: pinned, seen: Arc::clone(&seen), provider: provider.clone() };
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(wrong)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let name = ServerName::try_from("memsh").map_err(|e| failed(ErrorKind::Io, e.to_string()))?;
        let tls = Connection::Client(ClientConnection::new(Arc::new(config), name).map_err(wrong)?);
        let mut secure = Self { wire, tls, plain: Vec::new(), seen, pinned };
        secure.shake(Instant::now() + timeout).map_err(|e| secure.explain(e))?;
        Ok(secure)
    }

    /// The server's side; shakes hands until `end`.
    ///
    /// # Errors
    /// When the client speaks no TLS, or breaks it.
    pub fn server(wire: Wire, identity: &Identity, end: Instant) -> Result<Self, Trouble> {
        let tls = Connection::Server(ServerConnection::new(Arc::clone(&identity.config)).map_err(Trouble::Tls)?);
        let mut secure = Self { wire, tls, plain: Vec::new(), seen: Arc::default(), pinned: None };
        secure.shake(end)?;
        Ok(secure)
    }

    /// A failure of the first messages in words.
    pub fn explain(&self, trouble: Trouble) -> Error {
        let kind = match &trouble {
            Trouble::Link(Stopped::Interrupted) => ErrorKind::Interrupted,
            _ => ErrorKind::Io,
        };
        match (&trouble, self.seen.get(), &self.pinned) {
            (Trouble::Tls(rustls::Error::InvalidCertificate(_)), Some(seen), Some(pinned)) => failed(
                kind,
                format!(
                    "another server answers than the one with the fingerprint {}: its certificate is {}",
                    digits(pinned),
                    digits(seen)
                ),
            )
            .hint("serve makes a new certificate at each start; if it was not started again, somebody is in between"),
            (Trouble::Tls(rustls::Error::InvalidCertificate(_)), Some(seen), None) => {
                failed(kind, "fingerprint= is missing: the server is not known").hint(format!(
                    "its certificate is {}; if that is what memsh serve printed over there, give fingerprint={}",
                    digits(seen),
                    digits(seen)
                ))
            }
            (Trouble::Tls(rustls::Error::InvalidMessage(_)), None, _) => {
                failed(kind, format!("what answers there is no memsh serve ({trouble})")).hint("is it the right port?")
            }
            _ => failed(kind, trouble.to_string()).hint("is memsh serve running there? timeout= gives it more time"),
        }
    }

    fn shake(&mut self, end: Instant) -> Result<(), Trouble> {
        while self.tls.is_handshaking() {
            self.flush(end)?;
            if self.tls.is_handshaking() && !self.tls.wants_write() {
                self.feed(end)?;
            }
        }
        self.flush(end)
    }

    /// Sends what TLS has to say.
    fn flush(&mut self, end: Instant) -> Result<(), Trouble> {
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).map_err(|e| Trouble::Link(Stopped::Failed(e)))?;
        }
        if out.is_empty() { Ok(()) } else { self.wire.send(&out, end).map_err(Trouble::Link) }
    }

    /// Takes in what comes.
    fn feed(&mut self, end: Instant) -> Result<(), Trouble> {
        let mut buf = [0u8; 64 << 10];
        let n = self.wire.receive(&mut buf, end).map_err(Trouble::Link)?;
        let mut rest = buf.get(..n).unwrap_or_default();
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).map_err(|e| Trouble::Link(Stopped::Failed(e)))?;
            if let Err(e) = self.tls.process_new_packets() {
                // The other side shall hear why.
                let _ = self.flush(end);
                return Err(Trouble::Tls(e));
            }
            self.drain();
        }
        Ok(())
    }

    /// Takes over what TLS has unpacked: it keeps little.
    fn drain(&mut self) {
        let mut buf = [0u8; 16 << 10];
        // What ends this is an error: nothing more for now, or nothing more at all.
        while let Ok(n) = self.tls.reader().read(&mut buf) {
            if n == 0 {
                break;
            }
            self.plain.extend(buf.get(..n).unwrap_or_default());
        }
    }

    /// Sends a frame before `end`.
    ///
    /// # Errors
    /// When not all of it went.
    pub fn send(&mut self, kind: u8, body: &[u8], end: Instant) -> Result<(), Trouble> {
        let len = u32::try_from(body.len()).map_err(|_| Trouble::Frame("a frame is too long".to_owned()))?;
        let mut head = len.to_le_bytes().to_vec();
        head.push(kind);
        for mut rest in [&head[..], body] {
            while !rest.is_empty() {
                // TLS takes no more than its buffer; what it has goes out in between.
                match self.tls.writer().write(rest) {
                    Ok(n) if n > 0 => rest = rest.get(n..).unwrap_or_default(),
                    Ok(_) => {}
                    Err(e) if e.kind() == Io::WouldBlock => {}
                    Err(e) => return Err(Trouble::Link(Stopped::Failed(e))),
                }
                if !rest.is_empty() {
                    self.flush(end)?;
                }
            }
        }
        self.flush(end)
    }

    /// The next frame, of no more than `limit` bytes, before `end`: its kind and its body.
    ///
    /// # Errors
    /// When none comes, or it is longer.
    pub fn receive(&mut self, limit: usize, end: Instant) -> Result<(u8, Vec<u8>), Trouble> {
        loop {
            if let Some(([a, b, c, d, kind], rest)) = self.plain.split_first_chunk::<5>() {
                let len = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
                if len > limit {
                    return Err(Trouble::Frame(format!("the other side sends a message of {len} bytes, of {limit} at most")));
                }
                if let Some(body) = rest.get(..len) {
                    let frame = (*kind, body.to_vec());
                    self.plain.drain(..len + 5);
                    return Ok(frame);
                }
            }
            self.feed(end)?;
        }
    }

    /// From now on nothing but time ends a wait.
    pub fn close(&mut self) {
        self.wire.uninterrupted();
        self.tls.send_close_notify();
        let _ = self.flush(Instant::now() + Duration::from_millis(200));
    }

    /// Whether the user said stop.
    pub fn interrupted(&self) -> bool {
        self.wire.interrupted()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fingerprints_as_people_write_them() {
        let print = print_of(b"abc");
        let plain = digits(&print);
        assert!(plain.starts_with("ba7816bf"));
        let colons = print.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":");
        for text in [plain.clone(), format!("sha256:{plain}"), colons] {
            assert!(equal(&fingerprint(&text).unwrap(), &print));
        }
        for bad in ["", "abc", &plain[1..], &format!("{plain}00"), &"é".repeat(32)] {
            assert!(fingerprint(bad).unwrap_err().reason().contains("64 hex digits"), "{bad}");
        }
        assert_ne!(random().unwrap(), random().unwrap());
    }
}
