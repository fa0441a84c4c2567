//! A template of a form: its text has to be percent-encoded by whoever writes it, unlike the values.

use super::template::{Piece, pieces};

/// What has a meaning to those who read a form, or is lost on the way, unless it is encoded.
const NEVER_PLAIN: [char; 4] = ['"', '<', '>', '\\'];

/// The first character of the text that should have been encoded.
pub(super) fn unencoded(template: &str) -> Option<char> {
    pieces(template).filter_map(Result::ok).find_map(|piece| match piece {
        Piece::Text(text) => first_unencoded(text),
        Piece::Placeholder(_) => None,
    })
}

fn first_unencoded(text: &str) -> Option<char> {
    let is_plain = |character: char| character.is_ascii_graphic() && !NEVER_PLAIN.contains(&character);
    let begins_code = |at: usize| {
        let digits = text.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let mut characters = text.char_indices();
    let (_, first) =
        characters.find(|(at, character)| !is_plain(*character) || *character == '%' && !begins_code(*at))?;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_encoded() {
        for template in
            ["", "a=b&c=d+e", "a=%20%C3%a9", "u=http://h/?a&b=${x:a b}", "{object}~!*'();:@$,/?#[]|^`"]
        {
            assert_eq!(unencoded(template), None, "{template}");
        }
    }

    #[test]
    fn text_that_is_not() {
        for (template, first) in [
            ("a b", ' '),
            ("n=é中&m", 'é'),
            ("a=${b}&c=\"d\"", '"'),
            ("100%", '%'),
            ("100%&a", '%'),
            ("%2", '%'),
            ("%+1", '%'),
            ("%é", '%'),
            ("a\r\nb", '\r'),
            ("a=<", '<'),
        ] {
            assert_eq!(unencoded(template), Some(first), "{template}");
        }
    }
}
