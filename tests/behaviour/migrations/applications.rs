//! Databases of real applications: read whole, written as models, and, in the long run, made again from those.

use super::commands::folder;
use super::django::{databases::drop_all, oracle, text, texts};
use crate::{
    bed::{Backend, Bed, behaviour},
    pagila::dump,
};
use orm::migrate::{
    engine::{
        introspect::{Live, differences},
        schema::{Constraint, Model},
    },
    introspect,
};
use orm::{Database, Project};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// All that the pack has for a back end: a description of each, beside its database or in the folder of those with rows.
fn applications(backend: Backend) -> Vec<String> {
    let Ok(pack) = std::env::var("ORM_ORACLE") else { return Vec::new() };
    let end = if backend == Backend::Postgres { ".pg.json" } else { ".sqlite.json" };
    let files = std::fs::read_dir(Path::new(&pack).join("schemas")).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| {
            file.unwrap().file_name().to_str().and_then(|name| name.strip_suffix(end)).map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    // `ORM_ROUND_TRIP=real` for a part of them.
    if let Some(part) = std::env::var("ORM_ROUND_TRIP").ok().filter(|part| part != "1") {
        names.retain(|name| name.contains(&part));
    }
    names
}

/// What models cannot say of these databases, so that one made from the models differs.
const LEFT_OUT: &[(&str, &str)] = &[
    ("is char(39), not ip", "there is no type for addresses; they are text"),
    ("using varchar_pattern_ops", "a foreign key has no second index with pattern operators"),
    ("`django_celery_beat_solarschedule_event_latitude_longitude_ba64999a_uniq`", LONG),
    ("_uniq`, not `", LONG),
    ("is decimal(", "SQLite does not know how many digits a decimal has"),
    ("custom blob sub_type text", "SQLite takes any words for a type; what it stores is text"),
    ("custom character(20)", "texts of a fixed length have no field; they are of a limited one"),
    ("is called `film_CHECK_special", "a check's name begins with its table"),
];

const LONG: &str = "SQLite takes longer names than the others";

/// The file of an application's database in the pack, and what was found in it.
fn pack(backend: Backend, name: &str) -> Option<(PathBuf, Json)> {
    let (short, long) = if backend == Backend::Postgres { ("pg", "pg.sql") } else { ("sqlite", "sqlite") };
    let described = oracle(&format!("schemas/{name}.{short}.json"))?;
    let pack = PathBuf::from(std::env::var("ORM_ORACLE").ok()?);
    let beside = pack.join(format!("schemas/{name}.{long}"));
    if beside.exists() {
        return Some((beside, described));
    }
    let with_rows = name.strip_prefix("real_").unwrap_or(name);
    let end = if backend == Backend::Postgres { "sql" } else { "sqlite" };
    Some((pack.join(format!("data/{with_rows}.{end}")), described))
}

/// Puts an application's database where the bed's was; gives its URL.
async fn load(bed: &Bed, file: &Path) -> orm::Result<String> {
    let Bed { db, backend, url, .. } = bed;
    if *backend != Backend::Postgres {
        let copy = std::env::temp_dir().join(format!("orm_application_{}.db", std::process::id()));
        std::fs::copy(file, &copy).unwrap();
        // The pack's own are only to be read.
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o600)).unwrap();
        return Ok(format!("sqlite://{}", copy.display()));
    }
    drop_all(db, *backend).await?;
    // It changes settings of its connection.
    let own = Database::connect(url.clone()).await?;
    dump::load(&own, file).await?;
    own.close().await;
    Ok(url.clone())
}

async fn read(url: &str) -> orm::Result<Live> {
    let db = Database::connect(url).await?;
    let live = introspect(&db).await?;
    db.close().await;
    Ok(live)
}

/// Columns, keys, references and indexes of a table, a line each.
fn found(model: &Model) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let key = model.primary_key.join(",");
    lines.insert(format!("key {key}"));
    for field in &model.fields {
        lines.insert(format!("column {}{}", field.column, if field.null { "" } else { " not null" }));
        if let Some(relation) = &field.relation {
            lines.insert(format!("{} refers to {}", field.column, relation.to.name));
        }
        if field.unique {
            lines.insert(format!("unique {}", field.column));
        }
        if field.index {
            lines.insert(format!("index {}", field.column));
        }
    }
    let plain = |on: &[orm::migrate::engine::condition::IndexPart]| {
        on.iter().map(|part| part.field().unwrap_or("()").to_owned()).collect::<Vec<_>>().join(",")
    };
    for constraint in &model.constraints {
        if let Constraint::Unique { on, .. } = constraint {
            lines.insert(format!("unique {}", plain(on)));
        }
    }
    for index in &model.indexes {
        let classes = || index.on.iter().filter_map(|part| part.opclass.as_deref());
        if !classes().any(|class| class.ends_with("_pattern_ops")) {
            lines.insert(format!("index {}{}", plain(&index.on), by_classes(classes())));
        }
    }
    lines
}

/// The classes of operators that an index has.
fn by_classes<'a>(classes: impl Iterator<Item = &'a str>) -> String {
    let classes: Vec<&str> = classes.collect();
    if classes.is_empty() { String::new() } else { format!(" by {}", classes.join(",")) }
}

