//! Bodies that no honest server sends: a typed error or a document, never a panic, never more memory than the caps.
#![expect(clippy::unwrap_used, reason = "tests fail where they unwrap")]
use detek_doc::{
    Caps, Decode, DecodeError, Doc, Keep, ListMeta, OwnReader, Projection, SerdeJson, SonicRs, StoreBuilder, stream,
};

fn all() -> Projection {
    let mut p = Projection::new("test/objects");
    p.keep(&[], Keep::All).unwrap();
    p
}

/// What all readers say; they must agree.
fn read(body: &[u8], p: &Projection, caps: &Caps) -> Result<(ListMeta, Vec<serde_json::Value>), DecodeError> {
    let mut results = Vec::new();
    for n in 0..4 {
        let mut out = StoreBuilder::new(caps);
        let result = match n {
            0 => SerdeJson.list(body, p, &mut out),
            1 => OwnReader.list(body, p, &mut out),
            2 => SonicRs.list(body, p, &mut out),
            _ => stream(body, p, caps, &mut out),
        };
        assert!(result.is_ok() || matches!(result, Err(DecodeError::TooLarge { .. })) || out.is_empty());
        results.push(result.map(|meta| (meta, out.finish().docs().map(Doc::to_json).collect())));
    }
    let last = results.pop().unwrap();
    for other in results {
        match (&other, &last) {
            (Err(DecodeError::NotJson { .. }), Err(DecodeError::NotJson { .. })) => {}
            _ => assert_eq!(other, last),
        }
    }
    last
}

fn error(body: &[u8]) -> DecodeError {
    read(body, &all(), &Caps::default()).expect_err("a typed error")
}

