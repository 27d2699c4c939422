//! Numbers and kinds as people read them.

/// `16,021`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 service`, `2 ingresses`, `16,021 pods`: a number of objects of a kind, in lower case.
pub(crate) fn count(number: u64, kind: &str) -> String {
    let kind = kind.to_lowercase();
    let kind = if number == 1 { kind } else { plural(&kind) };
    format!("{} {kind}", thousands(number))
}

/// Kinds of Kubernetes that are their own plural.
const UNCHANGED: [&str; 3] = ["endpoints", "nodemetrics", "podmetrics"];

/// The plural of a word in lower case, as resources of Kubernetes are formed.
fn plural(word: &str) -> String {
    let before_last = word.chars().rev().nth(1);
    match word.chars().last() {
        _ if UNCHANGED.contains(&word) => word.to_owned(),
        Some('s' | 'x' | 'z') => format!("{word}es"),
        Some('h') if matches!(before_last, Some('c' | 's')) => format!("{word}es"),
        Some('y') if !matches!(before_last, Some('a' | 'e' | 'i' | 'o' | 'u')) => {
            format!("{}ies", &word[..word.len() - 1])
        }
        _ => format!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, thousands};

    #[test]
    fn numbers_have_thousands_separators() {
        let texts = [0, 12, 123, 1_234, 123_456, 1_000_000].map(thousands);
        assert_eq!(texts, ["0", "12", "123", "1,234", "123,456", "1,000,000"]);
    }

    #[test]
    fn kinds_have_the_plurals_of_their_resources() {
        for (kind, plural) in [
            ("Service", "services"),
            ("Ingress", "ingresses"),
            ("Endpoints", "endpoints"),
            ("NetworkPolicy", "networkpolicies"),
            ("StorageClass", "storageclasses"),
            ("Gateway", "gateways"),
            ("Patch", "patches"),
            ("PodDisruptionBudget", "poddisruptionbudgets"),
            ("Näme", "nämes"),
        ] {
            assert_eq!(count(2, kind), format!("2 {plural}"));
        }
        assert_eq!(count(1, "Ingress"), "1 ingress");
        assert_eq!(count(2, ""), "2 s");
    }
}
