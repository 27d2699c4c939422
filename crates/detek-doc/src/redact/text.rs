//! Credentials inside of text: tokens, keys, URLs with passwords; and the cut of long texts.
//!
//! Every kept string passes here once, so the usual answer, "nothing", must be cheap: one pass over the bytes that looks
//! closer only where a pattern can begin.
use std::borrow::Cow;

/// No pattern is shorter than this (`&sig=a`).
const SHORTEST: usize = 6;
/// No token is shorter than this (`xoxb-` and ten more).
const SHORTEST_TOKEN: usize = 15;
/// The first part of a token ends within this many bytes.
const JWT_HEADER: usize = 512;
const CUT: &str = "…[cut]";

/// `s` with credentials replaced, and cut at `longest` bytes.
pub fn clean(s: &str, longest: u16) -> Cow<'_, str> {
    let longest = usize::from(longest);
    if s.len() <= longest {
        return redact(s);
    }
    // A credential that the cut would halve is found in the text before it is cut; how far beyond is bounded.
    let ahead = &s[..boundary(s, longest + 4096)];
    let redacted = redact(ahead);
    let mut kept = redacted[..boundary(&redacted, longest)].to_owned();
    kept.push_str(CUT);
    Cow::Owned(kept)
}

/// The last place between characters that is not behind `at`.
fn boundary(s: &str, at: usize) -> usize {
    (0..=at.min(s.len())).rev().find(|&n| s.is_char_boundary(n)).unwrap_or(0)
}

/// What a byte may mean for a pattern.
const WORD: u8 = 1;
/// A pattern may begin with it, at the beginning of a word.
const BEGIN: u8 = 2;
/// A pattern may begin with it anywhere.
const SIGN: u8 = 4;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut b = 0;
    while b < 256 {
        if (b as u8).is_ascii_alphanumeric() {
            class[b] = WORD;
        }
        b += 1;
    }
    let mut n = 0;
    while n < TOKENS.len() {
        class[TOKENS[n].prefix.as_bytes()[0] as usize] |= BEGIN;
        n += 1;
    }
    class[b':' as usize] |= SIGN;
    class[b'?' as usize] |= SIGN;
    class[b'#' as usize] |= SIGN;
    class[b'&' as usize] |= SIGN;
    class[b';' as usize] |= SIGN;
    class
};

/// A credential that begins with a fixed text.
struct Token {
    prefix: &'static str,
    /// Fewest bytes behind the prefix.
    least: usize,
    /// Which bytes go on.
    more: fn(u8) -> bool,
    kind: &'static str,
}

const fn token(prefix: &'static str, least: usize, more: fn(u8) -> bool, kind: &'static str) -> Token {
    Token { prefix, least, more, kind }
}

/// Only ASCII, so that what is replaced begins and ends between characters.
static TOKENS: &[Token] = &[
    token("eyJ", 17, is_jwt, "jwt"),
    token("-----BEGIN ", 0, is_any, "private-key"),
    token("LS0tLS1CRUdJTi", 20, is_base64, "pem"),
    token("AKIA", 16, is_upper, "cloud-key"),
    token("ASIA", 16, is_upper, "cloud-key"),
    token("AROA", 16, is_upper, "cloud-key"),
    token("AIza", 30, is_url64, "cloud-key"),
    token("ya29.", 20, is_url64, "cloud-token"),
    token("AccountKey=", 20, is_base64, "cloud-key"),
    token("SharedAccessKey=", 20, is_base64, "cloud-key"),
    token("ghp_", 20, is_url64, "git-token"),
    token("gho_", 20, is_url64, "git-token"),
    token("ghu_", 20, is_url64, "git-token"),
    token("ghs_", 20, is_url64, "git-token"),
    token("ghr_", 20, is_url64, "git-token"),
    token("github_pat_", 20, is_url64, "git-token"),
    token("glpat-", 16, is_url64, "git-token"),
    token("gldt-", 16, is_url64, "git-token"),
    token("glrt-", 16, is_url64, "git-token"),
    token("xoxa-", 10, is_url64, "chat-token"),
    token("xoxb-", 10, is_url64, "chat-token"),
    token("xoxp-", 10, is_url64, "chat-token"),
    token("xoxr-", 10, is_url64, "chat-token"),
    token("xoxs-", 10, is_url64, "chat-token"),
    token("xapp-", 10, is_url64, "chat-token"),
    token("hvs.", 20, is_url64, "vault-token"),
    token("npm_", 30, is_url64, "registry-token"),
    token("dckr_pat_", 20, is_url64, "registry-token"),
    token("dop_v1_", 30, is_url64, "cloud-token"),
    token("sk_live_", 16, is_url64, "api-key"),
    token("rk_live_", 16, is_url64, "api-key"),
    token("sk-ant-", 16, is_url64, "api-key"),
    token("Bearer ", 12, is_bearer, "bearer"),
    token("bearer ", 12, is_bearer, "bearer"),
    token("Basic ", 12, is_base64, "basic"),
];

