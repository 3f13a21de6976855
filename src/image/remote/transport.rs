//! How requests reach a server: plain HTTP/1.1, or TLS by rustls with the host's certificates.
//!
//! Only the host that was named is spoken to: no proxy of the environment, and no redirection is followed.

use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, HeaderMap};
use std::error::Error as StdError;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Request, Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

/// How long a server may take to be reached, to begin its answer, and between two pieces of it.
const CONNECT: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(30);
const PIECE: Duration = Duration::from_secs(30);
/// Of an answer that says why there is none so much is read.
const EXPLANATION: u64 = 16 << 10;
/// What is read at once.
const STEP: usize = 64 << 10;
/// Connections kept open: as many as there are requests at once.
const CONNECTIONS: usize = 8;

/// The client of one file.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    agent: Agent,
    interrupt: Option<&'static AtomicBool>,
}

/// What went wrong, in words.
#[derive(Debug)]
struct Told(String);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Told {}

fn failed(kind: HttpErrorKind, why: impl Into<String>) -> HttpError {
    HttpError::new(kind, Told(why.into()))
}

/// Said in place of an error when the user stopped it.
pub(super) const INTERRUPTED: &str = "interrupted";

impl Transport {
    pub(super) fn new(interrupt: Option<&'static AtomicBool>) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("memsh/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .tls_config(tls)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(PIECE))
            .max_idle_connections(CONNECTIONS)
            .max_idle_connections_per_host(CONNECTIONS)
            .build();
        Self { agent: config.new_agent(), interrupt }
    }

    fn interrupted(&self) -> Result<(), HttpError> {
        match self.interrupt.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            true => Err(failed(HttpErrorKind::Unknown, INTERRUPTED)),
            false => Ok(()),
        }
    }

    fn answer(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.interrupted()?;
        // Nothing is ever sent but questions.
        let (parts, _) = request.into_parts();
        let wanted = range_length(&parts.headers);
        let response = self.agent.run(Request::from_parts(parts, ())).map_err(told)?;
        let (parts, mut body) = response.into_parts();
        let status = parts.status;
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let to = parts.headers.get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or("nowhere");
            // What follows the path may be a signature.
            let to = plain(to.split(['?', '#']).next().unwrap_or(to));
            return Err(failed(
                HttpErrorKind::Unknown,
                format!("the server redirects to {to} ({status}): name that URL instead"),
            ));
        }
        if wanted.is_some() && status == StatusCode::OK {
            // The whole file would follow.
            return Err(failed(
                HttpErrorKind::Unknown,
                "the server answers a request for a range with the whole file: it knows no ranges",
            ));
        }
        let bytes = match (status.is_success(), wanted) {
            (true, Some(wanted)) => self.read(body.as_reader(), wanted)?,
            // Who asks for no range is not served.
            (true, None) => Vec::new(),
            (false, _) => {
                let mut text = Vec::new();
                // An explanation that is cut short is one all the same.
                let _ = body.as_reader().take(EXPLANATION).read_to_end(&mut text);
                explanation(&String::from_utf8_lossy(&text)).into_bytes()
            }
        };
        Ok(Response::from_parts(parts, HttpResponseBody::from(bytes)))
    }

    /// The body of an answer of `wanted` bytes, or fewer where the file ends; of a longer one that is an error.
    fn read(&self, mut from: impl Read, wanted: u64) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        let mut step = vec![0; STEP];
        loop {
            self.interrupted()?;
            let n = match from.read(&mut step) {
                Ok(0) => return Ok(bytes),
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    let kind = match e.kind() {
                        std::io::ErrorKind::TimedOut => HttpErrorKind::Timeout,
                        _ => HttpErrorKind::Interrupted,
                    };
                    return Err(failed(kind, format!("the answer ends after {} of {wanted} bytes: {e}", bytes.len())));
                }
            };
            bytes.extend_from_slice(step.get(..n).unwrap_or(&[]));
            if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > wanted {
                return Err(failed(
                    HttpErrorKind::Unknown,
                    format!("the server sends more than the {wanted} bytes that were asked for"),
                ));
            }
        }
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

// What the macro async_trait makes of `async fn call`.
impl HttpService for Transport {
    fn call<'s, 'a>(&'s self, request: HttpRequest) -> Answer<'a>
    where
        's: 'a,
        Self: 'a,
    {
        Box::pin(async move { self.answer(request) })
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// How many bytes a request's `Range: bytes=FIRST-LAST` asks for.
fn range_length(headers: &HeaderMap) -> Option<u64> {
    let (first, last) = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
    last.checked_sub(first)?.checked_add(1)
}

fn told(e: ureq::Error) -> HttpError {
    let kind = match &e {
        ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::Io(io) => match io.kind() {
            // Trying again does not open a closed port.
            std::io::ErrorKind::ConnectionRefused => HttpErrorKind::Unknown,
            _ => HttpErrorKind::Interrupted,
        },
        _ => HttpErrorKind::Unknown,
    };
    let text = e.to_string();
    let mut text = text.strip_prefix("io: ").unwrap_or(&text).to_owned();
    let mut cause = e.source();
    while let Some(c) = cause {
        let more = c.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = c.source();
    }
    failed(kind, text)
}

/// Text of a server's, fit to be printed in a line.
pub(super) fn plain(text: &str) -> String {
    const LONGEST: usize = 200;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

/// What an answer says of its failure: the code and message of S3's XML. Of a page for people nothing is repeated.
fn explanation(body: &str) -> String {
    let tag = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| plain(text))
    };
    match (tag("Code"), tag("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) | (None, Some(text)) => text,
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn of_an_errors_page_only_the_reason_is_told() {
        let xml = "<?xml?><Error><Code>NoSuchKey</Code><Message>The key\r\n\x1b[31m is gone</Message><Key>x</Key></Error>";
        assert_eq!(explanation(xml), "NoSuchKey: The key   [31m is gone");
        assert_eq!(explanation("<html>\x1b[2J"), "");
        assert_eq!(explanation(&format!("<Code>{}</Code>", "x".repeat(5000))).len(), 200);
    }

    #[test]
    fn a_range_is_as_long_as_it_says() {
        let length = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, text.parse().unwrap());
            range_length(&headers)
        };
        assert_eq!(length("bytes=0-0"), Some(1));
        assert_eq!(length("bytes=10-19"), Some(10));
        for none in ["bytes=5-4", "bytes=-5", "bytes=5-", "bytes=0-18446744073709551615", "lines=1-2"] {
            assert_eq!(length(none), None, "{none}");
        }
    }

    #[test]
    fn an_answer_may_not_be_longer_than_the_question() {
        let t = Transport::new(None);
        assert_eq!(t.read(&b"abc"[..], 3).unwrap(), b"abc");
        assert_eq!(t.read(&b"ab"[..], 3).unwrap(), b"ab");
        assert!(t.read(std::io::repeat(0), 100_000).unwrap_err().to_string().contains("more than the 100000 bytes"));
    }
}
