//! Who is asked, and what was refused so far: what has to be answered is told together, so that it can be answered together.

use super::Questioner;
use crate::error::{Error, Result, error};

pub(super) struct Asked<'q> {
    pub(super) questioner: &'q mut dyn Questioner,
    refused: Vec<Error>,
}

impl<'q> Asked<'q> {
    pub(super) fn new(questioner: &'q mut dyn Questioner) -> Self {
        Asked { questioner, refused: Vec::new() }
    }

    /// An answer; or nothing, where it is refused and others may be, too.
    pub(super) fn heard<T>(&mut self, answer: Result<T>) -> Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(refused) if self.questioner.stops_at_once() => Err(refused),
            Err(refused) => {
                self.refused.push(refused);
                Ok(None)
            }
        }
    }

    /// Whether something is the same under another name. Where that is refused the answer is taken to be yes, for the rest of the
    /// questions: what else there is to ask of it is asked in the same run.
    pub(super) fn renamed(&mut self, answer: Result<bool>) -> Result<bool> {
        Ok(self.heard(answer)?.unwrap_or(true))
    }

    pub(super) fn may_remove(&mut self, answer: Result<bool>, what: impl Fn() -> String) -> Result<()> {
        let agreed = answer.and_then(|may| match may {
            true => Ok(()),
            false => Err(error!(M021, "`{}` is gone from the models, but may not be removed", what())),
        });
        self.heard(agreed).map(drop)
    }

    /// What was found, unless something was refused: then what was found stands on answers that nobody gave.
    pub(super) fn unless_refused<T>(self, found: Result<T>) -> Result<T> {
        match Error::together(self.refused) {
            Some(refused) => Err(refused),
            None => found,
        }
    }
}
