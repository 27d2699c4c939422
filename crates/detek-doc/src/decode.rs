//! Bytes to documents: what the projection names is appended to the store while it is parsed; all else is skipped.
use crate::builder::StoreBuilder;
use crate::json::Json;
use crate::list::{List, Listing};
use crate::projection::Projection;
use serde::Deserializer;
use serde::de::DeserializeSeed;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Limits on what one store takes; reaching one ends the reading with [`DecodeError::TooLarge`] or
/// [`DecodeError::TooDeep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Lists and objects within each other, the body's own included. At most 128.
    pub depth: usize,
    /// Bytes of one document: as kept, and in a stream also as sent.
    pub item_bytes: usize,
    /// Bytes of all documents, as kept.
    pub kept_bytes: usize,
    /// Number of documents.
    pub objects: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { depth: 128, item_bytes: 4 << 20, kept_bytes: 192 << 20, objects: 5_000_000 }
    }
}

/// What a list says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta {
    /// Group and version of the list.
    pub api_version: Option<String>,
    /// Kind of the list, such as `PodList`.
    pub kind: Option<String>,
    /// Version of the collection that was read.
    pub resource_version: Option<String>,
    /// Where the next page goes on; `None` (also when sent empty) on the last page.
    pub continue_token: Option<String>,
    /// How many documents the server says are left, after this page.
    pub remaining: Option<u64>,
    /// Documents added to the store.
    pub items: u64,
    /// Elements that are no objects and were left out.
    pub skipped: u64,
}

/// Why a body could not be read. Never holds text of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON; the parser's message, with line and column.
    NotJson {
        /// What the parser says.
        message: String,
    },
    /// Not UTF-8.
    InvalidUtf8 {
        /// Offset of the first wrong byte.
        at: u64,
    },
    /// Lists and objects within each other beyond the cap.
    TooDeep,
    /// The body ends in the middle of a value.
    Truncated,
    /// JSON, but not a list of objects.
    NotAList {
        /// Whether it calls itself a `Status`.
        status: bool,
    },
    /// More than a cap allows; documents that fitted are in the store.
    TooLarge {
        /// The cap's name.
        cap: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The connection or file failed while it was read.
    Io {
        /// The kind of failure.
        kind: io::ErrorKind,
        /// What the reader says.
        message: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { message } => write!(f, "not JSON: {message}"),
            Self::InvalidUtf8 { at } => write!(f, "not UTF-8 at byte {at}"),
            Self::TooDeep => f.write_str("lists and objects are nested too deep"),
            Self::Truncated => f.write_str("the body ends in the middle of a value"),
            Self::NotAList { status: true } => f.write_str("a Status instead of a list"),
            Self::NotAList { status: false } => f.write_str("not a list of objects"),
            Self::TooLarge { cap, limit } => write!(f, "too large: more than {limit} ({cap})"),
            Self::Io { message, .. } => write!(f, "reading failed: {message}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads the body of a list into a store.
pub trait Decode: Send {
    /// The name of the parser.
    fn name(&self) -> &'static str;

    /// Appends the documents of one body (or page of a list) to `out`.
    ///
    /// # Errors
    /// See [`DecodeError`]. After [`DecodeError::TooLarge`] the documents that fitted are in the store; after any other
    /// error the store is as it was before, so that the page can be read again.
    fn list(&mut self, body: &[u8], p: &Projection, out: &mut StoreBuilder) -> Result<ListMeta, DecodeError>;
}

/// A reader of our own, made for bodies of which most is skipped. The parser of [`decoder`].
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnReader;

/// The parser that decides what JSON is: what it says is wrong is what every parser here says.
#[derive(Clone, Copy, Debug, Default)]
pub struct SerdeJson;

/// A parser that uses SIMD: a second opinion, which keeps the same and says the same. It skips what is not kept by
/// recursion without a limit, which a hostile body turns into a stack overflow, and is made to skip with a limit here.
#[derive(Clone, Copy, Debug, Default)]
pub struct SonicRs;

/// The parser to use; `docs/performance.md` compares them.
pub fn decoder() -> Box<dyn Decode> {
    Box::new(OwnReader)
}

impl Decode for OwnReader {
    fn name(&self) -> &'static str {
        "detek"
    }

    fn list(&mut self, body: &[u8], p: &Projection, out: &mut StoreBuilder) -> Result<ListMeta, DecodeError> {
        let text = utf8(body)?;
        or_serde_json(body, p, out, |out| {
            let mut de = Json::new(text);
            let meta = list(&mut de, p, out, false, None)?;
            de.end().map(|()| meta)
        })
    }
}

impl Decode for SerdeJson {
    fn name(&self) -> &'static str {
        "serde_json"
    }

    fn list(&mut self, body: &[u8], p: &Projection, out: &mut StoreBuilder) -> Result<ListMeta, DecodeError> {
        let body = utf8(body)?;
        attempt(out, |out| {
            let mut de = serde_json::Deserializer::from_str(body);
            let meta = list(&mut de, p, out, false, None);
            meta.and_then(|meta| de.end().map(|()| meta)).map_err(|e| explain(e, out))
        })
    }
}

impl Decode for SonicRs {
    fn name(&self) -> &'static str {
        "sonic-rs"
    }

    fn list(&mut self, body: &[u8], p: &Projection, out: &mut StoreBuilder) -> Result<ListMeta, DecodeError> {
        let text = utf8(body)?;
        or_serde_json(body, p, out, |out| {
            let mut de = sonic_rs::Deserializer::from_str(text);
            let meta = list(&mut de, p, out, true, None)?;
            de.end().map(|()| meta)
        })
    }
}

