//! References to images, such as `registry.example:5000/team/app:1.2@sha256:...`.

use std::fmt;

/// Where images come from that name no registry.
const DEFAULT_REGISTRY: &str = "docker.io";

/// A reference to an image, taken apart. Its parts borrow from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image<'s> {
    /// Host and perhaps port; `None` means the default registry.
    registry: Option<&'s str>,
    /// What follows the registry, without tag and digest.
    path: &'s str,
    /// `1.2`.
    tag: Option<&'s str>,
    /// `sha256:...`.
    digest: Option<&'s str>,
}

impl<'s> Image<'s> {
    /// Takes a reference apart. Any text is one.
    pub(crate) fn new(text: &'s str) -> Self {
        let (text, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        // A `:` before the last `/` belongs to the port of a registry.
        let last = text.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match text[last..].split_once(':') {
            Some((name, tag)) => (&text[..last + name.len()], Some(tag)),
            None => (text, None),
        };
        // As the container runtimes do: paths have no upper case, so that a first segment with it is a host.
        let is_host = |first: &str| {
            first.contains(['.', ':']) || first == "localhost" || first.contains(|c: char| c.is_ascii_uppercase())
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (Some(first), rest),
            _ => (None, name),
        };
        Image { registry, path, tag, digest }
    }

    /// The tag if it is one of `mutable` and no digest pins the image; empty if there is no tag, which means `latest`.
    pub(crate) fn moving_tag(&self, mutable: &[String]) -> Option<&'s str> {
        match (self.digest, self.tag) {
            (Some(_), _) => None,
            (None, None) => Some(""),
            (None, Some(tag)) => mutable.iter().any(|moving| moving == tag).then_some(tag),
        }
    }
}

/// Registry and path as runtimes understand them: `docker.io/library/nginx` for `nginx:1.27`.
impl fmt::Display for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registry = self.registry.map_or_else(|| DEFAULT_REGISTRY.to_owned(), str::to_ascii_lowercase);
        let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { &registry };
        let library = if registry == DEFAULT_REGISTRY && !self.path.contains('/') { "library/" } else { "" };
        write!(f, "{registry}/{library}{}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::Image;
    use proptest::prelude::*;

    #[test]
    fn references_are_taken_apart_as_runtimes_do() {
        for (text, name, tag, digest) in [
            ("nginx", "docker.io/library/nginx", None, None),
            ("nginx:1.27", "docker.io/library/nginx", Some("1.27"), None),
            ("team/app", "docker.io/team/app", None, None),
            ("docker.io/nginx", "docker.io/library/nginx", None, None),
            ("index.docker.io/library/nginx", "docker.io/library/nginx", None, None),
            ("registry.example:5000/app", "registry.example:5000/app", None, None),
            ("localhost/app:dev", "localhost/app", Some("dev"), None),
            ("Registry/app", "registry/app", None, None),
            ("[::1]:5000/app:1", "[::1]:5000/app", Some("1"), None),
            ("nginx:latest@sha256:0a", "docker.io/library/nginx", Some("latest"), Some("sha256:0a")),
            ("r.example/a/b@sha256:0b", "r.example/a/b", None, Some("sha256:0b")),
            ("", "docker.io/library/", None, None),
        ] {
            let image = Image::new(text);
            assert_eq!((image.to_string().as_str(), image.tag, image.digest), (name, tag, digest), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_put_together_is_taken_apart_again(
            host in "([a-z]{1,8}\\.[a-z]{2,4}|localhost|[a-z]{1,8})(:[0-9]{1,5})?",
            path in "[a-z0-9]{1,8}(/[a-z0-9._-]{1,8}){0,3}",
            tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,10}"),
            digest in proptest::option::of("sha256:[0-9a-f]{64}"),
        ) {
            prop_assume!(host.contains(['.', ':']) || host == "localhost");
            prop_assume!(host != "docker.io" && host != "index.docker.io");
            let mut text = format!("{host}/{path}");
            for (sign, part) in [(':', &tag), ('@', &digest)] {
                text.extend(part.iter().map(|part| format!("{sign}{part}")));
            }
            let image = Image::new(&text);
            prop_assert_eq!(image.to_string(), format!("{host}/{path}"));
            prop_assert_eq!(image.tag, tag.as_deref());
            prop_assert_eq!(image.digest, digest.as_deref());
        }

        #[test]
        fn any_text_is_a_reference(text in "\\PC*") {
            let image = Image::new(&text);
            prop_assert!(image.to_string().ends_with(image.path));
        }
    }
}
