//! What stands around each page: its head, the list of pages, what is on it, the way on.

use super::{
    Site,
    markdown::{self, Heading},
    pages::{self, Page, SECTIONS},
};

/// A page before it is framed.
#[derive(Debug)]
pub(super) struct Framed<'a> {
    pub(super) title: &'a str,
    /// A sentence for those who search.
    pub(super) about: &'a str,
    /// The entry of the list that is marked.
    pub(super) here: &'a str,
    /// Where its Markdown is; empty where there is none.
    pub(super) markdown: &'a str,
    pub(super) source: &'a str,
}

pub(super) fn page(site: &Site, page: &Page) -> String {
    let framed = Framed {
        title: page.title,
        about: page.about,
        here: &page.address(),
        markdown: &page.markdown_address(),
        source: page.source,
    };
    framed.html(site)
}

/// What is shown where no page is.
pub(super) fn missing(site: &Site) -> String {
    let framed = Framed {
        title: "No such page",
        about: "There is no page here",
        here: "",
        markdown: "",
        source: "# No such page\n\nIt may have moved: see the [documentation](/docs), or \
                 [what each error means](/docs/errors).\n",
    };
    framed.html(site)
}

impl Framed<'_> {
    pub(super) fn html(&self, site: &Site) -> String {
        let Self { title, about, here, markdown, .. } = self;
        let brand = escaped(&site.brand);
        let rendered = markdown::render(self.source);
        let (content, list) = (&rendered.html, list(here));
        let (outline, way) = (outline(&rendered.headings), way(here));
        let (alternate, source) = match *markdown {
            "" => (String::new(), String::new()),
            at => (
                format!("<link rel=\"alternate\" type=\"text/markdown\" href=\"{at}\">\n"),
                format!("<p class=\"source\"><a href=\"{at}\">This page as Markdown</a></p>\n"),
            ),
        };
        site.own(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} · {brand}</title>\n<meta name=\"description\" content=\"{about}\">\n\
             <link rel=\"stylesheet\" href=\"/docs/style.css\">\n\
             <link rel=\"icon\" href=\"/favicon.svg\">\n{alternate}</head>\n<body>\n\
             <a class=\"skip\" href=\"#content\">Skip to content</a>\n\
             <header><a class=\"home\" href=\"/docs\">{brand} <span>docs</span></a>\
             <a href=\"/\">Portal</a></header>\n\
             <div class=\"columns\">\n{list}<main id=\"content\">\n{content}{way}{source}</main>\n\
             {outline}</div>\n</body>\n</html>\n"
        ))
    }
}

/// All pages, by section; `here` is marked.
fn list(here: &str) -> String {
    let entry = |address: &str, title: &str| {
        let current = if address == here { " aria-current=\"page\"" } else { "" };
        format!("<li><a href=\"{address}\"{current}>{title}</a></li>\n")
    };
    let mut list = String::new();
    for section in SECTIONS {
        list.push_str(&format!("<p class=\"section\">{}</p>\n<ul>\n", section.title));
        if section.has_reference {
            list.push_str(&entry("/docs/api", "API reference"));
        }
        for page in section.pages {
            list.push_str(&entry(&page.address(), page.title));
        }
        list.push_str("</ul>\n");
    }
    // Folded in narrow windows, and always open in wide ones.
    format!(
        "<nav class=\"pages\" aria-label=\"Documentation\">\n<details>\n<summary>All pages</summary>\n\
         <div>\n{list}</div>\n</details>\n</nav>\n"
    )
}

/// What is on the page, where that is more than one thing.
fn outline(headings: &[Heading]) -> String {
    if headings.len() < 2 {
        return String::new();
    }
    let entries: Vec<String> = headings
        .iter()
        .map(|heading| {
            format!("<li><a href=\"#{}\">{}</a></li>\n", heading.id, escaped(&heading.text))
        })
        .collect();
    format!(
        "<nav class=\"outline\" aria-labelledby=\"outline\">\n<p id=\"outline\">On this page</p>\n<ul>\n{}</ul>\n</nav>\n",
        entries.concat()
    )
}

/// The pages before and after this one.
fn way(here: &str) -> String {
    let pages: Vec<&Page> = pages::all().collect();
    let Some(at) = pages.iter().position(|page| page.address() == here) else {
        return String::new();
    };
    let step = |page: Option<&&Page>, class: &str, word: &str| {
        page.map_or_else(String::new, |page| {
            let (address, title) = (page.address(), page.title);
            format!("<a class=\"{class}\" href=\"{address}\"><span>{word}</span> {title}</a>\n")
        })
    };
    let before = at.checked_sub(1).and_then(|at| pages.get(at));
    format!(
        "<nav class=\"way\" aria-label=\"Before and after\">\n{}{}</nav>\n",
        step(before, "before", "Before"),
        step(pages.get(at + 1), "next", "Next")
    )
}

pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}
