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

const HOME: Page = page!("", "Documentation", "What there is to read", "guide/index.md");
const QUICKSTART: Page = page!(
    "quickstart",
    "Quickstart",
    "The first message, with curl, Python, Node.js or PHP",
    "guide/quickstart.md"
);
const SIMULATOR: Page = page!(
    "simulator",
    "Test keys and the simulator",
    "Send for nothing, with a destination for each outcome",
    "simulator.md"
);
const WEBHOOKS: Page = page!(
    "webhooks",
    "Webhooks",
    "What is pushed to your program, how to verify it, when it is tried again",
    "webhooks.md"
);
const COMMAND_LINE: Page =
    page!("cli", "Command line", "Send, follow and forward from a terminal", "guide/cli.md");
const EVENTS: Page = page!(
    "events",
    "Events and polling",
    "The stream of events, and asking for them",
    "guide/events.md"
);
const MESSAGING_PROFILES: Page = page!(
    "messaging-profiles",
    "Messaging profiles",
    "Opt-out words, webhooks of some numbers alone, another sender where one cannot",
    "guide/messaging-profiles.md"
);
const AUTHENTICATION: Page = page!(
    "authentication",
    "API keys",
    "How a program says who it is, and what a key may do",
    "guide/authentication.md"
);
const IDEMPOTENCY: Page = page!(
    "idempotency",
    "Idempotency",
    "How a request is repeated without doing it twice",
    "guide/idempotency.md"
);
const PAGINATION: Page = page!(
    "pagination",
    "Lists and pages",
    "How lists are read to their end",
    "guide/pagination.md"
);
const REPORTS: Page = page!(
    "reports",
    "Reports",
    "Messages and spend by day, country, number and status",
    "guide/reports.md"
);
const RATE_LIMITS: Page = page!(
    "rate-limits",
    "Rate limits",
    "How much a second, and how to stay below",
    "guide/rate-limits.md"
);
const VALUES: Page =
    page!("values", "Values", "Money, times, numbers, segments, statuses", "guide/values.md");
pub(super) const ERRORS: Page =
    page!("errors", "Errors", "Each error code, its cause and its cure", "guide/errors.md");
const TROUBLESHOOTING: Page =
    page!("troubleshooting", "Troubleshooting", "What people ask most", "guide/troubleshooting.md");
const TWILIO: Page =
    page!("migrate/twilio", "Coming from Twilio", "What is called what", "guide/migrate-twilio.md");
const TELNYX: Page =
    page!("migrate/telnyx", "Coming from Telnyx", "What is called what", "guide/migrate-telnyx.md");

/// Pages under one heading of the list.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) pages: &'static [Page],
    /// Whether the API's reference, which is no page of Markdown, stands first.
    pub(super) has_reference: bool,
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Get started",
        pages: &[HOME, QUICKSTART, SIMULATOR, COMMAND_LINE],
        has_reference: false,
    },
    Section {
        title: "Receive",
        pages: &[WEBHOOKS, EVENTS, MESSAGING_PROFILES],
        has_reference: false,
    },
    Section {
        title: "API basics",
        pages: &[AUTHENTICATION, IDEMPOTENCY, PAGINATION, REPORTS, RATE_LIMITS, VALUES],
        has_reference: false,
    },
    Section { title: "Reference", pages: &[ERRORS, TROUBLESHOOTING], has_reference: true },
    Section { title: "Migrate", pages: &[TWILIO, TELNYX], has_reference: false },
];

/// In the order in which they are read.
pub(super) fn all() -> impl Iterator<Item = &'static Page> {
    SECTIONS.iter().flat_map(|section| section.pages)
}

/// The list of pages for programs that read, as <https://llmstxt.org> has it.
pub(super) fn index(brand: &str) -> String {
    let mut text = format!(
        "# {brand}\n\n> A self-hosted SMS platform: phone numbers, sending and receiving texts, by a \
         portal and a REST API.\n\nThe API is described by \
         [OpenAPI 3.1](http://127.0.0.1:8080/api/v1/openapi.json).\n\n## Docs\n\n",
    );
    for page in all().filter(|page| !page.slug.is_empty()) {
        let (title, about) = (page.title, page.about);
        let address = page.markdown_address();
        text.push_str(&format!("- [{title}](http://127.0.0.1:8080{address}): {about}\n"));
    }
    text
}

/// All pages, one after another.
pub(super) fn everything() -> String {
    let sources: Vec<&str> = all().map(|page| page.source.trim_end()).collect();
    format!("{}\n", sources.join("\n\n---\n\n"))
}