/// What `read` reads; if it fails, what serde_json reads or says is wrong. Errors are rare, and so everyone says the same.
fn or_serde_json<E>(
    body: &[u8],
    p: &Projection,
    out: &mut StoreBuilder,
    read: impl FnOnce(&mut StoreBuilder) -> Result<ListMeta, E>,
) -> Result<ListMeta, DecodeError> {
    match attempt(out, |out| read(out).map_err(|_| out.fault.take())) {
        Ok(meta) => Ok(meta),
        Err(Some(fault @ DecodeError::TooLarge { .. })) => Err(fault),
        Err(_) => SerdeJson.list(body, p, out),
    }
}

/// Reads one body of any length in bounded memory, and otherwise as [`Decode::list`] does.
///
/// # Errors
/// As [`Decode::list`]; also if `body` fails.
pub fn stream(body: impl Read, p: &Projection, caps: &Caps, out: &mut StoreBuilder) -> Result<ListMeta, DecodeError> {
    let progress = Arc::new(Progress::new(caps.item_bytes));
    let guard = Guard { inner: body, progress: progress.clone(), partial: [0; 4], held: 0 };
    attempt(out, |out| {
        let mut de = serde_json::Deserializer::from_reader(BufReader::with_capacity(CHUNK, guard));
        let meta = list(&mut de, p, out, false, Some(&progress));
        meta.and_then(|meta| de.end().map(|()| meta)).map_err(|e| explain(e, out))
    })
}

impl StoreBuilder {
    /// Appends one document that was parsed elsewhere, such as from YAML or from a body of another shape. Returns
    /// whether it was an object; anything else is left out.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] or [`DecodeError::TooDeep`]; nothing is appended then.
    pub fn push_json(&mut self, value: &serde_json::Value, p: &Projection) -> Result<bool, DecodeError> {
        attempt(self, |out| {
            let item = Listing::new(p, out, false, None);
            item.document().deserialize(value).map_err(|e| explain(e, out))
        })
    }
}

fn list<'de, D: Deserializer<'de>>(
    de: D,
    p: &Projection,
    out: &mut StoreBuilder,
    bounded_skip: bool,
    progress: Option<&Progress>,
) -> Result<ListMeta, D::Error> {
    List(Listing::new(p, out, bounded_skip, progress)).deserialize(de)
}

/// Runs `read` and takes back what it stored if it fails, unless it was too much only.
fn attempt<T, E: Failure>(
    out: &mut StoreBuilder,
    read: impl FnOnce(&mut StoreBuilder) -> Result<T, E>,
) -> Result<T, E> {
    let mark = out.mark();
    out.fault = None;
    let result = read(out);
    if let Err(error) = &result {
        if error.keeps_documents() { out.end_unfinished() } else { out.rollback(mark) }
    }
    out.fault = None;
    result
}

