//! Lists, page by page: a page is stored whole or not at all, and never twice.

use crate::{
    Progress,
    read::{
        Reading,
        page::{Pages, Undecoded, too_long},
    },
    transport::{
        body::whole_items,
        failure::{Again, Failure},
        request::{Ask, Waits},
    },
};
use detek_core::{Cause, CauseClass, InputKey, Stage, Volume};
use detek_doc::{Caps, DecodeError, ListMeta, Mark, Projection, StoreBuilder};
use std::{collections::HashSet, hash::BuildHasher, sync::atomic::Ordering};

/// Pages of one list.
const PAGES: u32 = 20_000;
/// Up to this many pages, an expired list is read again from its start.
const RESTART: u32 = 20;
/// Times in a row that an expired list goes on with a fresh token.
const RESUME: u32 = 3;
/// Empty pages in a row that still name a next one.
const EMPTY: u32 = 3;
/// Times that a list goes on with smaller pages.
const SHRINK: u8 = 3;
/// Objects of a page that took too long or was too large: half of what came, within these.
const SMALLER: (u32, u32) = (25, 250);

/// One input in work: all its lists go into one store.
pub(crate) struct Lists<'a> {
    reading: &'a Reading,
    key: &'a InputKey,
    pages: Pages,
    waits: Waits,
    /// Bytes of the store that the run knows of.
    kept: usize,
    pub(crate) volume: Volume,
}

/// Where one list stands.
struct Walk {
    token: Option<String>,
    /// Hashes of the tokens that were named, as a server may name long ones without end.
    seen: HashSet<u64>,
    /// Objects asked for in one page.
    limit: u32,
    shrunk: u8,
    pages: u32,
    empty: u32,
    skipped: u64,
    bytes: u64,
    restarted: bool,
    /// Resumptions since the last page that was read.
    resumed: u32,
}

impl Walk {
    fn new(limit: u32) -> Self {
        let (token, seen) = (None, HashSet::new());
        Walk { token, seen, limit, shrunk: 0, pages: 0, empty: 0, skipped: 0, bytes: 0, restarted: false, resumed: 0 }
    }

    /// Whether a token was not named before; notes it.
    fn is_new(&mut self, token: &str) -> bool {
        let hash = self.seen.hasher().hash_one(token);
        self.seen.insert(hash)
    }

    /// The same list from its start, once.
    fn again(&self) -> Self {
        Walk { restarted: true, shrunk: self.shrunk, ..Walk::new(self.limit) }
    }
}

impl<'a> Lists<'a> {
    pub(crate) fn new(reading: &'a Reading, key: &'a InputKey, projection: Projection) -> Self {
        let limits = &reading.transport.limits;
        let left = limits.kept_bytes.saturating_sub(reading.kept.load(Ordering::Relaxed));
        let caps = Caps { kept_bytes: left, objects: limits.list_objects, ..Caps::default() };
        let (waits, volume) = (Waits::default(), Volume::default());
        Lists { reading, key, pages: Pages::new(projection, caps), waits, kept: 0, volume }
    }

    /// What was stored, and how much was read for it.
    pub(crate) fn end(mut self) -> (StoreBuilder, Volume) {
        (self.pages.take(), self.volume)
    }

    /// Reads the list at `path` to its end. After a failure, what was read stays in the store.
    pub(crate) async fn read(&mut self, path: &str) -> Result<(), Cause> {
        let start = self.pages.out().mark();
        let mut walk = Walk::new(self.reading.transport.limits.page_limit);
        loop {
            let failure = match self.page(path, &walk).await {
                Ok((meta, bytes)) => {
                    walk.bytes += bytes;
                    self.volume.bytes += bytes;
                    if self.advance(&mut walk, meta)? {
                        continue;
                    }
                    return Ok(());
                }
                Err(failure) => failure,
            };
            if let Some(limit) = self.smaller(&walk, &failure) {
                (walk.limit, walk.shrunk) = (limit, walk.shrunk + 1);
            } else if failure.cause.class == CauseClass::Expired {
                self.expired(&mut walk, failure, start)?;
            } else if failure.cause.status == Some(400) && walk.shrunk > 0 && !walk.restarted {
                // Not every server takes a token with another limit than the one it was given for.
                self.restart(&mut walk, start);
            } else {
                return Err(failure.cause);
            }
        }
    }

    /// Goes on with a list that expired on the server: from its start, or with the token that the server offers.
    fn expired(&mut self, walk: &mut Walk, failure: Failure, start: Mark) -> Result<(), Cause> {
        if !walk.restarted && walk.pages <= RESTART {
            self.restart(walk, start);
            return Ok(());
        }
        // A token that was offered before leads back to where the list expired.
        match failure.fresh.filter(|token| walk.is_new(token)) {
            Some(token) if walk.resumed < RESUME => walk.token = Some(token),
            _ => return Err(failure.cause),
        }
        walk.resumed += 1;
        self.volume.resumed = true;
        Ok(())
    }

