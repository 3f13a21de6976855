//! What is asked for.

use crate::machine::{Abi, Kind};
use memsh_plugin::{ApiError, CommandRequest, Status};
use std::time::Duration;

/// Buffers of arguments together may have so many bytes.
pub const BUFFERS: u64 = 16 << 20;
/// Memory that a run may have, at most.
const MOST_MEMORY: u64 = 1 << 30;

/// An argument of the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// As it is.
    Number(u64),
    /// Its address is passed; it is read back after the run.
    Buffer(Vec<u8>),
}

/// What is done where the run comes to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The function there is not called: it gives this, and takes so many bytes of arguments off the stack.
    Return(u64, u64),
    /// The instruction there is passed over.
    Skip,
    /// The run ends.
    Stop,
    /// A row says that the run came by, with the arguments in registers.
    Log,
}

/// Where a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Address(u64),
    /// Every system call.
    SystemCall,
}

/// The arguments.
#[derive(Clone, Debug)]
pub struct Request {
    pub kind: Kind,
    pub abi: Abi,
    pub pid: Option<u32>,
    pub start: Option<u64>,
    /// Code to run in place of code of the target.
    pub code: Vec<u8>,
    pub arguments: Vec<Argument>,
    pub registers: Vec<(String, u64)>,
    pub hooks: Vec<(Point, Action)>,
    pub until: Option<u64>,
    pub steps: u64,
    pub timeout: Duration,
    /// Bytes of pages that a run may touch.
    pub memory: u64,
    pub stack: u64,
    pub trace: bool,
    /// Ranges to show after the run.
    pub read: Vec<(u64, u64)>,
}

pub fn bad(why: impl Into<String>) -> ApiError {
    ApiError::new(Status::INVALID, why)
}

/// `0x..`, decimal, or either with a minus.
pub fn number(text: &str) -> Result<u64, ApiError> {
    let (minus, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    };
    let value = value.ok_or_else(|| bad(format!("{text} is no number (0x1000, 4096, -1)")))?;
    Ok(if minus { value.wrapping_neg() } else { value })
}

pub fn unhex(digits: &str) -> Result<Vec<u8>, ApiError> {
    let wrong = || bad(format!("{digits:?} is no sequence of bytes in hex"));
    let plain: Vec<u8> = digits.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let (pairs, rest) = plain.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong());
    }
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(|p| byte(p).ok_or_else(wrong)).collect()
}

fn argument(text: &str) -> Result<Argument, ApiError> {
    Ok(match text.split_once(':') {
        Some(("text", rest)) => Argument::Buffer(rest.bytes().chain([0]).collect()),
        Some(("wide", rest)) => Argument::Buffer(rest.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()),
        Some(("hex", rest)) => Argument::Buffer(unhex(rest)?),
        Some(("zero", rest)) => {
            let size = number(rest)?;
            if size > BUFFERS {
                return Err(bad(format!("a buffer of {size} bytes is too large: at most {BUFFERS}")));
            }
            Argument::Buffer(vec![0; usize::try_from(size).unwrap_or(0)])
        }
        _ => Argument::Number(number(text)?),
    })
}

fn hook(text: &str) -> Result<(Point, Action), ApiError> {
    let (at, action) = text.split_once('=').ok_or_else(|| bad(format!("hook {text}: ADDR=ret:VALUE, skip, stop or log")))?;
    let point = if at == "syscall" { Point::SystemCall } else { Point::Address(number(at)?) };
    let mut parts = action.split(':');
    let action = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("ret"), value, pop, None) => Action::Return(value.map_or(Ok(0), number)?, pop.map_or(Ok(0), number)?),
        (Some("skip"), None, ..) => Action::Skip,
        (Some("stop"), None, ..) => Action::Stop,
        (Some("log"), None, ..) => Action::Log,
        _ => return Err(bad(format!("hook {text}: {action} is none of ret:VALUE, ret:VALUE:BYTES, skip, stop, log"))),
    };
    Ok((point, action))
}

