//! Markdown as HTML: headings that can be linked to, tables that scroll.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Sources are our own: nothing in them is escaped away.
pub(super) fn html(source: &str) -> String {
    let mut events: Vec<Event<'_>> = Vec::new();
    // The place of the open heading among the events, and its words so far.
    let mut heading: Option<(usize, String)> = None;
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        match &event {
            Event::Start(Tag::Heading { .. }) => heading = Some((events.len(), String::new())),
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, text)) = &mut heading {
                    text.push_str(words);
                }
            }
            Event::End(TagEnd::Heading(level)) => {
                if let Some((at, text)) = heading.take() {
                    name(&mut events, at, &text, *level);
                }
            }
            Event::Start(Tag::Table(_)) => {
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
    // What scrolls must be reachable by keyboard.
    page.replace("<pre>", "<pre tabindex=\"0\">").replace("<th></th>", "<td></td>")
}

/// Gives a heading the id by which it is linked to.
fn name(events: &mut [Event<'_>], at: usize, text: &str, level: HeadingLevel) {
    if level != HeadingLevel::H1
        && let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at)
    {
        *id = Some(CowStr::from(slug(text)));
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