const fn is_upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}
const fn is_url64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}
const fn is_jwt(b: u8) -> bool {
    is_url64(b) || b == b'.'
}
const fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}
const fn is_bearer(b: u8) -> bool {
    is_jwt(b) || is_base64(b) || b == b'~'
}
const fn is_any(_: u8) -> bool {
    true
}

/// Bytes `from .. to` become `with`.
struct Find {
    from: usize,
    to: usize,
    with: With,
}

enum With {
    Kind(&'static str),
    Plain,
}

/// All passes that it takes: what is replaced may have hidden the beginning of something else.
fn redact(s: &str) -> Cow<'_, str> {
    const MOST: usize = 8;
    let Cow::Owned(mut once) = pass(s) else { return Cow::Borrowed(s) };
    for _ in 1..MOST {
        match pass(&once) {
            Cow::Borrowed(_) => break,
            Cow::Owned(again) => once = again,
        }
    }
    Cow::Owned(once)
}

fn pass(s: &str) -> Cow<'_, str> {
    let bytes = s.as_bytes();
    if bytes.len() < SHORTEST || (bytes.len() < SHORTEST_TOKEN && !bytes.iter().any(|b| b":?#&;".contains(b))) {
        return Cow::Borrowed(s);
    }
    let mut out: Option<String> = None;
    let (mut done, mut at, mut in_word) = (0, 0, false);
    while at < bytes.len() {
        let class = CLASS[bytes[at] as usize];
        let may_begin = class & SIGN != 0 || (class & BEGIN != 0 && !in_word);
        if may_begin && let Some(find) = find(s, at) {
            let out = out.get_or_insert_with(|| String::with_capacity(s.len()));
            out.push_str(&s[done..find.from]);
            match find.with {
                With::Kind(kind) => out.extend(["[redacted:", kind, "]"]),
                With::Plain => out.push_str("[redacted]"),
            }
            (done, at, in_word) = (find.to, find.to, false);
            continue;
        }
        in_word = class & WORD != 0;
        at += 1;
    }
    match out {
        None => Cow::Borrowed(s),
        Some(mut out) => {
            out.push_str(&s[done..]);
            Cow::Owned(out)
        }
    }
}

#[inline]
fn find(s: &str, at: usize) -> Option<Find> {
    let bytes = s.as_bytes();
    match bytes[at] {
        b':' => user_info(bytes, at),
        b'?' | b'#' | b'&' | b';' => query(bytes, at),
        first => TOKENS
            .iter()
            .filter(|t| t.prefix.as_bytes()[0] == first && bytes[at..].starts_with(t.prefix.as_bytes()))
            .find_map(|t| token_at(s, at, t)),
    }
}

fn token_at(s: &str, at: usize, token: &Token) -> Option<Find> {
    if token.kind == "private-key" {
        return private_key(s, at);
    }
    let begin = at + token.prefix.len();
    let bytes = &s.as_bytes()[begin..];
    // Looked for first: that many words may begin like a token and be none, to the end of the text.
    if token.kind == "jwt" && bytes.iter().take(JWT_HEADER).find(|&&b| b == b'.' || !is_jwt(b)) != Some(&b'.') {
        return None;
    }
    let len = bytes.iter().position(|&b| !(token.more)(b)).unwrap_or(bytes.len());
    if len < token.least {
        return None;
    }
    // What is named by its prefix keeps the name of a header or setting.
    let named = token.prefix.ends_with([' ', '=']);
    Some(Find { from: if named { begin } else { at }, to: begin + len, with: With::Kind(token.kind) })
}

/// `-----BEGIN ... PRIVATE KEY-----` to its end, or to the end of the text.
fn private_key(s: &str, at: usize) -> Option<Find> {
    let rest = &s[at..];
    let label = &rest["-----BEGIN ".len()..];
    let label_end = label.find("-----")?;
    if label_end > 64 || !label[..label_end].contains("PRIVATE KEY") {
        return None;
    }
    let to = rest.find("-----END ").map_or(s.len(), |end| {
        let behind = at + end + "-----END ".len();
        s[behind..].find("-----").map_or(s.len(), |n| behind + n + 5)
    });
    Some(Find { from: at, to, with: With::Kind("private-key") })
}

/// `user:password` of `scheme://user:password@host`; `at` is the colon of the scheme.
fn user_info(bytes: &[u8], at: usize) -> Option<Find> {
    let from = at + 3;
    if !bytes[at..].starts_with(b"://") || at == 0 {
        return None;
    }
    let rest = &bytes[from..];
    let end = rest.iter().position(|b| b"/?#\"'<> \t\r\n".contains(b)).unwrap_or(rest.len());
    let sign = rest[..end].iter().rposition(|&b| b == b'@')?;
    // An already reduced URL stays as it is.
    if sign == 0 || &rest[..sign] == b"[redacted]" {
        return None;
    }
    Some(Find { from, to: from + sign, with: With::Plain })
}

