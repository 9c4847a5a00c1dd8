//! An explanation on its way to the terminal: titles, facts, outlines. It must not know their contents.

use std::io;

use anstyle::Style;

use crate::report::escape::terminal::visible;
use crate::report::page::Page;

/// Columns that every terminal has.
const WIDTH: usize = 80;
/// The column of the text beside a fact's name.
const BESIDE: usize = 13;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A sheet, written part by part.
pub struct Sheet<'w> {
    page: Page<'w>,
}

impl<'w> Sheet<'w> {
    /// An empty sheet on stdout.
    pub fn new(out: &'w mut dyn io::Write) -> Self {
        let colour = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        Self {
            page: Page::new(out, WIDTH, colour),
        }
    }

    /// An empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        self.page.blank()
    }

    /// The subject of the sheet and its kind.
    pub fn title(&mut self, name: &str, kind: &str) -> io::Result<()> {
        self.page.paragraph(
            0,
            2,
            &[(BOLD, &one_line(name)), (DIM, &format!("  {kind}"))],
        )
    }

    /// The first line of a part, after an empty one.
    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        self.page.paragraph(0, 2, &[(BOLD, &one_line(text))])
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.page.paragraph(0, 0, &[(PLAIN, &one_line(text))])
    }

    /// A fact with its name.
    pub fn fact(&mut self, name: &str, text: &str) -> io::Result<()> {
        let name = format!("{name:BESIDE$}");
        self.page
            .paragraph(0, BESIDE, &[(DIM, &name), (PLAIN, &one_line(text))])
    }

    /// A fact with its name, whose words stay whole, such as an address.
    pub fn reference(&mut self, name: &str, text: &str) -> io::Result<()> {
        let text = one_line(text);
        if text
            .split(' ')
            .all(|word| word.chars().count() <= WIDTH - BESIDE)
        {
            return self.fact(name, &text);
        }
        let name = format!("{name:BESIDE$}");
        self.page.unbroken(&[(DIM, &name), (PLAIN, &text)])
    }

    /// A line of an outline.
    pub fn item(&mut self, depth: usize, text: &str) -> io::Result<()> {
        self.page
            .paragraph(2 + 2 * depth, 4 + 2 * depth, &[(PLAIN, &one_line(text))])
    }

    /// YAML to copy: its lines stay whole if they fit.
    pub fn yaml(&mut self, text: &str) -> io::Result<()> {
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            self.page.paragraph(
                2 + indent,
                4 + indent,
                &[(PLAIN, &visible(line.trim_start()))],
            )?;
        }
        Ok(())
    }
}

/// A text of a policy, which may have several lines, on one.
fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}
