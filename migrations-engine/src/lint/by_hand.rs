//! What is known of SQL that was written by hand: only its first words are looked at, and what is not understood is left alone.

use super::{Linter, Rule};
use crate::sql::{AlterStyle, Dialect};

/// What follows DROP in ALTER TABLE where no column goes.
const NO_COLUMN: &[&str] = &[
    "CONSTRAINT",
    "INDEX",
    "KEY",
    "PRIMARY",
    "FOREIGN",
    "CHECK",
    "DEFAULT",
    "NOT",
    "IDENTITY",
    "EXPRESSION",
    "PARTITION",
    "TRIGGER",
    "SYSTEM",
];

impl Linter<'_> {
    /// Statements that were written by hand.
    pub(super) fn by_hand(&mut self, describe: &str, texts: &[String]) {
        let dialect = self.dialect;
        for words in texts.iter().flat_map(|sql| statements(dialect, sql)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.loses(describe, &words);
            match self.dialect.capabilities().alter {
                AlterStyle::Property => self.locks(describe, &words),
                AlterStyle::Modify if matches!(words[..], ["ALTER", "TABLE", ..]) => {
                    if words.iter().any(|word| matches!(*word, "MODIFY" | "CHANGE")) {
                        self.writes_anew(describe);
                    }
                }
                AlterStyle::Modify | AlterStyle::Rebuild => {}
            }
        }
    }

    /// What loses data, breaks programs that run, or changes all rows.
    fn loses(&mut self, describe: &str, words: &[&str]) {
        let everywhere = !words.contains(&"WHERE");
        let (lost, broken) = match words {
            ["DROP", "TABLE", ..] => (Some("drops a table with its rows"), Some("read the table")),
            ["TRUNCATE", ..] => (Some("removes all rows of a table"), None),
            ["DELETE", ..] if everywhere => (Some("removes all rows of a table"), None),
            ["ALTER", "TABLE", rest @ ..] if drops_column(rest) => {
                (Some("drops a column with its values"), Some("read or write the column"))
            }
            ["ALTER", "TABLE", rest @ ..] if renames(rest) => (None, Some("know the old name only")),
            ["RENAME", "TABLE", ..] => (None, Some("know the old name only")),
            _ => (None, None),
        };
        if let Some(lost) = lost {
            self.notice(Rule::L004, format!("\"{describe}\" {lost}"), "keep a copy if they may be needed");
        }
        if let Some(broken) = broken {
            self.breaks(
                format!("\"{describe}\": programs of the version before that {broken} fail"),
                "release programs that do without it first",
            );
        }
        if matches!(words, ["UPDATE", ..]) && everywhere {
            self.notice(
                Rule::L008,
                format!("\"{describe}\" changes every row of a table in one statement: its locks are held until all are done"),
                "for large tables use a data step that works in batches",
            );
        }
    }

    /// What holds others up on PostgreSQL.
    fn locks(&mut self, describe: &str, words: &[&str]) {
        let concurrently = words.contains(&"CONCURRENTLY");
        let outside = concurrently || matches!(words, ["VACUUM", ..] | ["CREATE" | "DROP", "DATABASE", ..]);
        if outside && self.migration.atomic {
            self.notice(
                Rule::L009,
                format!("\"{describe}\" cannot be run in a transaction: the migration would fail"),
                "put it into a migration of its own with `atomic = false`",
            );
        }
        if matches!(words, ["CREATE", "INDEX", ..] | ["CREATE", "UNIQUE", "INDEX", ..]) && !concurrently {
            self.notice(
                Rule::L001,
                format!("\"{describe}\" makes an index under a SHARE lock: nobody writes to its table until it is done"),
                "write CREATE INDEX CONCURRENTLY, in a migration of its own with `atomic = false`; or `add_index` there",
            );
        }
        let ["ALTER", "TABLE", rest @ ..] = words else { return };
        let has = |pair: [&str; 2]| rest.windows(2).any(|words| words == pair);
        let retypes = rest.iter().enumerate().any(|(at, word)| *word == "TYPE" && at > 1 && rest.contains(&"ALTER"));
        if retypes {
            self.writes_anew(describe);
        }
        let later = has(["NOT", "VALID"]);
        let adds = rest.contains(&"ADD");
        let what = if adds && !later && (has(["FOREIGN", "KEY"]) || rest.contains(&"REFERENCES")) {
            Some(("a foreign key", "a SHARE ROW EXCLUSIVE"))
        } else if adds && !later && rest.contains(&"CHECK") {
            Some(("a check", "an ACCESS EXCLUSIVE"))
        } else if !adds && has(["SET", "NOT"]) {
            Some(("a column without NULL", "an ACCESS EXCLUSIVE"))
        } else {
            None
        };
        if let Some((what, lock)) = what {
            self.notice(
                Rule::L003,
                format!("\"{describe}\" looks at all rows for {what}, under {lock} lock"),
                "add it NOT VALID (for NULL a check), and then VALIDATE CONSTRAINT, each by itself with `atomic = false`; or use the operation for it there",
            );
        }
    }

    fn writes_anew(&mut self, describe: &str) {
        self.notice(
            Rule::L002,
            format!("\"{describe}\" changes the type of a column: the whole table may be written anew while nobody uses it"),
            "for large tables add a new column, fill it in a data step that works in batches, and drop the old one in a later release",
        );
    }
}

