//! Pages of text and rules on A4, from top to bottom.

use krilla::{
    Document, SerializeSettings,
    geom::{PathBuilder, Point},
    metadata::Metadata,
    page::PageSettings,
    paint::Stroke,
    text::{Font, TextDirection},
};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};

use super::PrintError;

/// DejaVu Sans: Latin, Greek, Cyrillic, Arabic, Hebrew and more. See `fonts/LICENSE`.
const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");

/// In points, as all lengths here.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
pub(super) const LEFT: f32 = 56.0;
pub(super) const RIGHT: f32 = WIDTH - 56.0;
const TOP: f32 = 64.0;
const BOTTOM: f32 = HEIGHT - 72.0;

/// From one line to the next, in sizes of its text.
const LEADING: f32 = 1.45;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

#[derive(Debug)]
enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        weight: Weight,
        text: String,
    },
    /// From margin to margin.
    Rule {
        y: f32,
    },
}

struct Face {
    shaping: rustybuzz::Face<'static>,
    font: Font,
}

impl Face {
    fn new(octets: &'static [u8]) -> Self {
        Self {
            shaping: rustybuzz::Face::from_slice(octets, 0).expect("the font is built in"),
            font: Font::new(octets.to_vec().into(), 0).expect("the font is built in"),
        }
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        runs(text).into_iter().map(|run| self.run_width(run, size)).sum()
    }

    fn run_width(&self, (text, direction): (&str, Direction), size: f32) -> f32 {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(direction);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.shaping, &[], buffer);
        let units: i32 = shaped.glyph_positions().iter().map(|place| place.x_advance).sum();
        #[expect(clippy::cast_precision_loss, reason = "a line is a few thousand units wide")]
        let units = units as f32;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand units")]
        let em = self.shaping.units_per_em() as f32;
        units / em * size
    }
}

/// A line's stretches of one direction, from left to right as they are seen. The line as a whole
/// runs from left to right, as the paper does.
fn runs(line: &str) -> Vec<(&str, Direction)> {
    let info = BidiInfo::new(line, Some(Level::ltr()));
    let Some(paragraph) = info.paragraphs.first() else { return Vec::new() };
    let (levels, ranges) = info.visual_runs(paragraph, paragraph.range.clone());
    let direction = |level: Level| {
        if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight }
    };
    let run =
        |range: std::ops::Range<usize>| (&line[range.clone()], direction(levels[range.start]));
    ranges.into_iter().map(run).collect()
}

/// What was put on pages so far, and how far down the last one.
pub(super) struct Sheet {
    regular: Face,
    bold: Face,
    pages: Vec<Vec<Mark>>,
    pub(super) y: f32,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self { regular: Face::new(REGULAR), bold: Face::new(BOLD), pages: vec![Vec::new()], y: TOP }
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// What the font can show of a text: what it lacks is written in Latin letters rather than
    /// left as boxes.
    fn shown(&self, text: &str, weight: Weight) -> String {
        let face = self.face(weight);
        let mut shown = String::new();
        for character in text.chars() {
            if character.is_control() || character.is_whitespace() {
                shown.push(' ');
            } else if face.shaping.glyph_index(character).is_some() {
                shown.push(character);
            } else {
                shown.push_str(deunicode::deunicode_char(character).unwrap_or("?"));
            }
        }
        shown
    }

    fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("there is always a page").push(mark);
    }

    /// Makes sure that `height` is left, on a new page where it is not.
    pub(super) fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    pub(super) fn gap(&mut self, height: f32) {
        self.y += height;
    }

    pub(super) fn rule(&mut self) {
        let y = self.y;
        self.mark(Mark::Rule { y });
        self.y += 4.0;
    }

    /// A line that begins at `x`, in as many lines as it needs up to `x_max`.
    pub(super) fn wrapped(
        &mut self,
        text: &str,
        (x, x_max): (f32, f32),
        size: f32,
        weight: Weight,
    ) {
        for line in self.lines(text, x_max - x, size, weight) {
            self.room(size * LEADING);
            self.y += size * LEADING;
            let y = self.y;
            self.mark(Mark::Text { x, y, size, weight, text: line });
        }
    }

    fn lines(&self, text: &str, width: f32, size: f32, weight: Weight) -> Vec<String> {
        let face = self.face(weight);
        let fits = |line: &str| face.width(line, size) <= width;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in self.shown(text, weight).split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            // A word that is wider than the line is cut.
            for character in word.chars() {
                line.push(character);
                if !fits(&line) {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// A line of a table: texts that begin at their places, and one that ends at the right margin.
    pub(super) fn row(&mut self, cells: &[(f32, &str)], last: &str, size: f32, weight: Weight) {
        self.room(size * LEADING);
        self.y += size * LEADING;
        let y = self.y;
        for (x, text) in cells {
            let text = self.shown(text, weight);
            self.mark(Mark::Text { x: *x, y, size, weight, text });
        }
        let text = self.shown(last, weight);
        let x = RIGHT - self.face(weight).width(&text, size);
        self.mark(Mark::Text { x, y, size, weight, text });
    }

    /// The file. Each page has `foot` and its place among the pages at its end.
    pub(super) fn finish(mut self, title: &str, foot: &str) -> Result<Vec<u8>, PrintError> {
        let count = self.pages.len();
        for page in 0..count {
            let place = format!("{} / {count}", page + 1);
            let (size, weight, y) = (8.0, Weight::Regular, HEIGHT - 40.0);
            let x = RIGHT - self.regular.width(&place, size);
            let foot = self.shown(foot, weight);
            self.pages[page].push(Mark::Text { x: LEFT, y, size, weight, text: foot });
            self.pages[page].push(Mark::Text { x, y, size, weight, text: place });
        }
        let mut document = Document::new_with(SerializeSettings::default());
        document.set_metadata(Metadata::new().title(title.to_owned()).language("en".to_owned()));
        for marks in &self.pages {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PrintError)?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for mark in marks {
                match mark {
                    Mark::Text { x, y, size, weight, text } => {
                        let face = self.face(*weight);
                        let mut x = *x;
                        for run in runs(text) {
                            let direction = match run.1 {
                                Direction::RightToLeft => TextDirection::RightToLeft,
                                _ => TextDirection::LeftToRight,
                            };
                            let (place, font) = (Point::from_xy(x, *y), face.font.clone());
                            surface.draw_text(place, font, *size, run.0, false, direction);
                            x += face.run_width(run, *size);
                        }
                    }
                    Mark::Rule { y } => {
                        let mut path = PathBuilder::new();
                        path.move_to(LEFT, *y);
                        path.line_to(RIGHT, *y);
                        surface.set_stroke(Some(Stroke { width: 0.6, ..Stroke::default() }));
                        surface.draw_path(&path.finish().ok_or(PrintError)?);
                        surface.set_stroke(None);
                    }
                }
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|error| {
            tracing::error!(?error, "a paper was not printed");
            PrintError
        })
    }
}

#[cfg(test)]
mod tests {
    use rustybuzz::Direction::{LeftToRight, RightToLeft};

    use super::{Sheet, Weight, runs};

    #[test]
    fn texts_of_both_directions_keep_their_order() {
        assert_eq!(runs("Example B.V."), [("Example B.V.", LeftToRight)]);
        let mixed = runs("شركة 42 Example");
        let expected = [("42", LeftToRight), ("شركة ", RightToLeft), (" Example", LeftToRight)];
        assert_eq!(mixed, expected);
        assert_eq!(runs(""), []);
    }

    #[test]
    fn a_long_text_is_wrapped_and_nothing_of_it_is_lost() {
        let sheet = Sheet::new();
        let text = "Zoë Ångström ".repeat(20) + &"x".repeat(200);
        let lines = sheet.lines(&text, 200.0, 10.0, Weight::Bold);
        assert!(lines.iter().all(|line| sheet.bold.width(line, 10.0) <= 200.0));
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }

    #[test]
    fn what_the_font_lacks_is_written_in_latin_letters() {
        let sheet = Sheet::new();
        assert_eq!(
            sheet.shown("北京 Ω Ж €\t!", Weight::Regular).split_whitespace().last(),
            Some("!")
        );
        assert!(sheet.shown("北京", Weight::Regular).is_ascii());
        assert_eq!(sheet.shown("Ω Ж €", Weight::Regular), "Ω Ж €");
    }
}
