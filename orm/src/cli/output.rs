//! What commands print: the program's standard output, or a text for the caller; colours for people only.

use crate::{Code, Error, Result};
use anstream::{AutoStream, StripStream};
use clap::builder::styling::{AnsiColor, Style};
use std::{
    fmt::Display,
    io::{self, ErrorKind, Write, stderr, stdout},
    sync::{Arc, Mutex, PoisonError},
};

/// What was done.
pub(super) const DONE: Style = AnsiColor::Green.on_default();
/// What is to be known before going on.
pub(super) const NOTE: Style = AnsiColor::Yellow.on_default();
/// What went wrong, or loses something.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What something is called.
pub(super) const NAME: Style = Style::new().bold();

/// Text in a style, where the output takes styles.
pub(super) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Where a command prints to.
#[derive(Clone)]
pub(super) struct Output(Arc<Mutex<dyn Write + Send>>);

impl Output {
    /// Standard output: with colours on a terminal, unless `NO_COLOR` is set.
    pub(super) fn standard() -> Self {
        Output(Arc::new(Mutex::new(AutoStream::auto(stdout()))))
    }

    /// A text, without colours.
    pub(super) fn text() -> (Self, Arc<Mutex<StripStream<Vec<u8>>>>) {
        let text = Arc::new(Mutex::new(StripStream::new(Vec::new())));
        (Output(text.clone()), text)
    }

    pub(super) fn line(&self, line: impl Display) -> Result<()> {
        let mut out = self.clone();
        let wrote = writeln!(out, "{line}").and_then(|()| out.flush());
        wrote.map_err(|error| Error::new(Code::BadSetting, "the output cannot be written").with_source(error))
    }
}

/// When nobody reads any more (`showmigrations | head`), what is written is dropped in silence.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
        unless_closed(wrote, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.0.lock().unwrap_or_else(PoisonError::into_inner).flush();
        unless_closed(flushed, ())
    }
}

fn unless_closed<T>(done: io::Result<T>, otherwise: T) -> io::Result<T> {
    match done {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(otherwise),
        done => done,
    }
}

/// A line on standard error; when that is closed there is nobody left to tell.
pub(super) fn warn(line: impl Display) {
    let _ = writeln!(AutoStream::auto(stderr()), "{line}");
}

/// Text on standard error that is written over by the next: for whoever waits at a terminal.
pub(super) fn progress(text: &str) {
    if io::IsTerminal::is_terminal(&stderr()) {
        let _ = write!(stderr(), "\r\x1b[K{text}").and_then(|()| stderr().flush());
    }
}
