//! How the tour looks: the Rust of a query, its SQL, and its rows as a table.

use crate::models::{EdgeKind, Origin, Version};
use comfy_table::{CellAlignment, Table, presets::UTF8_BORDERS_ONLY};
use orm::prelude::*;
use std::io::{self, Write};

/// How many rows a table shows, unless they are the answer only together.
pub const MOST_ROWS: usize = 15;

/// Where the tour goes to, and how far it has come.
pub struct Show<'a> {
    out: &'a mut (dyn Write + Send),
    questions: usize,
}

impl<'a> Show<'a> {
    /// A tour that is written to `out`.
    pub fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Show { out, questions: 0 }
    }

    /// A heading.
    ///
    /// # Errors
    /// What `out` says.
    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        let line = "─".repeat(100usize.saturating_sub(text.chars().count() + 4));
        writeln!(self.out, "\n── {text} {line}")
    }

    /// A question: the first line of the function's comment as a heading, then the function.
    ///
    /// # Errors
    /// What `out` says.
    pub fn question(&mut self, source: &str) -> io::Result<()> {
        self.questions += 1;
        let (first, rest) = source.split_once('\n').unwrap_or((source, ""));
        self.heading(&format!("{}. {}", self.questions, first.trim_start_matches('/').trim()))?;
        writeln!(self.out, "\n{}", indented(rest))
    }

    /// Code or SQL, as it is.
    ///
    /// # Errors
    /// What `out` says.
    pub fn code(&mut self, code: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", indented(code))
    }

    /// SQL, broken into lines.
    ///
    /// # Errors
    /// What `out` says.
    pub fn sql(&mut self, sql: &str) -> io::Result<()> {
        let lines: Vec<String> = aligned(sql)
            .lines()
            .map(|line| if line.starts_with("--") { line.to_owned() } else { wrapped(line, 110) })
            .collect();
        writeln!(self.out, "\n{}", indented(&lines.join("\n")))
    }

    /// A line of text.
    ///
    /// # Errors
    /// What `out` says.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Rows as a table: the first of them, if there are more than `most`.
    ///
    /// # Errors
    /// What `out` says.
    pub fn rows<R: Cells>(&mut self, headers: &[&str], rows: &[R], most: usize) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(headers.to_vec());
        for row in &rows[..rows.len().min(most)] {
            let cells = row.cells().into_iter().map(|(text, number)| {
                let alignment = if number { CellAlignment::Right } else { CellAlignment::Left };
                comfy_table::Cell::new(text).set_alignment(alignment)
            });
            table.add_row(cells.collect::<Vec<_>>());
        }
        writeln!(self.out, "\n{}", indented(&table.to_string()))?;
        match rows.len() {
            0 => writeln!(self.out, "    (no rows)")?,
            count if count > most => writeln!(self.out, "    (and {} more)", count - most)?,
            _ => {}
        }
        self.out.flush()
    }
}

/// The text of a function in a source file, with the comment before it; what the tour shows is what it runs.
///
/// ```
/// let source = "use x;\n\n/// What?\npub fn what() -> i32 {\n    1\n}\n\n/// Who?\npub fn who() {\n}\n";
/// assert_eq!(quickstart::show::function(source, "what"), Some("/// What?\npub fn what() -> i32 {\n    1\n}"));
/// assert_eq!(quickstart::show::function(source, "when"), None);
/// ```
pub fn function<'s>(source: &'s str, name: &str) -> Option<&'s str> {
    let at =
        [format!("\npub fn {name}("), format!("\npub async fn {name}(")].iter().find_map(|it| source.find(it))? + 1;
    let end = at + source[at..].find("\n}")? + 2;
    let mut start = at;
    while let Some(before) = source[..start].strip_suffix('\n') {
        let line = before.rfind('\n').map_or(0, |place| place + 1);
        if !source[line..].starts_with("///") {
            break;
        }
        start = line;
    }
    Some(&source[start..end])
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("    {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Lines after the first without the blanks that all of them begin with.
fn aligned(text: &str) -> String {
    let blanks = |line: &str| line.len() - line.trim_start().len();
    let least = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    text.lines().map(|line| &line[blanks(line).min(least)..]).collect::<Vec<_>>().join("\n")
}

/// Lines of at most `width` characters, where there is a blank to break at; the first begins as the text does.
fn wrapped(text: &str, width: usize) -> String {
    let (blanks, text) = text.split_at(text.len() - text.trim_start().len());
    let mut out = blanks.to_owned();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.extend(["\n", blanks, "  "]);
            column = blanks.len() + 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A row of a table.
pub trait Cells {
    /// The text of each cell, and whether it is a number.
    fn cells(&self) -> Vec<(String, bool)>;
}

/// One value in a table.
pub trait Cell {
    /// Whether it is a number.
    const NUMBER: bool = false;

    /// How it is written.
    fn text(&self) -> String;
}

impl Cell for String {
    fn text(&self) -> String {
        let mut chars = self.chars();
        let short: String = chars.by_ref().take(60).collect();
        if chars.next().is_some() { format!("{short}…") } else { short }
    }
}

impl Cell for i64 {
    const NUMBER: bool = true;

    /// With a blank after each three digits.
    fn text(&self) -> String {
        let digits = self.unsigned_abs().to_string();
        let mut out = String::from(if *self < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(' ');
            }
            out.push(digit);
        }
        out
    }
}

impl Cell for f64 {
    const NUMBER: bool = true;

    fn text(&self) -> String {
        format!("{self:.1}")
    }
}

impl Cell for bool {
    fn text(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Cell for DateTime<Utc> {
    fn text(&self) -> String {
        self.format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl Cell for EdgeKind {
    fn text(&self) -> String {
        self.label().into_owned()
    }
}

impl Cell for Origin {
    fn text(&self) -> String {
        self.label().into_owned()
    }
}

impl<T: Cell> Cell for Option<T> {
    const NUMBER: bool = T::NUMBER;

    fn text(&self) -> String {
        self.as_ref().map(Cell::text).unwrap_or_default()
    }
}

macro_rules! rows {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<$($part: Cell),+> Cells for ($($part,)+) {
            fn cells(&self) -> Vec<(String, bool)> {
                vec![$((self.$index.text(), $part::NUMBER)),+]
            }
        }
    )+};
}

rows! {
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
}

/// A version with its package and its dependencies, all of them loaded.
impl Cells for Version {
    fn cells(&self) -> Vec<(String, bool)> {
        let name = |version: &Version| version.package.get().map(|package| package.name.clone());
        let needs = self.dependencies.get().unwrap_or_default().iter().map(|edge| edge.dependency.get().and_then(name));
        let needs: Vec<String> = needs.flatten().collect();
        vec![(name(self).unwrap_or_default(), false), (self.number.clone(), false), (needs.join(" ").text(), false)]
    }
}