fn drops_column(rest: &[&str]) -> bool {
    rest.windows(2).any(|words| words[0] == "DROP" && !NO_COLUMN.contains(&words[1]))
}

fn renames(rest: &[&str]) -> bool {
    rest.windows(2).any(|words| words[0] == "RENAME" && !matches!(words[1], "CONSTRAINT" | "INDEX" | "KEY"))
}

/// The words of each statement in capital letters, without what is quoted. What has statements within it is left out.
fn statements(dialect: Dialect, sql: &str) -> Vec<Vec<String>> {
    let within = ["FUNCTION", "PROCEDURE", "TRIGGER", "VIEW", "EVENT", "PACKAGE", "RULE", "POLICY"];
    let mut all = vec![Vec::new()];
    let mut word = String::new();
    let mut chars = sql.chars().peekable();
    let end = |word: &mut String, all: &mut Vec<Vec<String>>| {
        if let (false, Some(last)) = (word.is_empty(), all.last_mut()) {
            last.push(std::mem::take(word).to_ascii_uppercase());
        }
    };
    while let Some(c) = chars.next() {
        match c {
            c if c.is_alphanumeric() || c == '_' => {
                word.push(c);
                continue;
            }
            '\'' | '"' | '`' => {
                let name = chars.by_ref().take_while(|next| *next != c).count();
                // A name stands in its place.
                if c != '\'' && name > 0 {
                    end(&mut word, &mut all);
                    word.push('?');
                }
            }
            '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|next| next != '\n') {},
            '#' if dialect.capabilities().alter == AlterStyle::Modify => {
                while chars.next().is_some_and(|next| next != '\n') {}
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for next in chars.by_ref().skip(1) {
                    if (last, next) == ('*', '/') {
                        break;
                    }
                    last = next;
                }
            }
            _ => {}
        }
        end(&mut word, &mut all);
        if c == ';' {
            all.push(Vec::new());
        }
    }
    end(&mut word, &mut all);
    let nested = |words: &Vec<String>| {
        let first: Vec<&str> = words.iter().take(5).map(String::as_str).collect();
        matches!(first.first(), Some(&"CREATE") if first.iter().any(|word| within.contains(word)))
            || matches!(first.first(), Some(&"DO" | &"BEGIN" | &"DECLARE"))
    };
    match all.iter().position(nested) {
        Some(at) => all.truncate(at),
        None => all.retain(|words| !words.is_empty()),
    }
    all
}
