//! Markdown as HTML: headings that can be linked to, tables that scroll, code in colours.

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use super::highlight;

/// A heading of the second level.
#[derive(Debug)]
pub(super) struct Heading {
    /// By which it is linked to.
    pub(super) id: String,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) html: String,
    pub(super) headings: Vec<Heading>,
}

/// Sources are our own: nothing in them is escaped away.
pub(super) fn render(source: &str) -> Rendered {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut headings = Vec::new();
    // The place of the open heading among the events, and its words so far.
    let mut heading: Option<(usize, String)> = None;
    // The language of the open block of code, and the code so far.
    let mut code: Option<(CowStr<'_>, String)> = None;
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language,
                    CodeBlockKind::Indented => "text".into(),
                };
                code = Some((language, String::new()));
                continue;
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((language, text)) = code.take() {
                    events.push(Event::Html(block(&language, &text).into()));
                }
                continue;
            }
            Event::Text(words) if code.is_some() => {
                if let Some((_, text)) = &mut code {
                    text.push_str(&words);
                }
                continue;
            }
            Event::Start(Tag::Heading { .. }) => heading = Some((events.len(), String::new())),
            Event::Text(ref words) | Event::Code(ref words) => {
                if let Some((_, text)) = &mut heading {
                    text.push_str(words);
                }
            }
            Event::End(TagEnd::Heading(level)) => {
                if let Some((at, text)) = heading.take()
                    && level != HeadingLevel::H1
                {
                    let id = slug(&text);
                    name(&mut events, at, &id);
                    headings.push(Heading { id, text });
                }
            }
            Event::Start(Tag::Table(_)) => {
                // What scrolls must be reachable by keyboard.
                events.push(Event::Html("<div class=\"table\" tabindex=\"0\">".into()));
            }
            _ => {}
        }
        let table_ends = matches!(event, Event::End(TagEnd::Table));
        events.push(reachable(event));
        if table_ends {
            events.push(Event::Html("</div>".into()));
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, events.into_iter());
    Rendered { html: page.replace("<th></th>", "<td></td>"), headings }
}

fn block(language: &str, code: &str) -> String {
    let label = match language {
        "sh" => "Shell",
        "python" => "Python",
        "js" => "Node.js",
        "php" => "PHP",
        "json" => "JSON",
        "toml" => "TOML",
        _ => "",
    };
    let code = highlight::html(language, code);
    format!(
        "<div class=\"code\" data-language=\"{label}\"><pre tabindex=\"0\"><code>{code}</code></pre></div>\n"
    )
}

/// Gives a heading the id by which it is linked to.
fn name(events: &mut [Event<'_>], at: usize, slug: &str) {
    if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at) {
        *id = Some(CowStr::from(slug.to_owned()));
    }
}

/// Documents of the repository name one another by their files.
fn reachable(event: Event<'_>) -> Event<'_> {
    let Event::Start(Tag::Link { link_type, dest_url, title, id }) = event else { return event };
    let dest_url = match dest_url.strip_suffix(".md") {
        Some(file) if !file.contains('/') => CowStr::from(format!("/docs/{file}")),
        _ => dest_url,
    };
    Event::Start(Tag::Link { link_type, dest_url, title, id })
}

fn slug(text: &str) -> String {
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        render(source).html
    }

    #[test]
    fn headings_can_be_linked_to() {
        assert!(html("## When it is tried again").contains("<h2 id=\"when-it-is-tried-again\">"));
        assert!(html("## invalid_json").contains("<h2 id=\"invalid_json\">"));
    }

    #[test]
    fn files_of_the_repository_become_pages() {
        let page = html("[Simulator](simulator.md), [guide](https://example.com/x.md)");
        assert!(page.contains("href=\"/docs/simulator\""), "{page}");
        assert!(page.contains("href=\"https://example.com/x.md\""), "{page}");
    }
}
