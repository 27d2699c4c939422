//! Versions of packs, detectors and detek itself: `1.2.3-rc.1`, and requirements such as `>=0.4, <2`.

use std::{cmp::Ordering, str::FromStr};

/// A semantic version; build metadata is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    /// Identifiers of a pre-release, empty for a release.
    before: Vec<String>,
}

impl FromStr for Version {
    type Err = String;

    /// Missing minor and patch numbers are 0.
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is not a version such as `1.2.3`");
        let plain = text.split('+').next().unwrap_or(text);
        let (numbers, before) = plain.split_once('-').unwrap_or((plain, ""));
        let mut out = [0; 3];
        for (n, part) in numbers.split('.').enumerate() {
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            *out.get_mut(n).ok_or_else(error)? = part.parse().ok().filter(|_| digits).ok_or_else(error)?;
        }
        let before = before.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(Version { numbers: out, before })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let release = |version: &Version| version.before.is_empty();
        let part = |a: &String, b: &String| match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        let pre = || {
            let pairs = self.before.iter().zip(&other.before).map(|(a, b)| part(a, b));
            pairs.fold(Ordering::Equal, Ordering::then).then(self.before.len().cmp(&other.before.len()))
        };
        self.numbers.cmp(&other.numbers).then(release(self).cmp(&release(other))).then_with(pre)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether `version` meets `requirement`: comparisons with commas between, all of which must hold. Without a sign, the
/// version is the least one.
///
/// # Errors
/// Says which of the two cannot be read.
pub fn meets(version: &str, requirement: &str) -> Result<bool, String> {
    let version: Version = version.parse()?;
    let mut all = true;
    for part in requirement.split(',').map(str::trim) {
        let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
        let (sign, wanted) = (part[..digits].trim(), part[digits..].parse::<Version>()?);
        all &= match (sign, version.cmp(&wanted)) {
            (">=" | "", order) => order != Ordering::Less,
            ("<=", order) => order != Ordering::Greater,
            (">", order) => order == Ordering::Greater,
            ("<", order) => order == Ordering::Less,
            ("=", order) => order == Ordering::Equal,
            _ => return Err(format!("`{part}` is not a comparison such as `>=0.4`")),
        };
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Version, meets};

    #[test]
    fn versions_are_ordered_as_semver_says() {
        let order =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0"];
        let versions: Vec<Version> = order.iter().map(|text| text.parse().expect("a version")).collect();
        assert!(versions.is_sorted_by(|a, b| a < b));
        assert_eq!("1.2".parse::<Version>(), "1.2.0+build".parse());
    }

    #[test]
    fn requirements_are_met_when_all_comparisons_hold() {
        assert_eq!(meets("0.4.1", ">=0.4"), Ok(true));
        assert_eq!(meets("2.0.0", ">=0.4, <2"), Ok(false));
        assert_eq!(meets("0.3.9", "0.4"), Ok(false));
        assert!(meets("0.4.0", "~0.4").is_err());
        assert!("1.x".parse::<Version>().is_err());
    }
}
