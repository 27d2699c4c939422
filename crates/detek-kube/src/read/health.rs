//! The text of `/readyz?verbose` and `/livez?verbose` as documents `{name, ok, reason}`.

use serde_json::{Value, json};

/// One document for each check; `None` if the text is not that of a health check.
pub(crate) fn checks(probe: &str, text: &str) -> Option<Vec<Value>> {
    let checks: Vec<Value> = text.lines().filter_map(check).collect();
    match checks.is_empty() {
        true if text.trim() == "ok" => Some(vec![json!({"name": probe, "ok": true})]),
        true => None,
        false => Some(checks),
    }
}

/// `[+]ping ok`, `[-]etcd failed: reason withheld`.
fn check(line: &str) -> Option<Value> {
    let (ok, rest) = match line.strip_prefix("[+]") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("[-]")?),
    };
    let (name, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = detek_core::clip(name, 200);
    if ok {
        return Some(json!({"name": name, "ok": true}));
    }
    let reason = words.strip_prefix("failed:").unwrap_or(words).trim();
    Some(json!({"name": name, "ok": false, "reason": detek_core::clip(reason, 300)}))
}

#[cfg(test)]
mod tests {
    use super::checks;
    use serde_json::json;

    #[test]
    fn every_check_becomes_a_document() {
        let text = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/a ok\nreadyz check failed\n";
        let expected = vec![
            json!({"name": "ping", "ok": true}),
            json!({"name": "etcd", "ok": false, "reason": "reason withheld"}),
            json!({"name": "poststarthook/a", "ok": true}),
        ];
        assert_eq!(checks("readyz", text), Some(expected));
        assert_eq!(checks("readyz", "ok"), Some(vec![json!({"name": "readyz", "ok": true})]));
        assert_eq!(checks("readyz", "<html>"), None);
    }
}
