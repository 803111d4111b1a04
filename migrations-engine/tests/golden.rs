//! Golden cases: each folder of `golden/` holds a state, operations, and the SQL they become.
//!
//! `before.toml` is a migration that makes the state, `change.toml` the migration that is planned;
//! `<database>.sql` is what comes out, forwards and backwards, or the refusal. `BLESS=1` writes them.

use std::fs;
use std::path::Path;

use migrations_engine::plan::script;
use migrations_engine::{Dialect, Direction, Migration, Schema};

#[test]
fn every_case_gives_the_sql_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("BLESS").is_some();
    let mut cases: Vec<_> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let common = fs::read_to_string(root.join("before.toml")).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let before = fs::read_to_string(case.join("before.toml")).unwrap_or_else(|_| common.clone());
        let before = Migration::from_toml("app/0001_before.toml", &before)
            .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let change = fs::read_to_string(case.join("change.toml")).unwrap();
        let change = Migration::from_toml("app/0002_change.toml", &change)
            .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let mut state = Schema::default();
        before.operations.iter().for_each(|operation| operation.apply(&mut state).unwrap());
        for dialect in Dialect::ALL {
            let planned = |direction| match script(dialect, &state, &change, direction) {
                Ok(sql) => sql,
                Err(error) => format!("-- {}\n", error.to_string().replace('\n', "\n-- ")),
            };
            let found =
                format!("{}\n-- ==== and back ====\n\n{}", planned(Direction::Forward), planned(Direction::Backward));
            let path = case.join(format!("{dialect}.sql"));
            if bless {
                fs::write(&path, &found).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != found {
                wrong.push(format!("{}:\n{found}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "run with BLESS=1 if this is right:\n{}", wrong.join("\n"));
}
