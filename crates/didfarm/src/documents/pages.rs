//! Which pages there are, in their order.

/// A page and its source.
#[derive(Debug)]
pub(super) struct Page {
    /// Behind `/docs/`; empty for the first page.
    pub(super) slug: &'static str,
    pub(super) title: &'static str,
    /// A sentence for lists.
    pub(super) about: &'static str,
    /// Markdown.
    pub(super) source: &'static str,
}

impl Page {
    pub(super) fn address(&self) -> String {
        if self.slug.is_empty() { "/docs".to_owned() } else { format!("/docs/{}", self.slug) }
    }

    pub(super) fn markdown_address(&self) -> String {
        let slug = if self.slug.is_empty() { "index" } else { self.slug };
        format!("/docs/{slug}.md")
    }
}

macro_rules! page {
    ($slug:literal, $title:literal, $about:literal, $file:literal) => {
        Page {
            slug: $slug,
            title: $title,
            about: $about,
            source: include_str!(concat!("../../../../docs/", $file)),
        }
    };
}

pub(super) const ERRORS: Page =
    page!("errors", "Errors", "Each error code, its cause and its cure", "guide/errors.md");

pub(super) const PAGES: &[Page] = &[
    page!("", "Documentation", "What there is to read", "guide/index.md"),
    page!(
        "quickstart",
        "Quickstart",
        "The first message, with curl, Python, Node.js or PHP",
        "guide/quickstart.md"
    ),
    page!(
        "simulator",
        "Test keys and the simulator",
        "Send for nothing, with a destination for each outcome",
        "simulator.md"
    ),
    page!(
        "webhooks",
        "Webhooks",
        "What is pushed to your program, how to verify it, when it is tried again",
        "webhooks.md"
    ),
    page!("events", "Events", "The stream of events, and asking for them", "guide/events.md"),
    page!("calls", "How calls behave", "Keys, idempotency, lists, rates, values", "guide/calls.md"),
    ERRORS,
    page!("troubleshooting", "Troubleshooting", "What people ask most", "guide/troubleshooting.md"),
    page!("migrate-twilio", "Coming from Twilio", "What is called what", "guide/migrate-twilio.md"),
    page!("migrate-telnyx", "Coming from Telnyx", "What is called what", "guide/migrate-telnyx.md"),
];

/// The list of pages for programs that read, as <https://llmstxt.org> has it.
pub(super) fn index() -> String {
    let mut text = String::from(
        "# didfarm\n\n> A self-hosted SMS platform: phone numbers, sending and receiving texts, by a \
         portal and a REST API.\n\nThe API is described by \
         [OpenAPI 3.1](http://127.0.0.1:8080/api/v1/openapi.json).\n\n## Docs\n\n",
    );
    for page in PAGES.iter().filter(|page| !page.slug.is_empty()) {
        let (title, about) = (page.title, page.about);
        let address = page.markdown_address();
        text.push_str(&format!("- [{title}](http://127.0.0.1:8080{address}): {about}\n"));
    }
    text
}

/// All pages, one after another.
pub(super) fn everything() -> String {
    let sources: Vec<&str> = PAGES.iter().map(|page| page.source.trim_end()).collect();
    format!("{}\n", sources.join("\n\n---\n\n"))
}