    fn restart(&mut self, walk: &mut Walk, start: Mark) {
        self.pages.out().rollback(start);
        self.volume.skipped -= walk.skipped;
        *walk = walk.again();
    }

    /// The size of the page to try instead of one that was too slow or too large, by what came of it.
    fn smaller(&self, walk: &Walk, failure: &Failure) -> Option<u32> {
        let came = match (failure.cause.class, failure.cause.stage) {
            (CauseClass::Timeout | CauseClass::TooLarge, Stage::Body) => whole_items(&self.pages.buffer),
            _ => 0,
        };
        let limit = (came / 2).clamp(SMALLER.0, SMALLER.1);
        (came > 0 && walk.shrunk < SHRINK && limit < walk.limit).then_some(limit)
    }

    /// Notes a page that was stored; says whether there is another.
    fn advance(&mut self, walk: &mut Walk, meta: ListMeta) -> Result<bool, Cause> {
        walk.pages += 1;
        walk.resumed = 0;
        walk.skipped += meta.skipped;
        walk.empty = if meta.items == 0 { walk.empty + 1 } else { 0 };
        self.volume.pages += 1;
        self.volume.skipped += meta.skipped;
        self.volume.unpaged |= meta.items > u64::from(walk.limit);
        self.volume.resource_version = meta.resource_version;
        let (pages, items) = (self.volume.pages, self.pages.out().len() as u64);
        self.reading.options.tell(self.key, Progress::Page { pages, items, remaining: meta.remaining });
        let too_much = self.weigh();
        let Some(token) = meta.continue_token else { return Ok(false) };
        let paging = |class, text: &str| Err(Cause::new(class, Stage::Paging, text));
        if !walk.is_new(&token) {
            return paging(CauseClass::PagingLoop, "the server named a page that was read before");
        }
        if walk.empty >= EMPTY {
            return paging(CauseClass::PagingLoop, "the server sent empty pages and named yet another");
        }
        if walk.pages >= PAGES {
            return paging(CauseClass::TooLarge, &format!("the list has more than {PAGES} pages"));
        }
        let cap = self.reading.transport.limits.list_bytes;
        if walk.bytes > cap {
            return Err(too_long(cap).cause);
        }
        walk.token = Some(token);
        too_much.map_or(Ok(true), Err)
    }

    /// Tells the run how much is kept; the cause to end with if that is too much.
    fn weigh(&mut self) -> Option<Cause> {
        let now = self.pages.out().memory().total();
        // Wraps around, as it should, when a restarted list is smaller than it was.
        let more = now.wrapping_sub(self.kept);
        let all = self.reading.kept.fetch_add(more, Ordering::Relaxed).wrapping_add(more);
        self.kept = now;
        let cap = self.reading.transport.limits.kept_bytes;
        let text = format!("what was read so far takes {all} bytes, and {cap} may be kept (kept_bytes)");
        (all > cap).then(|| Cause::new(CauseClass::TooLarge, Stage::Decode, &text))
    }

    /// Reads one page, and its bytes.
    async fn page(&mut self, path: &str, walk: &Walk) -> Result<(ListMeta, u64), Failure> {
        let mut asked = format!("{path}?limit={}", walk.limit);
        if path.starts_with("/api/v1/") && path.ends_with("/secrets") {
            // Certificates are all that is read of Secrets: no other is asked for.
            asked.push_str("&fieldSelector=type%3Dkubernetes.io%2Ftls");
        }
        if let Some(token) = &walk.token {
            asked.push_str("&continue=");
            encode(token, &mut asked);
        }
        let reading = self.reading;
        let mut tries = 0_u8;
        loop {
            tries += 1;
            let ask = Ask::page(&asked, walk.limit, &self.waits);
            let fetched = reading.transport.fetch_into(ask, &mut self.pages.buffer);
            let (answer, rest) = reading.options.bound(fetched).await?;
            self.pages.buffer = answer.body;
            let (done, bytes) = self.pages.store(reading, rest).await;
            let error = match done {
                Ok(meta) => return Ok((meta, bytes)),
                Err(Undecoded::Cut(failure)) if failure.again == Again::Soon && tries == 1 => continue,
                Err(Undecoded::Cut(failure)) => return Err(failure),
                Err(Undecoded::Bad(error)) => error,
            };
            let (class, again) = match &error {
                DecodeError::TooLarge { .. } => (CauseClass::TooLarge, false),
                DecodeError::NotAList { .. } | DecodeError::TooDeep => (CauseClass::BadBody, false),
                _ => (CauseClass::BadBody, true),
            };
            if !again || tries > 1 {
                let mut cause = Cause::new(class, Stage::Decode, &error.to_string());
                cause.status = Some(answer.status);
                cause.attempts = tries;
                return Err(Failure::new(cause, Again::Never));
            }
        }
    }
}

/// Appends `text` as a value of a query.
fn encode(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_token_is_sent_as_it_came() {
        let mut out = String::new();
        super::encode("a+b/c==&é", &mut out);
        assert_eq!(out, "a%2Bb%2Fc%3D%3D%26%C3%A9");
    }
}
