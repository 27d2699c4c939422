//! Cutting text that comes from a cluster.

/// `text` without control and bidirectional characters, on one line, cut to `max` characters with `…` at the end.
///
/// Text values of a cluster (messages, annotations, labels) are data: every message of a finding passes through here.
/// Sinks still escape for their own format.
pub fn clip(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max.saturating_mul(4)));
    let mut count = 0;
    let mut space = false;
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if is_invisible(c) || (c == ' ' && space) {
            continue;
        }
        space = c == ' ';
        if count == max {
            out.push('…');
            return out;
        }
        out.push(c);
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Characters that change the order or the presence of others without being seen: bidirectional controls, zero-width
/// characters, the byte order mark, and the tag block.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::clip;

    #[test]
    fn control_and_bidi_characters_are_removed_and_lines_joined() {
        assert_eq!(clip("a\u{1b}[2Jb\r\nc\u{202e}d\0", 300), "a [2Jb cd");
    }

    #[test]
    fn long_text_is_cut_by_characters_not_bytes() {
        assert_eq!(clip("ééééé", 3), "ééé…");
        assert_eq!(clip("ééé", 3), "ééé");
        assert_eq!(clip("ééé", usize::MAX), "ééé");
    }
}