/// An error that may leave documents in the store.
trait Failure {
    fn keeps_documents(&self) -> bool;
}

impl Failure for DecodeError {
    fn keeps_documents(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }
}

impl Failure for Option<DecodeError> {
    fn keeps_documents(&self) -> bool {
        self.as_ref().is_some_and(Failure::keeps_documents)
    }
}

fn utf8(body: &[u8]) -> Result<&str, DecodeError> {
    simdutf8::basic::from_utf8(body)
        .map_err(|_| simdutf8::compat::from_utf8(body).err().map_or(0, |e| e.valid_up_to() as u64))
        .map_err(|at| DecodeError::InvalidUtf8 { at })
}

/// What went wrong, in our own terms.
fn explain(error: serde_json::Error, out: &mut StoreBuilder) -> DecodeError {
    use serde_json::error::Category;
    if let Some(fault) = out.fault.take() {
        return fault;
    }
    match error.classify() {
        Category::Eof => DecodeError::Truncated,
        Category::Data => DecodeError::NotAList { status: false },
        Category::Syntax if error.to_string().starts_with("recursion limit") => DecodeError::TooDeep,
        Category::Syntax => DecodeError::NotJson { message: error.to_string() },
        Category::Io => {
            let error = io::Error::from(error);
            match error.get_ref().and_then(|e| e.downcast_ref::<Refused>()) {
                Some(Refused(fault)) => fault.clone(),
                None => DecodeError::Io { kind: error.kind(), message: error.to_string() },
            }
        }
    }
}

// ---------------------------------------------------------------------- streams

const CHUNK: usize = 64 << 10;

/// How far a stream has been read, and how far it may be; shared by the reader and the list above it.
pub(crate) struct Progress {
    read: AtomicU64,
    until: AtomicU64,
    item_bytes: u64,
}

impl Progress {
    fn new(item_bytes: usize) -> Self {
        let item_bytes = item_bytes as u64;
        Self { read: AtomicU64::new(0), until: AtomicU64::new(item_bytes), item_bytes }
    }

    /// A value begins that is kept in memory while it is parsed.
    pub(crate) fn value_begins(&self) {
        // What is in the buffer may be read already; the buffer is a small part of what an item may have.
        let until = self.read.load(Ordering::Relaxed) + self.item_bytes;
        self.until.store(until, Ordering::Relaxed);
    }

    /// What follows is skipped, which takes no memory.
    pub(crate) fn skipping(&self) {
        self.until.store(u64::MAX, Ordering::Relaxed);
    }
}

/// A reader that counts, and takes only UTF-8.
struct Guard<R> {
    inner: R,
    progress: Arc<Progress>,
    /// The beginning of a character whose rest has not come yet.
    partial: [u8; 4],
    held: usize,
}

/// Carried through the parser by an `io::Error`.
#[derive(Debug)]
struct Refused(DecodeError);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.progress.read.load(Ordering::Relaxed);
        if read > self.progress.until.load(Ordering::Relaxed) {
            let limit = self.progress.item_bytes;
            return Err(io::Error::other(Refused(DecodeError::TooLarge { cap: "item_bytes", limit })));
        }
        let n = self.inner.read(buffer)?;
        self.check(&buffer[..n], read)?;
        self.progress.read.store(read + n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R> Guard<R> {
    fn check(&mut self, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
        let refuse = |at| Err(io::Error::other(Refused(DecodeError::InvalidUtf8 { at })));
        while self.held > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return Ok(()) };
            self.partial[self.held] = next;
            self.held += 1;
            match std::str::from_utf8(&self.partial[..self.held]) {
                Ok(_) => self.held = 0,
                Err(e) if e.error_len().is_some() => return refuse(at + 1 - self.held as u64),
                Err(_) => {}
            }
            (bytes, at) = (rest, at + 1);
        }
        let Err(e) = simdutf8::compat::from_utf8(bytes) else { return Ok(()) };
        if e.error_len().is_some() {
            return refuse(at + e.valid_up_to() as u64);
        }
        let rest = &bytes[e.valid_up_to()..];
        self.partial[..rest.len()].copy_from_slice(rest);
        self.held = rest.len();
        Ok(())
    }
}
