//! Arguments of commands: options that carry credentials keep their name only.
use super::text::is_credential;
use std::borrow::Cow;

const REDACTED: &str = "[redacted]";

/// Reads the arguments of one command from first to last, as a value may follow its option as an argument of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arguments {
    /// The last word was an option that is followed by a credential.
    value_follows: bool,
}

impl Arguments {
    /// The next argument, reduced. Scripts (`sh -c "..."`) are read word by word.
    pub(crate) fn next<'a>(&mut self, argument: &'a str) -> Cow<'a, str> {
        let mut out: Option<String> = None;
        let mut done = 0;
        for (at, word) in words(argument) {
            let Some(keep) = self.word(word) else { continue };
            let out = out.get_or_insert_with(|| String::with_capacity(argument.len()));
            out.push_str(&argument[done..at + keep]);
            out.push_str(REDACTED);
            done = at + word.len();
        }
        match out {
            None => Cow::Borrowed(argument),
            Some(mut out) => {
                out.push_str(&argument[done..]);
                Cow::Owned(out)
            }
        }
    }

    /// How many bytes of `word` stay, if the rest is a credential.
    fn word(&mut self, word: &str) -> Option<usize> {
        if std::mem::take(&mut self.value_follows) && !is_option(word) {
            return (word != REDACTED && !is_harmless(word)).then_some(0);
        }
        let name = word.trim_start_matches(['-', '"', '\'']);
        let dashes = word.len() - name.len();
        let option = word.starts_with('-');
        if let Some(equals) = name.find('=') {
            let (name, value) = (&name[..equals], &name[equals + 1..]);
            let named = is_named(name) || (option && name == "p");
            return (named && value != REDACTED && !is_harmless(value)).then_some(dashes + equals + 1);
        }
        if !option || name.is_empty() {
            return None;
        }
        if name == "p" || is_named(name) {
            self.value_follows = true;
            return None;
        }
        // `mysql -pS3cret`; `-path` and `-port` are words.
        let glued = dashes == 1 && name.starts_with('p') && name.bytes().any(|b| !b.is_ascii_lowercase() && b != b'-');
        glued.then_some(2)
    }
}

fn words(argument: &str) -> impl Iterator<Item = (usize, &str)> {
    argument
        .split([' ', '\t', '\n', '\r'])
        .filter(|w| !w.is_empty())
        .map(move |word| (word.as_ptr() as usize - argument.as_ptr() as usize, word))
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// Named like a credential, and not like the place of one.
fn is_named(name: &str) -> bool {
    const PLACES: &[&str] =
        &["file", "path", "dir", "name", "ttl", "url", "webhook", "version", "mode", "namespace", "ref"];
    is_credential(name.as_bytes()) && !PLACES.iter().any(|p| name.to_ascii_lowercase().ends_with(p))
}

/// Switches, and references to variables, which say where a value comes from.
fn is_harmless(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    matches!(value, "" | "true" | "false") || is_reference(value)
}

fn is_reference(value: &str) -> bool {
    let inner = value
        .strip_prefix("$(")
        .and_then(|v| v.strip_suffix(')'))
        .or_else(|| value.strip_prefix("${").and_then(|v| v.strip_suffix('}')))
        .or_else(|| value.strip_prefix('$'));
    inner.is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_named_like_credentials_keep_their_name() {
        for (arguments, expected) in [
            (&["--password=x", "--user=u"][..], &["--password=[redacted]", "--user=u"][..]),
            (&["-p", "x", "y"], &["-p", "[redacted]", "y"]),
            (&["-p x"], &["-p [redacted]"]),
            (&["TOKEN=x", "A=b"], &["TOKEN=[redacted]", "A=b"]),
            (&["--api-key", "k", "--v=2"], &["--api-key", "[redacted]", "--v=2"]),
            (&["--token", "--verbose"], &["--token", "--verbose"]),
            (
                &["sh", "-c", "DB_PASSWORD=x mysql -pS3cret --port 80"],
                &["sh", "-c", "DB_PASSWORD=[redacted] mysql -p[redacted] --port 80"],
            ),
            (
                &["--anonymous-auth=false", "--tls-private-key-file=/k"],
                &["--anonymous-auth=false", "--tls-private-key-file=/k"],
            ),
            (&["--token=$(TOKEN)", "--secret-name=s"], &["--token=$(TOKEN)", "--secret-name=s"]),
            (&["-port=80", "--bind=:80", "-path"], &["-port=80", "--bind=:80", "-path"]),
            (&["--password=[redacted]", "-p", "[redacted]"], &["--password=[redacted]", "-p", "[redacted]"]),
        ] {
            let mut reader = Arguments::default();
            let reduced: Vec<_> = arguments.iter().map(|a| reader.next(a)).collect();
            assert_eq!(reduced, expected);
        }
    }
}
