//! Who asks the images.

use super::super::args::Root;
use crate::commands::failure::{Failure, Result};
use crate::embed::{Answer, Ended, Failed, Nobody, Target};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Stands in a command for the image's name without folder and ending.
pub const NAME: &str = "{image}";
/// Rows that a worker may be ahead.
const AHEAD: usize = 256;

/// What a worker says.
pub enum Message {
    /// A row of the image.
    Row(Value),
    /// Bytes that are no row.
    Bytes(Vec<u8>),
    /// All was said.
    Done(std::result::Result<Ended, Failed>),
}

/// What there is to do.
pub struct Work<'a> {
    /// Options for every image.
    pub root: &'a Root,
    /// The images.
    pub images: &'a [PathBuf],
    /// The command.
    pub words: &'a [String],
    /// Set by Ctrl-C.
    pub interrupt: &'static AtomicBool,
}

/// What [`NAME`] stands for.
pub fn name(image: &Path) -> String {
    image.file_stem().unwrap_or(image.as_os_str()).to_string_lossy().into_owned()
}

impl Work<'_> {
    /// Asks all images, `jobs` at a time, and hands the messages of each to `take`, in the order of the images.
    ///
    /// # Errors
    /// What `take` ends it with; [`Failure::Interrupted`] after Ctrl-C.
    pub fn run(&self, jobs: usize, mut take: impl FnMut(usize, Receiver<Message>) -> Result<()>) -> Result<()> {
        let next = Mutex::new(0);
        let (begun, queue) = channel();
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                let (next, begun) = (&next, begun.clone());
                scope.spawn(move || {
                    loop {
                        // Images begin in their order, so that whoever is waited for is at work.
                        let (n, sender) = {
                            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                            let (sender, receiver) = sync_channel(AHEAD);
                            if *next >= self.images.len() || begun.send((*next, receiver)).is_err() {
                                return;
                            }
                            *next += 1;
                            (*next - 1, sender)
                        };
                        let Some(image) = self.images.get(n).filter(|_| !self.interrupt.load(Ordering::Relaxed)) else { return };
                        let done = self.one(image, &sender);
                        // Who has enough does not listen any more.
                        let _ = sender.send(Message::Done(done));
                    }
                });
            }
            drop(begun);
            // Whatever ends this loop closes the queue, and with it the work.
            queue.into_iter().try_for_each(|(n, messages)| take(n, messages))
        })?;
        if self.interrupt.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    fn one(&self, image: &Path, sender: &SyncSender<Message>) -> std::result::Result<Ended, Failed> {
        let root = Root { image: Some(image.to_owned()), ..self.root.clone() };
        // Each image's own progress is not told.
        let target = Target::of_root(&root, Arc::new(Nobody), self.interrupt)?;
        let name = name(image);
        let words = self.words.iter().map(|w| w.replace(NAME, &name));
        target.ask(words, &mut Said(sender))
    }
}

/// Sends rows on; ends when nobody listens.
struct Said<'a>(&'a SyncSender<Message>);

impl Answer for Said<'_> {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        self.send(Message::Row(row))
    }

    fn bytes(&mut self, data: &[u8]) -> ControlFlow<()> {
        self.send(Message::Bytes(data.to_vec()))
    }
}

impl Said<'_> {
    fn send(&self, message: Message) -> ControlFlow<()> {
        if self.0.send(message).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
