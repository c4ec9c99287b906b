//! Lists: newest first, a page at a time.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{error::ApiError, extract::parsed_opt};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 200;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

/// A page's place in its list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) before: i64,
    pub(crate) limit: i64,
}

impl PageQuery {
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        Page::parse(self.limit.as_deref(), self.cursor.as_deref())
    }
}

impl Page {
    pub(crate) fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, ApiError> {
        let limit = parsed_opt("limit", limit)?.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(ApiError::invalid("limit", format!("limit is 1 to {LIMIT_MAX}.")));
        }
        let before = match cursor {
            None => i64::MAX,
            Some(cursor) => cursor.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
                ApiError::invalid("cursor", "cursor is the next_cursor of an earlier answer.")
            })?,
        };
        Ok(Self { before, limit })
    }

    /// Rows to ask for: one more than the page tells whether there is a next.
    pub(crate) fn rows(self) -> i64 {
        self.limit + 1
    }

    /// The page of a short list that was read whole, oldest first.
    pub(crate) fn of_all<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> i64) -> Option<String> {
        rows.retain(|row| id(row) < self.before);
        rows.reverse();
        self.cut(rows, id)
    }

    /// Cuts what was read to the page; answers the next page's cursor.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> i64) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        rows.last().filter(|_| more).map(|last| id(last).to_string())
    }
}
