//! What stands around each page: its head, the list of pages, the way on.

use super::{
    errors::ErrorEntry,
    pages::{PAGES, Page},
};

pub(super) fn page(page: &Page, content: &str) -> String {
    framed(page.title, page.about, &page.address(), &page.markdown_address(), content)
}

pub(super) fn error(error: &ErrorEntry, content: &str) -> String {
    let address = error.address();
    let about = format!("The error {}: its cause and its cure", error.code);
    framed(error.code, &about, "/docs/errors", &format!("{address}.md"), content)
}

/// `here` is the entry of the list that is marked.
fn framed(title: &str, about: &str, here: &str, markdown: &str, content: &str) -> String {
    let mut list = String::new();
    for page in PAGES {
        let address = page.address();
        let current = if address == here { " aria-current=\"page\"" } else { "" };
        list.push_str(&format!("<li><a href=\"{address}\"{current}>{}</a></li>\n", page.title));
        if page.slug == "quickstart" {
            list.push_str("<li><a href=\"/docs/api\">API reference</a></li>\n");
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · didfarm</title>\n<meta name=\"description\" content=\"{about}\">\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n\
         <link rel=\"icon\" href=\"/favicon.svg\">\n\
         <link rel=\"alternate\" type=\"text/markdown\" href=\"{markdown}\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to content</a>\n\
         <header><a class=\"home\" href=\"/docs\">didfarm <span>docs</span></a>\
         <a href=\"/\">Portal</a></header>\n\
         <div class=\"columns\">\n<nav aria-label=\"Documentation\"><ul>\n{list}</ul></nav>\n\
         <main id=\"content\">\n{content}\
         <p class=\"source\"><a href=\"{markdown}\">This page as Markdown</a></p>\n</main>\n</div>\n\
         </body>\n</html>\n"
    )
}
