//! Files of migrations and the notation of conditions from random input, much more of it by `.ci/full fuzz`: what is read is written and
//! read again as the same, what is not is an error.

use bolero::check;
use migrations_engine::{
    Dialect, Direction, Migration, MigrationId, Operation, Schema,
    condition::{BinaryOp, Expr, IndexPart},
    plan::script,
    schema::{Constraint, ModelKey},
};
use std::{fs, path::Path, sync::LazyLock};

fn golden() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// The changes of the golden folders.
static CHANGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folders = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut texts: Vec<_> = folders.map(|folder| fs::read_to_string(folder.join("change.toml")).unwrap()).collect();
    texts.sort();
    texts
});

/// The state that they begin with.
static BEFORE: LazyLock<Schema> = LazyLock::new(|| {
    let text = fs::read_to_string(golden().join("before.toml")).unwrap();
    let mut state = Schema::default();
    let before = Migration::from_toml("app/0001_before.toml", &text).unwrap();
    before.operations.iter().for_each(|operation| operation.apply(&mut state).unwrap());
    state
});

/// What may stand in a file, beside what a text of its own puts there.
const PIECES: &[&str] = &[
    "\n",
    " = ",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "[[operations]]\n",
    "op = ",
    "true",
    "0",
    "-1",
    "99999999999999999999",
    "null",
    "''",
    "\"\"\"",
    "#",
    "1979-05-27T07:32:00Z",
    "nan",
    "\\u0000",
    "name = \"x\"\n",
    "fields = []\n",
    "type = \"char\"\n",
    "max_length = 0\n",
];

/// What is done to a file: where, whether it takes letters away, and what it puts there.
type Edits = Vec<(u16, u8, u8)>;

fn edited(text: &str, edits: &Edits) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, gone, piece) in edits {
        let at = usize::from(*at) % (letters.len() + 1);
        let end = letters.len().min(at + usize::from(*gone % 16));
        let piece = PIECES.get(usize::from(*piece)).copied().unwrap_or_default();
        letters.splice(at..end, piece.chars());
    }
    letters.into_iter().collect()
}

/// Reads a file and plans it for databases.
fn read(text: &str, dialects: &[Dialect]) {
    let Ok(migration) = Migration::from_toml("app/0002_change.toml", text) else { return };
    let written = migration.to_toml().unwrap();
    assert_eq!(Migration::from_toml("app/0002_change.toml", &written).unwrap(), migration, "{written}");
    assert_eq!(migration.checksum().unwrap().len(), 64);
    for &dialect in dialects {
        for direction in [Direction::Forward, Direction::Backward] {
            let _ = script(dialect, &BEFORE, &migration, direction);
        }
    }
}

#[test]
fn files() {
    check!().for_each(|bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            read(text, &Dialect::ALL);
        }
    });
}

#[test]
fn files_with_edits() {
    check!().with_type::<(u16, Edits)>().for_each(|(which, edits)| {
        let dialect = Dialect::ALL[usize::from(*which) % Dialect::ALL.len()];
        read(&edited(&CHANGES[usize::from(*which / 8) % CHANGES.len()], edits), &[dialect]);
    });
}

const WORDS: &[&str] = &[
    "a",
    "\"b c\"",
    "not",
    "and",
    "or",
    "(",
    ")",
    ",",
    "=",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "is",
    "null",
    "in",
    "between",
    "like",
    "ilike",
    "'x'",
    "'it''s'",
    "''",
    "0",
    "-5",
    "1.50",
    "1e400",
    "true",
    "false",
    "case",
    "when",
    "then",
    "else",
    "end",
    "lower",
    "length",
    "date",
    "datetime",
    "'2024-02-30'",
    "'2024-02-29'",
    "uuid",
    "json",
    "bytes",
    "decimal",
    "interval",
    "cast",
    "desc",
    "asc",
    "nulls",
    "first",
    "last",
    "using",
    "\u{0}",
    "é",
    "\"",
    "'",
];

#[test]
fn conditions() {
    check!().for_each(|bytes| {
        let text: Vec<&str> = bytes.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect();
        let spaced = text.join(" ");
        for text in [std::str::from_utf8(bytes).unwrap_or_default(), &spaced] {
            if let Ok(expr) = Expr::parse(text) {
                assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr, "{text}");
            }
            if let Ok(part) = text.parse::<IndexPart>() {
                assert_eq!(part.to_string().parse::<IndexPart>().unwrap(), part, "{text}");
            }
        }
    });
}

/// As deep as somebody likes: refused before the stack ends.
#[test]
fn deep_conditions() {
    for (opened, closed) in [
        ("(", ")"),
        ("not ", ""),
        ("- ", ""),
        ("lower(", ")"),
        ("case when a then ", " end"),
        ("a in (", ")"),
        ("", " is null"),
        ("", " + a"),
        ("", " or a"),
    ] {
        let text = format!("{}a{}", opened.repeat(200_000), closed.repeat(200_000));
        let refused = Expr::parse(&text).unwrap_err();
        assert_eq!(refused.code(), "M001");
        assert!(refused.to_string().len() < 300, "{refused}");
    }
    // What stands beside each other is not deep, however long.
    let cases: Vec<String> = (0..3_000).map(|n| format!("when a = {n} then {n}")).collect();
    assert!(Expr::parse(&format!("case {} end", cases.join(" "))).is_ok());
    assert!(Expr::parse(&vec!["a = 1"; 1_900].join(" or ")).is_ok());
    // And what could not be read again is not written.
    let one = || Box::new(Expr::Value(1.into()));
    let deep = (0..130).fold(Expr::Field("pages".into()), |sum, _| Expr::Binary {
        op: BinaryOp::Add,
        left: one(),
        right: Box::new(sum),
    });
    let check = Constraint::check("deep", Expr::Binary { op: BinaryOp::Gt, left: Box::new(deep), right: one() });
    let adding = Operation::AddConstraint { model: ModelKey::new("app", "Book"), constraint: check };
    let migration = Migration { operations: vec![adding], ..Migration::new(MigrationId::new("app", "0002_deep")) };
    assert_eq!(migration.to_toml().unwrap_err().code(), "M051");
    let long = format!("a in ({})", vec!["1"; 10_000].join(", "));
    assert_eq!(Expr::parse(&long).unwrap().to_string(), long);
}