fn pair(text: &str, between: char, what: &str) -> Result<(String, u64), ApiError> {
    let (left, right) = text.split_once(between).ok_or_else(|| bad(format!("{text}: {what}")))?;
    Ok((left.to_owned(), number(right)?))
}

impl Request {
    /// Takes them from what the host checked.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn of(request: &CommandRequest) -> Result<Self, ApiError> {
        let given = &request.arguments;
        let lines = |name: &str| -> Vec<String> {
            let text = given.get(name).unwrap_or_default();
            text.lines().map(str::to_owned).filter(|l| !l.is_empty()).collect()
        };
        let kind = Kind::named(&given.get("machine").unwrap_or_default())?;
        let abi = match given.get("abi").filter(|a| !a.is_empty()) {
            Some(name) => Abi::named(kind, &name)?,
            None => Abi::usual(kind),
        };
        let pid = given.number("pid").map(|n| u32::try_from(n).map_err(|_| bad(format!("{n} is no pid")))).transpose()?;
        let optional = |name: &str| given.get(name).filter(|t| !t.is_empty()).map(|t| number(&t)).transpose();
        let made = Self {
            kind,
            abi,
            pid,
            start: optional("start")?,
            code: unhex(&given.get("code").unwrap_or_default())?,
            arguments: lines("args").iter().map(|l| argument(l)).collect::<Result<_, _>>()?,
            registers: lines("regs").iter().map(|l| pair(l, '=', "NAME=VALUE")).collect::<Result<_, _>>()?,
            hooks: lines("hooks").iter().map(|l| hook(l)).collect::<Result<_, _>>()?,
            until: optional("until")?,
            steps: given.number("steps").unwrap_or(10_000_000).max(1),
            timeout: Duration::from_millis(given.number("timeout").unwrap_or(20_000)),
            memory: given.number("memory").unwrap_or(64 << 20).clamp(1 << 20, MOST_MEMORY).next_multiple_of(4096),
            stack: given.number("stack").unwrap_or(256 << 10).clamp(4096, 64 << 20).next_multiple_of(4096),
            trace: given.flag("trace"),
            read: lines("read")
                .iter()
                .map(|l| pair(l, ':', "ADDR:LENGTH").and_then(|(at, len)| Ok((number(&at)?, len))))
                .collect::<Result<_, _>>()?,
        };
        match (made.start, made.code.is_empty()) {
            (None, true) => Err(bad("nothing to run: give an address, or code as bytes")),
            (Some(_), false) => Err(bad("an address and code as bytes are two things to run: give one")),
            _ => Ok(made),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_signs_and_bases() {
        assert_eq!(number("0x10").ok(), Some(16));
        assert_eq!(number("-1").ok(), Some(u64::MAX));
        assert!(number("0xzz").is_err() && number("").is_err() && number("--1").is_err());
    }

    #[test]
    fn arguments_are_numbers_or_buffers() {
        assert_eq!(argument("text:a:b").ok(), Some(Argument::Buffer(b"a:b\0".to_vec())));
        assert_eq!(argument("wide:a").ok(), Some(Argument::Buffer(b"a\0\0\0".to_vec())));
        assert_eq!(argument("hex:00 fF").ok(), Some(Argument::Buffer(vec![0, 255])));
        assert_eq!(argument("zero:3").ok(), Some(Argument::Buffer(vec![0; 3])));
        for wrong in ["hex:0", "hex:0g", "zero:0xffffffff", "tex:a", "hex:\u{20ac}0"] {
            assert!(argument(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hooks_say_where_and_what() {
        assert_eq!(hook("0x10=ret:5").ok(), Some((Point::Address(16), Action::Return(5, 0))));
        assert_eq!(hook("16=ret:-1:8").ok(), Some((Point::Address(16), Action::Return(u64::MAX, 8))));
        assert_eq!(hook("syscall=stop").ok(), Some((Point::SystemCall, Action::Stop)));
        for wrong in ["16", "16=", "16=jump", "16=skip:1", "x=skip", "16=ret:1:2:3"] {
            assert!(hook(wrong).is_err(), "{wrong}");
        }
    }
}