/// The value of `?name=value` or `&name=value`, if the name is that of a credential; `at` is the sign before the name.
fn query(bytes: &[u8], at: usize) -> Option<Find> {
    const NAME: usize = 64;
    let name = &bytes[at + 1..];
    let equals = name.iter().take(NAME).position(|b| b"=&;?#\"'<> \t\r\n".contains(b))?;
    if name[equals] != b'=' || !is_credential(&name[..equals]) {
        return None;
    }
    let value = &name[equals + 1..];
    let end = value.iter().position(|b| b"&;#\"'<> \t\r\n".contains(b)).unwrap_or(value.len());
    if end == 0 || &value[..end] == b"[redacted]" {
        return None;
    }
    let from = at + 1 + equals + 1;
    Some(Find { from, to: from + end, with: With::Plain })
}

/// Whether a name of an option, variable or query value is that of a credential.
pub(super) fn is_credential(name: &[u8]) -> bool {
    const PARTS: &[&[u8]] = &[
        b"password",
        b"passwd",
        b"passphrase",
        b"pwd",
        b"secret",
        b"token",
        b"apikey",
        b"api-key",
        b"api_key",
        b"accesskey",
        b"access-key",
        b"access_key",
        b"privatekey",
        b"private-key",
        b"private_key",
        b"credential",
        b"signature",
    ];
    const ENDS: &[&[u8]] = &[b"key", b"auth", b"pass", b"sig"];
    PARTS.iter().any(|part| name.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part)))
        || ENDS.iter().any(|end| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::super::STRING;
    use super::*;

    #[test]
    fn credentials_are_replaced_and_the_rest_is_kept() {
        let long = "a1B2c3D4e5F6a7B8c9D0e1F2a3B4c5D6e7F8";
        for (text, expected) in [
            (format!("token eyJhbGciOi.eyJzdWIiOiIx.{long} sent"), "token [redacted:jwt] sent"),
            (format!("x=ghp_{long};"), "x=[redacted:git-token];"),
            (format!("glpat-{long}"), "[redacted:git-token]"),
            ("AKIAIOSFODNN7EXAMPLE".into(), "[redacted:cloud-key]"),
            ("id AKIAIOSFODNN7EXAMPLE, ok".into(), "id [redacted:cloud-key], ok"),
            ("xoxb-1234567890-abc".into(), "[redacted:chat-token]"),
            (format!("Authorization: Bearer {long}"), "Authorization: Bearer [redacted:bearer]"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest".into(),
                "[redacted:private-key]\nrest",
            ),
            ("a -----BEGIN PRIVATE KEY-----\nabc".into(), "a [redacted:private-key]"),
            ("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1J".into(), "[redacted:pem]"),
            ("https://user:pw@host:80/a?b=c".into(), "https://[redacted]@host:80/a?b=c"),
            ("postgres://u:p%40@db/x and redis://:pw@r".into(), "postgres://[redacted]@db/x and redis://[redacted]@r"),
            ("https://h/p?a=1&token=x&sig=y&b=2".into(), "https://h/p?a=1&token=[redacted]&sig=[redacted]&b=2"),
            ("/cb#access_token=abc".into(), "/cb#access_token=[redacted]"),
        ] {
            assert_eq!(clean(&text, STRING), expected);
            assert_eq!(clean(expected, STRING), expected, "cleaning twice changes nothing");
        }
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in [
            "registry.example.com/team/app:v1.2.3@sha256:0123456789abcdef",
            "https://example.com:8443/healthz?verbose=1",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "eyJust a word",
            "ghp_short",
            "AKIA",
            "a?b",
            "what? key: value",
            "Bearer of news",
            "äöü ✓ 漢字",
            "::",
            "://",
            "?=",
            "",
        ] {
            assert!(matches!(clean(text, STRING), Cow::Borrowed(t) if t == text), "{text}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text = "ä".repeat(600);
        let cut = clean(&text, 1023);
        assert!(cut.ends_with("ä…[cut]") && cut.len() == 1022 + CUT.len(), "{}", cut.len());
        assert_eq!(clean(&text, 1200), text);
    }

    #[test]
    fn a_credential_at_the_cut_is_not_halved() {
        let text = format!("{} ghp_{}", "x".repeat(1000), "A1b2".repeat(20));
        let cut = clean(&text, 1020);
        assert!(!cut.contains("ghp_") && cut.contains("[redacted"), "{cut}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            ..proptest::prelude::ProptestConfig::with_cases(2000)
        })]

        #[test]
        fn any_text_can_be_cleaned_and_once_is_enough(
            text in "(eyJ|ghp_|AKIA|https://|@|[?&;#](token|a)=|-----BEGIN |PRIVATE KEY-----|-----END |Bearer |LS0tLS1CRUdJTi|\
                     ä|[a-zA-Z0-9]{1,20}|[A-Z]{16}|[_.=/ \"-]){0,20}",
            longest in 0_u16..200,
        ) {
            let once = clean(&text, STRING).into_owned();
            proptest::prop_assert_eq!(&*clean(&once, STRING), &once);
            let cut = clean(&text, longest);
            proptest::prop_assert!(cut.len() <= usize::from(longest) + CUT.len() || cut == once);
        }
    }
}