/// The same as the pack describes it.
fn described(json: &Json, postgres: bool) -> BTreeSet<String> {
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let names = |json: &Json| texts(json).join(",");
    let mut lines = BTreeSet::new();
    let keys = texts(&json["primary_key"]);
    for column in list(&json["columns"]) {
        // SQLite says of a key's column that it may be NULL, unless that was written.
        let null = if column["notnull"] == true || keys.contains(&text(&column["name"])) { " not null" } else { "" };
        lines.insert(format!("column {}{null}", text(&column["name"])));
    }
    let mut key = names(&json["primary_key"]);
    for constraint in list(&json["constraints"]) {
        match text(&constraint["type"]) {
            "p" => key = names(&constraint["columns"]),
            "f" => {
                let to = text(&constraint["ref_table"]);
                lines.insert(format!("{} refers to {to}", names(&constraint["columns"])));
            }
            _ => {}
        }
    }
    lines.insert(format!("key {key}"));
    for reference in list(&json["foreign_keys"]) {
        lines.insert(format!("{} refers to {}", names(&reference["columns"]), text(&reference["ref_table"])));
    }
    for index in list(&json["indexes"]) {
        // One for patterns is not kept beside another, and left out on both sides; the key has its own index.
        let pattern = index["def"].as_str().is_some_and(|def| def.contains("_pattern_ops"));
        if index["primary"] == true || index["origin"] == "pk" || pattern {
            continue;
        }
        // PostgreSQL quotes names that are keywords.
        let name = |column: &Json| match postgres {
            true => match column.as_str() {
                Some(name) if !name.contains('(') => name.trim_matches('"').to_owned(),
                _ => "()".to_owned(),
            },
            false => column["name"].as_str().unwrap_or("()").to_owned(),
        };
        let columns: Vec<String> = list(&index["columns"]).iter().map(name).collect();
        let word = if index["unique"] == true { "unique" } else { "index" };
        let words = index["def"].as_str().unwrap_or_default().split([' ', ',', '(', ')']);
        let classes = by_classes(words.filter(|word| word.ends_with("_ops")));
        lines.insert(format!("{word} {}{classes}", columns.join(",")));
    }
    lines
}

/// Whether a table of SQLite's is its own, a virtual one, or one in which such a one keeps its rows.
fn is_virtual(tables: &serde_json::Map<String, Json>, table: &str) -> bool {
    let made = |of: &str| text(&tables[of]["sql"]).to_ascii_lowercase().starts_with("create virtual");
    let keeps = |of: &String| made(of) && table.strip_prefix(of.as_str()).is_some_and(|rest| rest.starts_with('_'));
    table.starts_with("sqlite_") || made(table) || tables.keys().any(keeps)
}

/// An application whose models were written.
struct Written {
    name: String,
    file: PathBuf,
    /// What makes the types of the database's own, which a person writes into a migration.
    types: String,
    original: Live,
}

/// A program with the models of all, built where the library's own dependencies are locked.
fn build(out: &Path, backend: Backend, written: &[Written]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // Back ends are tested side by side, each with models of its own.
    let package = format!("made-again-{backend:?}").to_lowercase();
    let manifest = format!(
        "[package]\nname = {package:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nserde_json = \"1\"\n\
         orm = {{ path = {:?}, features = [\"sqlite\", \"postgres\", \"mysql\"] }}\n[profile.dev]\ndebug = false\n",
        root.join("orm")
    );
    std::fs::write(out.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root.join("Cargo.lock"), out.join("Cargo.lock")).unwrap();
    let mut main = "#![allow(dead_code)]\n".to_owned();
    let mut arms = String::new();
    for Written { name, .. } in written {
        main += &format!("mod {name};\n");
        arms += &format!("        {name:?} => project.app({name}::{name}()),\n");
    }
    main += &format!(
        "fn main() -> std::process::ExitCode {{\n    let mut args: Vec<String> = std::env::args().collect();\n    let app = args.remove(1);\n    \
         let project = orm::Project::new();\n    let project = match app.as_str() {{\n{arms}        _ => project,\n    }};\n    \
         match project.run(args) {{\n        Ok(()) => std::process::ExitCode::SUCCESS,\n        Err(error) => {{\n            \
         eprintln!(\"{{error:?}}\");\n            std::process::ExitCode::FAILURE\n        }}\n    }}\n}}\n"
    );
    std::fs::write(out.join("src/main.rs"), main).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made-again");
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--offline", "-q"])
        .current_dir(out)
        .env("CARGO_TARGET_DIR", &target)
        .status();
    assert!(cargo.unwrap().success(), "the models of {} do not compile", out.display());
    target.join("debug").join(package)
}

/// Runs a command of the program; tells what it printed, and whether it succeeded.
fn run(program: &Path, out: &Path, app: &str, line: &str) -> (bool, String) {
    let done = Command::new(program).arg(app).args(line.split(' ')).current_dir(out).output().unwrap();
    let printed = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), printed)
}

