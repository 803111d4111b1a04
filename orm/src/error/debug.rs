//! An error with all that caused it, as `unwrap` and logs show it.

use super::Error;
use std::{
    error::Error as _,
    fmt::{self, Write},
};

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::new();
        self.head(&mut shown)?;
        let mut hint = self.hint();
        let mut cause = self.source();
        while let Some(error) = cause {
            // A cause often repeats what it caused, or is repeated there: each thing is said once.
            let (text, its_hint) = match error.downcast_ref::<Error>() {
                Some(ours) => (ours.0.message.clone(), ours.hint()),
                None => (error.to_string(), None),
            };
            if !shown.contains(&text) {
                write!(shown, "\n  cause: {text}")?;
            }
            hint = hint.or(its_hint);
            cause = error.source();
        }
        if let Some(hint) = hint {
            write!(shown, "\n  help: {hint}")?;
        }
        f.write_str(&shown)
    }
}
