//! `memsh serve`: answers clients about one target, a thread each.

use super::about::About;
use super::message::{self, ABOUT, ANSWER, HELLO, MOST_FRAME, MOST_HELLO, READ, REFUSED, WRITE};
use super::secure::{Identity, Secure, Trouble, digits, equal, print_of};
use super::{VERSION, failed};
use crate::image::Image;
use crate::live::socket::{Address, Stopped, Stream, Wire};
use crate::{ErrorKind, Result, umem};
use memsh_plugin::{PhysAddr, PhysReadOp, PhysWriteOp, Status};
use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::{fs::PermissionsExt, net::UnixListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Clients at once.
const MOST_CLIENTS: usize = 16;
/// How long a stranger has to show the token.
const STRANGER: Duration = Duration::from_secs(10);
/// How long an answer may take to be taken away.
const SLOW: Duration = Duration::from_secs(60);
/// A client that says nothing for so long is gone.
const SILENT: Duration = Duration::from_secs(24 * 3600);
/// Who shows a wrong token waits.
const PENALTY: Duration = Duration::from_secs(1);

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// What a client must show.
    pub token: Vec<u8>,
    /// Whether clients may write.
    pub write: bool,
    /// Ends it soon after it becomes true.
    pub interrupt: Option<&'static AtomicBool>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// A client came in.
    Came(String),
    /// A client was sent away, or went because of a failure.
    Failed(String, String),
    /// A client has gone.
    Gone(String),
}

enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, std::path::PathBuf),
}

/// Somebody who listens.
pub struct Listening {
    listener: Listener,
    identity: Identity,
    /// Where, with the port that the system chose.
    pub address: String,
}

/// Begins to listen at `address`.
///
/// # Errors
/// When the address is taken, or not this machine's.
pub fn listen(address: &Address) -> Result<Listening> {
    let wrong = |e: io::Error| {
        failed(ErrorKind::Io, format!("listening on {address} failed: {e}"))
            .hint("--listen HOST:PORT or unix:/path names another place")
    };
    let identity = Identity::new()?;
    let (listener, said) = match address {
        Address::Tcp(host, port) => {
            let l = TcpListener::bind((host.as_str(), *port)).map_err(wrong)?;
            l.set_nonblocking(true).map_err(wrong)?;
            let said = l.local_addr().map_err(wrong)?.to_string();
            (Listener::Tcp(l), said)
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let l = UnixListener::bind(path).map_err(wrong)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(wrong)?;
            l.set_nonblocking(true).map_err(wrong)?;
            (Listener::Unix(l, path.clone()), address.to_string())
        }
        #[cfg(not(unix))]
        Address::Unix(_) => return Err(wrong(io::ErrorKind::Unsupported.into())),
    };
    Ok(Listening { listener, identity, address: said })
}

impl Drop for Listening {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Listener::Unix(_, path) = &self.listener {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Listening {
    /// The certificate's SHA-256 in hex digits.
    pub fn fingerprint(&self) -> String {
        digits(&self.identity.print)
    }

    fn accept(&self) -> io::Result<(Stream, String)> {
        Ok(match &self.listener {
            Listener::Tcp(l) => {
                let (stream, from) = l.accept()?;
                stream.set_nonblocking(false)?;
                (Stream::Tcp(stream), from.to_string())
            }
            #[cfg(unix)]
            Listener::Unix(l, _) => {
                let (stream, _) = l.accept()?;
                stream.set_nonblocking(false)?;
                (Stream::Unix(stream), "unix".to_owned())
            }
        })
    }

    /// Answers clients until the interrupt; `tell` hears what happens.
    ///
    /// # Errors
    /// When the image is no machine's memory, or no more clients can come.
    pub fn serve(&self, image: &Image, options: &ServeOptions, tell: &(dyn Fn(Served) + Sync)) -> Result<()> {
        if image.process.is_some() || image.without_memory.is_some() {
            return Err(failed(
                ErrorKind::Unsupported,
                "only the memory of a machine is served; this target is one process's, or has none",
            ));
        }
        let about = serde_json::to_vec(&About::of(image, options.write)).ok().filter(|a| a.len() <= MOST_FRAME);
        let about = about.ok_or_else(|| failed(ErrorKind::Unsupported, "what there is to say of the target is too long"))?;
        let token = print_of(&options.token);
        let here = AtomicUsize::new(0);
        let over = || options.interrupt.is_some_and(|i| i.load(Ordering::Relaxed));
        std::thread::scope(|scope| {
            while !over() {
                let (stream, from) = match self.accept() {
                    Ok(client) => client,
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        std::thread::sleep(Duration::from_millis(20));
                        continue;
                    }
                    // A client that went before it was let in; too many open files.
                    Err(e) => {
                        tell(Served::Failed("?".to_owned(), e.to_string()));
                        std::thread::sleep(Duration::from_millis(200));
                        continue;
                    }
                };
                if here.fetch_add(1, Ordering::AcqRel) >= MOST_CLIENTS {
                    here.fetch_sub(1, Ordering::AcqRel);
                    tell(Served::Failed(from, format!("there are {MOST_CLIENTS} clients already")));
                    continue;
                }
                let (about, here) = (&about, &here);
                scope.spawn(move || {
                    tell(match self.client(stream, &from, (image, options), (&token, about), tell) {
                        Ok(()) => Served::Gone(from),
                        Err(why) => Served::Failed(from, why),
                    });
                    here.fetch_sub(1, Ordering::AcqRel);
                });
            }
        });
        Ok(())
    }