/// Runs a command that is to succeed; what it printed otherwise.
fn failure(program: &Path, out: &Path, app: &str, line: &str) -> Option<String> {
    let (success, printed) = run(program, out, app, line);
    (!success).then(|| format!("{line}: {printed}"))
}

fn is_listed(line: &str) -> bool {
    LEFT_OUT.iter().any(|(known, _)| line.contains(known))
}

/// Migrates an empty database from the models, and compares; and the original with the models.
async fn again(bed: &Bed, program: &Path, out: &Path, it: &Written) -> orm::Result<Vec<String>> {
    let Written { name, file, types, original } = it;
    let mut wrong = Vec::new();
    if let Some(failed) = failure(program, out, name, "makemigrations --no-input") {
        return Ok(vec![failed]);
    }
    let url = match bed.backend {
        Backend::Postgres => {
            drop_all(&bed.db, bed.backend).await?;
            bed.db.batch(types.clone()).await?;
            bed.url.clone()
        }
        _ => format!("sqlite://{}", out.join(format!("{name}.db")).display()),
    };
    for command in ["migrate", "makemigrations --check", "check"] {
        wrong.extend(failure(program, out, name, &format!("--database {url} {command}")));
    }
    let made = differences(original, &read(&url).await?);
    // A table without a key is a model that migrations leave alone.
    let keyless = original.schema.models.values().filter(|model| model.primary_key.is_empty());
    let alone: Vec<String> = keyless.map(|model| format!("`{}`: it is missing", model.table)).collect();
    let known = |line: &String| is_listed(line) || alone.iter().any(|known| line.ends_with(known));
    wrong.extend(made.iter().map(ToString::to_string).filter(|line| !known(line)));
    // The original, with the first migration recorded.
    let url = load(bed, file).await?;
    for command in ["migrate --fake-initial", "makemigrations --check"] {
        wrong.extend(failure(program, out, name, &format!("--database {url} {command}")));
    }
    let (_, printed) = run(program, out, name, &format!("--database {url} check"));
    wrong.extend(
        printed
            .lines()
            .filter(|line| line.starts_with('D') && !line.starts_with("D021") && !says(line))
            .map(str::to_owned),
    );
    Ok(wrong)
}

/// What `check` may say of the originals: the same things, told from the other side.
fn says(line: &str) -> bool {
    is_listed(line)
        || line.contains("is ip, not char(39)")
        || line.starts_with("D020") && (line.contains("_like`") || line.contains("_uniq`"))
}

behaviour! {
    async fn databases_of_applications_are_read_whole(bed) {
        let Bed { backend, url, .. } = &*bed;
        if url.contains(":memory:") || *backend == Backend::MariaDb {
            // The pack has files of SQLite's and dumps of PostgreSQL's.
            return Ok(());
        }
        let out = folder(&format!("applications_{backend:?}"));
        std::fs::create_dir_all(out.join("src")).unwrap();
        let (mut written, mut wrong) = (Vec::new(), Vec::new());
        for name in applications(*backend) {
            let Some((file, json)) = pack(*backend, &name) else { return Ok(()) };
            // A file may be called as no module can be.
            let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let name = if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("app_{name}") };
            let url = load(&bed, &file).await?;
            let original = read(&url).await?;
            let schema = json.get("schema").unwrap_or(&json);
            let tables = schema["tables"].as_object().unwrap();
            for (table, json) in tables.iter().filter(|(table, _)| !is_virtual(tables, table)) {
                let Some(model) = original.schema.models.get(&Live::key(table)) else {
                    wrong.push(format!("{name}: no {table}"));
                    continue;
                };
                let (is, should) = (found(model), described(json, *backend == Backend::Postgres));
                wrong.extend(is.symmetric_difference(&should).map(|line| format!("{name}: {table}: {line}")));
            }
            let path = out.join(format!("src/{name}.rs"));
            let line = format!("manage --database {url} inspectdb --app {name} --output {}", path.display());
            Project::new().run_into(line.split(' '), &mut String::new())?;
            let source = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let structs = source.items.iter().filter(|item| matches!(item, syn::Item::Struct(_))).count();
            let with_columns = original.schema.models.values().filter(|model| !model.fields.is_empty());
            assert_eq!(structs, with_columns.count(), "{name}");
            let types = schema["enums"].as_object().into_iter().flatten().map(|(name, values)| {
                let values: Vec<String> = texts(values).iter().map(|value| format!("'{value}'")).collect();
                format!("CREATE TYPE {name} AS ENUM ({});", values.join(", "))
            });
            let extensions = texts(&schema["extensions"]).into_iter();
            let extensions = extensions.map(|name| format!("CREATE EXTENSION IF NOT EXISTS \"{name}\";"));
            let types = extensions.chain(types).collect();
            written.push(Written { name, file, types, original });
        }
        // It takes minutes to build six hundred models: `.ci/full round_trip`.
        if std::env::var_os("ORM_ROUND_TRIP").is_some() {
            let program = build(&out, *backend, &written);
            for it in &written {
                wrong.extend(again(&bed, &program, &out, it).await?.into_iter().map(|line| format!("{}: {line}", it.name)));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        std::fs::remove_dir_all(&out).unwrap();
        Ok(())
    }
}
