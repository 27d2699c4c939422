//! Lists, page by page: a page is stored whole or not at all, and never twice.

use crate::{
    Progress,
    failure::{Again, Failure},
    read::Reading,
    request::Ask,
};
use detek_core::{Cause, CauseClass, InputKey, Stage, Volume};
use detek_doc::{DecodeError, ListMeta, Projection, StoreBuilder, decoder};
use std::collections::HashSet;

/// Pages of one list.
const PAGES: u32 = 20_000;
/// Up to this many pages, an expired list is read again from its start.
const RESTART: u32 = 20;
/// Times in a row that an expired list goes on with a fresh token.
const RESUME: u32 = 3;
/// Empty pages in a row that still name a next one.
const EMPTY: u32 = 3;

/// One input in work: all its lists go into one store.
pub(crate) struct Lists<'a> {
    reading: &'a Reading,
    key: &'a InputKey,
    projection: &'a Projection,
    pub(crate) out: StoreBuilder,
    pub(crate) volume: Volume,
}

/// Where one list stands.
#[derive(Default)]
struct Walk {
    token: Option<String>,
    seen: HashSet<String>,
    pages: u32,
    empty: u32,
    skipped: u64,
    restarted: bool,
    /// Resumptions since the last page that was read.
    resumed: u32,
}

impl<'a> Lists<'a> {
    pub(crate) fn new(reading: &'a Reading, key: &'a InputKey, projection: &'a Projection, out: StoreBuilder) -> Self {
        Lists { reading, key, projection, out, volume: Volume::default() }
    }

    /// Reads the list at `path` to its end. After a failure, what was read stays in the store.
    pub(crate) async fn read(&mut self, path: &str) -> Result<(), Cause> {
        let start = self.out.mark();
        let mut walk = Walk::default();
        loop {
            let failure = match self.page(path, walk.token.as_deref()).await {
                Ok(meta) => {
                    if self.advance(&mut walk, meta)? {
                        continue;
                    }
                    return Ok(());
                }
                Err(failure) if failure.cause.class == CauseClass::Expired => failure,
                Err(failure) => return Err(failure.cause),
            };
            if !walk.restarted && walk.pages <= RESTART {
                self.out.rollback(start);
                self.volume.skipped -= walk.skipped;
                walk = Walk { restarted: true, ..Walk::default() };
                continue;
            }
            // A token that was offered before leads back to where the list expired.
            match failure.fresh.filter(|token| walk.seen.insert(token.clone())) {
                Some(token) if walk.resumed < RESUME => walk.token = Some(token),
                _ => return Err(failure.cause),
            }
            walk.resumed += 1;
            self.volume.resumed = true;
        }
    }

    /// Notes a page that was stored; says whether there is another.
    fn advance(&mut self, walk: &mut Walk, meta: ListMeta) -> Result<bool, Cause> {
        walk.pages += 1;
        walk.resumed = 0;
        walk.skipped += meta.skipped;
        walk.empty = if meta.items == 0 { walk.empty + 1 } else { 0 };
        self.volume.pages += 1;
        self.volume.skipped += meta.skipped;
        self.volume.unpaged |= meta.items > u64::from(self.reading.transport.limits.page_limit);
        self.volume.resource_version = meta.resource_version;
        let (pages, items) = (self.volume.pages, self.out.len() as u64);
        self.reading.options.tell(self.key, Progress::Page { pages, items, remaining: meta.remaining });
        let Some(token) = meta.continue_token else { return Ok(false) };
        let paging = |class, text: &str| Err(Cause::new(class, Stage::Paging, text));
        if !walk.seen.insert(token.clone()) {
            return paging(CauseClass::PagingLoop, "the server named a page that was read before");
        }
        if walk.empty >= EMPTY {
            return paging(CauseClass::PagingLoop, "the server sent empty pages and named yet another");
        }
        if walk.pages >= PAGES {
            return paging(CauseClass::TooLarge, "the list has more than 20000 pages");
        }
        walk.token = Some(token);
        Ok(true)
    }

    async fn page(&mut self, path: &str, token: Option<&str>) -> Result<ListMeta, Failure> {
        let limit = self.reading.transport.limits.page_limit;
        let mut asked = format!("{path}?limit={limit}");
        if let Some(token) = token {
            asked.push_str("&continue=");
            encode(token, &mut asked);
        }
        let mut tries = 0_u8;
        loop {
            tries += 1;
            let answer = self.reading.fetch(Ask::json(&asked)).await?;
            let mark = self.out.mark();
            let error = match decoder().list(&answer.body, self.projection, &mut self.out) {
                Ok(meta) => {
                    self.volume.bytes += answer.body.len() as u64;
                    return Ok(meta);
                }
                Err(error) => error,
            };
            let (class, again) = match &error {
                DecodeError::TooLarge { .. } => (CauseClass::TooLarge, false),
                DecodeError::NotAList { .. } | DecodeError::TooDeep => (CauseClass::BadBody, false),
                _ => (CauseClass::BadBody, true),
            };
            if class != CauseClass::TooLarge {
                self.out.rollback(mark);
            }
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
