//! Colours for code: comments, strings, numbers and the words of a language.

use super::frame::escaped;

/// How a language is written, as far as colours go.
struct Language {
    /// Begins a comment that ends with the line.
    comment: &'static str,
    quotes: &'static [char],
    words: &'static [&'static str],
    /// Whether digits are values; in a shell they are of addresses.
    numbers: bool,
}

fn language(name: &str) -> Option<Language> {
    Some(match name {
        "sh" => Language {
            comment: "# ",
            quotes: &['\'', '"'],
            words: &["curl", "export", "didfarm", "for", "in", "do", "done", "timeout"],
            numbers: false,
        },
        "python" => Language {
            comment: "# ",
            quotes: &['\'', '"'],
            words: &[
                "import", "from", "def", "class", "return", "with", "as", "while", "not", "in",
                "for", "if", "else", "try", "except", "None", "is",
            ],
            numbers: true,
        },
        "js" => Language {
            comment: "// ",
            quotes: &['\'', '"', '`'],
            words: &[
                "import", "from", "async", "function", "const", "let", "await", "return", "if",
                "throw", "new", "while", "for", "of", "try", "catch",
            ],
            numbers: true,
        },
        "php" => Language {
            comment: "// ",
            quotes: &['\'', '"'],
            words: &[
                "function", "string", "array", "return", "if", "throw", "new", "while", "foreach",
                "as", "echo", "null", "true", "exit",
            ],
            numbers: true,
        },
        "json" => Language {
            comment: "// ",
            quotes: &['"'],
            words: &["true", "false", "null"],
            numbers: true,
        },
        "toml" => {
            Language { comment: "# ", quotes: &['"'], words: &["true", "false"], numbers: true }
        }
        _ => return None,
    })
}

/// `code` as HTML; without colours where the language is not known.
pub(super) fn html(name: &str, code: &str) -> String {
    let Some(language) = language(name) else { return escaped(code) };
    let mut out = String::with_capacity(code.len() * 2);
    let mut rest = code;
    // A word or a comment begins where no word goes on.
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(&language, rest, first, after_word);
        let (text, later) = rest.split_at(length);
        match class {
            Some(class) => {
                out.push_str(&format!("<span class=\"{class}\">{}</span>", escaped(text)));
            }
            None => out.push_str(&escaped(text)),
        }
        after_word = text.chars().next_back().is_some_and(is_of_word);
        rest = later;
    }
    out
}

/// The class and the length in octets, at least one character, of what `rest` begins with.
fn token(
    language: &Language,
    rest: &str,
    first: char,
    after_word: bool,
) -> (Option<&'static str>, usize) {
    if !after_word && rest.starts_with(language.comment) {
        return (Some("comment"), rest.find('\n').unwrap_or(rest.len()));
    }
    if language.quotes.contains(&first) {
        return match end_of_string(rest, first) {
            Some(end) => (Some("string"), end),
            None => (None, first.len_utf8()),
        };
    }
    if is_of_word(first) {
        let end = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let class = if language.words.contains(&word) {
            Some("word")
        } else if language.numbers
            && word.bytes().all(|octet| octet.is_ascii_digit() || octet == b'_')
        {
            Some("number")
        } else {
            None
        };
        return (class, end);
    }
    (None, first.len_utf8())
}

/// Behind the quote that ends the string; one that is escaped does not.
fn end_of_string(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        if character == quote && !escaped {
            return Some(at + character.len_utf8());
        }
        escaped = character == '\\' && !escaped;
    }
    None
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_words_numbers_and_comments_are_told_apart() {
        assert_eq!(
            html("js", "const a = 'x // \\'y'; // why\nlet b2 = 12;"),
            "<span class=\"word\">const</span> a = <span class=\"string\">'x // \\'y'</span>; \
             <span class=\"comment\">// why</span>\n<span class=\"word\">let</span> b2 = \
             <span class=\"number\">12</span>;"
        );
    }

    #[test]
    fn what_is_code_stays_the_same_code() {
        for (name, code) in [
            ("sh", "curl 'a&b' \"<x>\" | sed 's/\"//' # ok"),
            ("python", "print(\"é\", 'never ends"),
            ("other", "<b> & 'c'"),
        ] {
            let page = html(name, code);
            let mut text = String::new();
            let mut inside = false;
            for character in page.chars() {
                match character {
                    '<' => inside = true,
                    '>' => inside = false,
                    _ if !inside => text.push(character),
                    _ => {}
                }
            }
            assert_eq!(text, escaped(code), "{name}");
        }
    }
}
