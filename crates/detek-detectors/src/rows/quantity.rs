//! Amounts of resources.

use detek_doc::IntOrString;

/// Suffixes with their powers of ten, and of two.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// The value of a quantity such as `500m`, `64Mi`, `2` or `1e3`; `None` for anything else.
pub(crate) fn quantity(written: IntOrString<'_>) -> Option<f64> {
    let text = match written {
        IntOrString::Int(whole) => return Some(whole as f64),
        IntOrString::Float(number) => return Some(number),
        IntOrString::Text(text) => text,
    };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c)).len();
    let (number, suffix) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let find = |known: &[(&str, i32)]| known.iter().find(|(name, _)| *name == suffix).map(|(_, power)| *power);
    if let Some(power) = find(&DECIMAL) {
        return Some(number * 10_f64.powi(power));
    }
    if let Some(power) = find(&BINARY) {
        return Some(number * 2_f64.powi(power));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(number * 10_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::quantity;
    use detek_doc::IntOrString::{Float, Int, Text};

    #[test]
    fn quantities_are_read_as_the_api_writes_them() {
        for (text, value) in [
            ("500m", 0.5),
            ("64Mi", 67_108_864.0),
            ("1.5Gi", 1_610_612_736.0),
            ("2", 2.0),
            ("128k", 128_000.0),
            ("1e3", 1000.0),
            ("2E", 2e18),
            ("2E2", 200.0),
            ("100n", 1e-7),
        ] {
            let read = quantity(Text(text)).expect(text);
            assert!((read - value).abs() <= value * 1e-12, "{text}: {read}");
        }
        assert_eq!((quantity(Int(4)), quantity(Float(0.5))), (Some(4.0), Some(0.5)));
    }

    #[test]
    fn what_is_not_a_quantity_is_none() {
        for text in ["", "Mi", "1 Gi", "1KB", "1e", "one", "1Mi2", "\u{661}", "--1"] {
            assert_eq!(quantity(Text(text)), None, "{text}");
        }
    }
}
