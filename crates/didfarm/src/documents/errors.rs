//! The errors' page, error by error.

use super::pages::ERRORS;

/// One error as the page has it: a heading with its code, and what follows.
#[derive(Debug)]
pub(super) struct ErrorEntry {
    pub(super) code: &'static str,
    /// Status and cause, then the cure.
    text: &'static str,
}

impl ErrorEntry {
    pub(super) fn address(&self) -> String {
        format!("/docs/errors/{}", self.code)
    }

    pub(super) fn markdown(&self) -> String {
        format!("# {}\n\n{}\n\nSee all [errors](/docs/errors).\n", self.code, self.text.trim())
    }
}

pub(super) fn all() -> Vec<ErrorEntry> {
    ERRORS
        .source
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .map(|(code, text)| ErrorEntry { code: code.trim(), text })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_of_the_api_has_a_page_and_no_page_lacks_a_code() {
        let answered: BTreeSet<&str> = api::ERROR_CODES.iter().copied().collect();
        let explained: BTreeSet<&str> = all().iter().map(|entry| entry.code).collect();
        assert_eq!(explained, answered);
    }

    #[test]
    fn every_error_has_a_status_a_cause_and_a_cure() {
        for entry in all() {
            let (cause, cure) = entry.text.split_once("**Cure:** ").unwrap_or_default();
            let said = cause.trim().strip_prefix("HTTP ").unwrap_or_default();
            let (status, cause) = said.split_once(": ").unwrap_or_default();
            assert!(status.parse::<u16>().is_ok_and(|status| (400..600).contains(&status)));
            assert!(cause.len() > 10 && cure.trim().len() > 10, "{}", entry.code);
        }
    }
}