#[test]
fn what_is_not_a_list_says_so() {
    assert_eq!(error(b"{}"), DecodeError::NotAList { status: false });
    assert_eq!(error(b"[]"), DecodeError::NotAList { status: false });
    assert_eq!(error(b"17"), DecodeError::NotAList { status: false });
    assert_eq!(error(br#"{"items":{"a":1}}"#), DecodeError::NotAList { status: false });
    assert_eq!(error(br#"{"kind":"Status","code":410,"metadata":{}}"#), DecodeError::NotAList { status: true });
    assert!(matches!(error(b"<html>"), DecodeError::NotJson { .. }));
    assert_eq!(error(b""), DecodeError::Truncated);
    assert_eq!(error(br#"{"items":[{"a":"b"#), DecodeError::Truncated);
    assert_eq!(error(br#"{"items":[{"a":1}]"#), DecodeError::Truncated);
    assert!(matches!(error(br#"{"items":[]} x"#), DecodeError::NotJson { .. }));
    assert!(matches!(error(br#"{"items":[{"a":1},]}"#), DecodeError::NotJson { .. }));
}

#[test]
fn what_is_not_json_is_refused_by_every_decoder() {
    for value in
        ["NaN", "Infinity", "-Infinity", "01", "1.", "+1", "'a'", "nul", "\"\\x\"", "\"a\nb\"", "1e999", "--1", "tru"]
    {
        let body = format!(r#"{{"items":[{{"a":{value}}}]}}"#);
        assert!(matches!(error(body.as_bytes()), DecodeError::NotJson { .. }), "{value}");
    }
}

#[test]
fn text_that_is_not_unicode_is_refused() {
    for text in [r"\ud800", r"\udc00", r"\ud800x", r"\ud800A"] {
        let body = format!(r#"{{"items":[{{"a":"{text}"}}]}}"#);
        assert!(matches!(error(body.as_bytes()), DecodeError::NotJson { .. }), "{text}");
    }
    for (bytes, at) in [(&b"\xff"[..], 15), (b"\xe2\x82", 15), (b"a\xc3(", 16), (b"\xed\xa0\x80", 15)] {
        let body = [&br#"{"items":[{"a":""#[..14], b"\"", bytes, br#""}]}"#].concat();
        assert_eq!(error(&body), DecodeError::InvalidUtf8 { at }, "{bytes:?}");
    }
    // Also where nobody reads it.
    let body = [&br#"{"junk":""#[..], b"\xff", br#"","items":[]}"#].concat();
    assert!(matches!(error(&body), DecodeError::InvalidUtf8 { .. }));
}

#[test]
fn deep_nesting_is_an_error_where_it_is_read_and_harmless_where_it_is_not() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = |n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        assert!(read(format!(r#"{{"items":[{{"a":{}}}]}}"#, deep(124)).as_bytes(), &all(), &Caps::default()).is_ok());
        for n in [125, 126, 1000, 300_000] {
            assert_eq!(error(format!(r#"{{"items":[{{"a":{}}}]}}"#, deep(n)).as_bytes()), DecodeError::TooDeep, "{n}");
        }
        let mut p = Projection::new("x");
        p.keep(&["b"], Keep::All).unwrap();
        for n in [100, 300, 300_000] {
            let body =
                format!(r#"{{"metadata":{{"x":{d}}},"other":{d},"items":[{d},{{"a":{d},"b":1}}]}}"#, d = deep(n));
            let (meta, docs) = read(body.as_bytes(), &p, &Caps::default()).unwrap();
            assert!(meta.items >= 1 && docs.last().unwrap()["b"] == 1, "{n}");
        }
        assert_eq!(error(format!(r#"{{"items":[{{"a":{}"#, open.repeat(1_000_000)).as_bytes()), DecodeError::TooDeep);
    }
    let caps = Caps { depth: 5, ..Caps::default() };
    assert!(read(br#"{"items":[{"a":[1]}]}"#, &all(), &caps).is_ok());
    assert_eq!(read(br#"{"items":[{"a":[[1]]}]}"#, &all(), &caps), Err(DecodeError::TooDeep));
}

#[test]
fn caps_are_named_and_what_fitted_stays() {
    let item = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
    let items: Vec<String> = (0..100).map(|n| item.replacen('x', &format!("x{n}"), 1)).collect();
    let body = format!(r#"{{"items":[{}]}}"#, items.join(","));
    for (caps, cap) in [
        (Caps { kept_bytes: 20_000, ..Caps::default() }, "kept_bytes"),
        (Caps { objects: 10, ..Caps::default() }, "objects"),
        (Caps { item_bytes: 500, ..Caps::default() }, "item_bytes"),
    ] {
        for n in 0..3 {
            let mut out = StoreBuilder::new(&caps);
            let result = match n {
                0 => SerdeJson.list(body.as_bytes(), &all(), &mut out),
                1 => OwnReader.list(body.as_bytes(), &all(), &mut out),
                _ => SonicRs.list(body.as_bytes(), &all(), &mut out),
            };
            let Err(DecodeError::TooLarge { cap: found, .. }) = result else { panic!("{cap}: {result:?}") };
            assert_eq!(found, cap);
            assert!(out.memory().total() <= caps.kept_bytes, "{:?}", out.memory());
            match cap {
                "objects" => assert_eq!(out.len(), 10),
                "kept_bytes" => assert!(out.len() > 10 && out.doc(10).get("a").is_some()),
                _ => assert!(out.is_empty()),
            }
        }
    }
}

#[test]
fn one_item_cannot_fill_memory() {
    let caps = Caps { item_bytes: 1 << 20, ..Caps::default() };
    for value in ["1,".repeat(3_000_000), "[],".repeat(2_000_000), "[1,[2,[3]]],".repeat(700_000)] {
        let body = format!(r#"{{"items":[{{"a":[{value}0]}}]}}"#);
        for n in 0..3 {
            let mut out = StoreBuilder::new(&caps);
            let result = match n {
                0 => SerdeJson.list(body.as_bytes(), &all(), &mut out),
                1 => SonicRs.list(body.as_bytes(), &all(), &mut out),
                _ => stream(body.as_bytes(), &all(), &caps, &mut out),
            };
            assert!(matches!(result, Err(DecodeError::TooLarge { cap: "item_bytes", .. })), "{result:?}");
            assert!(out.is_empty());
        }
    }
}

#[test]
fn an_endless_string_ends_at_the_cap_of_an_item() {
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let begin: &[u8] = br#"{"items":[{"a":"b"},{"a":""#;
            let n = if self.0 == 0 {
                buffer[..begin.len()].copy_from_slice(begin);
                begin.len()
            } else {
                buffer.fill(b'x');
                buffer.len()
            };
            self.0 += n;
            assert!(self.0 < 6 << 20, "read far beyond the cap");
            Ok(n)
        }
    }
    let caps = Caps::default();
    let mut out = StoreBuilder::new(&caps);
    let result = stream(Endless(0), &all(), &caps, &mut out);
    assert!(matches!(result, Err(DecodeError::TooLarge { cap: "item_bytes", .. })), "{result:?}");
    assert_eq!(out.len(), 1);
}

#[test]
fn a_million_keys_and_long_strings_are_read() {
    let keys: Vec<String> = (0..1_000_000).map(|n| format!(r#""k{n}":1,"#)).collect();
    let keys = keys.concat();
    let body = format!(r#"{{"items":[{{"a":{{{keys}"z":2}}}}]}}"#);
    let caps = Caps { item_bytes: 64 << 20, ..Caps::default() };
    let (_, docs) = read(body.as_bytes(), &all(), &caps).unwrap();
    assert_eq!(docs[0]["a"].as_object().unwrap().len(), 1_000_001);
    let body = format!(r#"{{"items":[{{"a":"{}"}}]}}"#, "y".repeat(3_000_000));
    let (_, docs) = read(body.as_bytes(), &all(), &Caps::default()).unwrap();
    assert!(docs[0]["a"].as_str().unwrap().len() < 9000);
}

#[test]
fn a_failing_connection_is_neither_end_nor_nonsense() {
    struct Broken(bool);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "reset by peer"));
            }
            buffer[..21].copy_from_slice(br#"{"items":[{"a":"b"},{"#);
            Ok(21)
        }
    }
    let mut out = StoreBuilder::new(&Caps::default());
    let error = stream(Broken(false), &all(), &Caps::default(), &mut out).unwrap_err();
    assert!(matches!(&error, DecodeError::Io { kind: std::io::ErrorKind::ConnectionReset, .. }), "{error:?}");
    assert!(out.is_empty());
}

#[test]
fn errors_never_quote_the_body() {
    for body in [
        r#"{"items":[{"a":"CANARY" x}]}"#,
        r#"{"items":"CANARY"}"#,
        r#"{"kind":"CANARY"}"#,
        r#"{"items":[{"a":CANARY}]}"#,
        r#"{"items":[{"CANARY":"\q"}]}"#,
        r#""CANARY""#,
    ] {
        let text = error(body.as_bytes()).to_string();
        assert!(!text.contains("CANARY"), "{text}");
    }
}