    fn client(
        &self,
        stream: Stream,
        from: &str,
        (image, options): (&Image, &ServeOptions),
        (token, about): (&super::secure::Print, &[u8]),
        tell: &(dyn Fn(Served) + Sync),
    ) -> Result<(), String> {
        let wire = Wire::over(stream, options.interrupt).map_err(|e| e.to_string())?;
        let end = Instant::now() + STRANGER;
        let mut secure = Secure::server(wire, &self.identity, end).map_err(|e| e.to_string())?;
        let (kind, body) = secure.receive(MOST_HELLO, end).map_err(|e| e.to_string())?;
        let hello = Some(&body).filter(|_| kind == HELLO).and_then(|b| message::read_hello(b));
        let Some((version, write, shown)) = hello else { return refuse(&mut secure, "this is no greeting") };
        if !equal(&print_of(shown), token) {
            std::thread::sleep(PENALTY);
            return refuse(&mut secure, "the token is wrong");
        }
        if version != VERSION {
            return refuse(&mut secure, &format!("version {version} of the messages is not known here, only {VERSION}"));
        }
        let writes = write && options.write && !image.memory.metadata().read_only;
        secure.send(ABOUT, about, Instant::now() + SLOW).map_err(|e| e.to_string())?;
        tell(Served::Came(from.to_owned()));
        loop {
            let (kind, body) = match secure.receive(MOST_FRAME, Instant::now() + SILENT) {
                Ok(frame) => frame,
                Err(Trouble::Link(Stopped::Closed)) => return Ok(()),
                Err(Trouble::Link(Stopped::Interrupted)) => return refuse(&mut secure, "serve ends").or(Ok(())),
                Err(e) => return Err(e.to_string()),
            };
            let Some(asked) = message::read_request(&body) else {
                return refuse(&mut secure, "a request makes no sense, or asks for too much");
            };
            let answer = match kind {
                READ => read(image, &asked),
                WRITE if asked.data.len() == asked.bytes => write_all(image, &asked, writes),
                _ => return refuse(&mut secure, "a message of this kind is not known"),
            };
            secure.send(ANSWER, &answer, Instant::now() + SLOW).map_err(|e| e.to_string())?;
        }
    }
}

/// Says why, and ends.
fn refuse(secure: &mut Secure, why: &str) -> Result<(), String> {
    let _ = secure.send(REFUSED, why.as_bytes(), Instant::now() + PENALTY);
    secure.close();
    Err(why.to_owned())
}

fn read(image: &Image, asked: &message::Asked<'_>) -> Vec<u8> {
    let mut data = vec![0u8; asked.bytes];
    let (mut ops, mut rest) = (Vec::with_capacity(asked.ops.len()), data.as_mut_slice());
    for (at, len) in &asked.ops {
        let Some((buf, tail)) = std::mem::take(&mut rest).split_at_mut_checked(*len) else { break };
        ops.push(PhysReadOp::new(PhysAddr::new(umem::from(*at)), buf));
        rest = tail;
    }
    // What changes must not come out of a cache of ours: the client has its own.
    image.memory.source().read((&mut ops[..]).into());
    let statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    drop(ops);
    let mut carried = Vec::with_capacity(data.len());
    let mut rest = data.as_slice();
    for ((_, len), status) in asked.ops.iter().zip(&statuses) {
        let (bytes, tail) = rest.split_at_checked(*len).unwrap_or_default();
        if message::carried(*status) {
            carried.extend_from_slice(bytes);
        }
        rest = tail;
    }
    message::answer(asked.number, &statuses, &carried)
}

fn write_all(image: &Image, asked: &message::Asked<'_>, allowed: bool) -> Vec<u8> {
    let mut rest = asked.data;
    let mut ops = Vec::with_capacity(asked.ops.len());
    for (at, len) in &asked.ops {
        let (bytes, tail) = rest.split_at_checked(*len).unwrap_or_default();
        ops.push(PhysWriteOp::new(PhysAddr::new(umem::from(*at)), bytes));
        rest = tail;
    }
    if allowed {
        image.memory.source().write((&mut ops[..]).into());
    } else {
        ops.iter_mut().for_each(|op| op.status = Status::READ_ONLY);
    }
    let statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    message::answer(asked.number, &statuses, &[])
}
