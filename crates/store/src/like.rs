//! Patterns for `LIKE … ESCAPE '\'`.

/// What contains `text` once lowered, with the signs of `LIKE` taken literally.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
