//! How a database differs from what it should be.

use std::collections::BTreeSet;
use std::fmt;

use super::Live;
use crate::condition::{Expr, Function, IndexPart};
use crate::schema::{ColumnType, Constraint, Field, Model, OnDelete, Relation};
use crate::sql::Dialect;

macro_rules! drifts {
    ($($(#[doc = $doc:literal])+ $name:ident $advice:literal;)+) => {
        /// Every kind of difference; its name is the stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Drift {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Drift {
            /// All kinds with their meaning, for a reference page.
            pub const ALL: &'static [(Drift, &'static str)] = &[$((Drift::$name, concat!($($doc),+))),+];

            /// The code as written in messages, such as `D011`.
            pub fn as_str(self) -> &'static str {
                match self { $(Drift::$name => stringify!($name),)+ }
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Drift::$name => $advice,)+ }
            }
        }
    };
}

drifts! {
    /// The models say something that no migration does.
    D001 "run `makemigrations`";
    /// Migrations have not been applied.
    D002 "run `migrate`";
    /// The history disagrees with the files.
    D003 "run `repair`, which tells what can be done";
    /// A table is missing.
    D010 "make it as `sqlmigrate` shows; or go back before its migration by `migrate --fake`, and run it again";
    /// A column is missing.
    D011 "add it to the table, or remove it from the model";
    /// A column has another type, or is numbered by the database on one side only.
    D012 "give the field the type that the column has, or change the column";
    /// A column allows NULL where it should not, or the other way round.
    D013 "make the field an `Option` or not, as the column is, or change the column";
    /// The database gives another value where a row says none.
    D014 "say it by `db_default`, or change the column";
    /// A column is computed otherwise, or only on one side.
    D015 "drop the column and make it as `sqlmigrate` shows";
    /// Text is compared by another collation.
    D016 "change the column's collation; until then text is compared in another way";
    /// The primary key is over other columns.
    D017 "say `primary_key` on the fields that form it, or change the table";
    /// A foreign key is missing, leads elsewhere, or has another rule for deletes; in a table that was taken over none will do for any.
    D018 "say the relation in the model as the table has it, or change the constraint";
    /// An index or constraint is missing, or is not what it should be.
    D019 "make it as `sqlmigrate` shows, or remove it from the model";
    /// A column, index or constraint of a model's table is in no migration.
    D020 "add it to the model and apply that migration with `migrate --fake`, or drop it";
    /// An index or constraint is called otherwise; migrations find it by what it is.
    D021 "it may stay so: give it that name in the model, or rename it in the database, if both are to say the same";
    /// A comment differs.
    D022 "give the model or field the same `comment`, or change it in the database";
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing in which a database differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which kind.
    pub drift: Drift,
    /// The table.
    pub table: String,
    /// What is there, and what should be.
    pub message: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.drift, self.table, self.message)
    }
}

/// How `found` differs from `wanted`. Tables that `wanted` does not have are somebody else's, and left out, as are views. A foreign key without
/// a rule for deletes will do in place of any: whoever made it keeps the rule otherwise, as Django does; see [`differences_where`].
///
/// ```
/// use migrations_engine::introspect::{Drift, as_stored, differences};
/// use migrations_engine::schema::{ColumnType, Field, Model};
/// use migrations_engine::{Dialect, Schema};
///
/// let (mut wanted, mut found) = (Schema::default(), Schema::default());
/// let item = Model::new("shop", "Item").with(Field::auto_id());
/// found.insert(item.clone());
/// wanted.insert(item.with(Field::new("label", ColumnType::Text)));
/// let [wanted, found] = [wanted, found].map(|schema| as_stored(Dialect::Postgres, &schema).unwrap());
/// let differences = differences(&wanted, &found);
/// assert_eq!(differences[0].drift, Drift::D011);
/// assert_eq!(differences[0].to_string(), "D011 `shop_item`: the column `label` is missing");
/// ```
pub fn differences(wanted: &Live, found: &Live) -> Vec<Difference> {
    differences_where(wanted, found, |_| false)
}

/// The same, where it is known of each table whether migrations of these files have made it: a foreign key there has its rule for deletes,
/// and one that has lost it differs.
///
/// ```
/// use migrations_engine::introspect::{Drift, as_stored, differences, differences_where};
/// use migrations_engine::schema::{Field, Model, ModelKey, OnDelete};
/// use migrations_engine::{Dialect, Schema};
///
/// let stored = |rule| {
///     let mut schema = Schema::default();
///     schema.insert(Model::new("shop", "Shelf").with(Field::auto_id()));
///     let shelf = Field::foreign_key("shelf", ModelKey::new("shop", "Shelf"), rule);
///     schema.insert(Model::new("shop", "Item").with(Field::auto_id()).with(shelf));
///     as_stored(Dialect::Postgres, &schema).unwrap()
/// };
/// let (wanted, found) = (stored(OnDelete::Cascade), stored(OnDelete::DoNothing));
/// assert!(differences(&wanted, &found).is_empty());
/// assert_eq!(differences_where(&wanted, &found, |table| table == "shop_item")[0].drift, Drift::D018);
/// ```
pub fn differences_where(wanted: &Live, found: &Live, is_own: impl Fn(&str) -> bool) -> Vec<Difference> {
    let mut out = Vec::new();
    for model in wanted.schema.models.values().filter(|model| model.managed) {
        let mut compare = Compare { found, table: &model.table, own: is_own(&model.table), out: &mut out };
        match found.schema.models.get(&model.key).filter(|found| found.managed) {
            Some(other) => compare.tables(model, other),
            None => compare.push(Drift::D010, "it is missing".to_owned()),
        }
    }
    out
}

struct Compare<'a> {
    found: &'a Live,
    table: &'a str,
    /// Migrations have made the table.
    own: bool,
    out: &'a mut Vec<Difference>,
}

/// An index or constraint without its name, as text that tells it from others.
struct Thing {
    what: String,
    /// Only where the state keeps it.
    name: Option<String>,
    /// That of a foreign key for deletes.
    rule: Option<OnDelete>,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.rule.map_or(Ok(()), |rule| write!(f, ", on delete {rule}"))
    }
}

impl Compare<'_> {
    fn push(&mut self, drift: Drift, message: String) {
        self.out.push(Difference { drift, table: self.table.to_owned(), message });
    }

    fn tables(&mut self, wanted: &Model, found: &Model) {
        for field in &wanted.fields {
            match found.field(&field.name) {
                Some(other) => self.fields(field, other),
                None => self.push(Drift::D011, format!("the column `{}` is missing", field.column)),
            }
        }
        for field in found.fields.iter().filter(|field| wanted.field(&field.name).is_none()) {
            self.push(Drift::D020, format!("the column `{}` is in no migration", field.column));
        }
        if wanted.primary_key != found.primary_key {
            let shown = |key: &[String]| if key.is_empty() { "nothing".to_owned() } else { key.join(", ") };
            let (is, should) = (shown(&found.primary_key), shown(&wanted.primary_key));
            self.push(Drift::D017, format!("the key is over {is}, not over {should}"));
        }
        if wanted.comment != found.comment {
            self.comment("the table", wanted.comment.as_deref(), found.comment.as_deref());
        }
        let mut should = things(wanted);
        let leaning = |field: &&Field| field.index && found.field(&field.name).is_some_and(|other| !other.index);
        for field in wanted.fields.iter().filter(leaning).filter(|field| self.found.leans(found, &field.name)) {
            should.retain(|thing| thing.what != index_over(field));
        }
        self.things(should, things(found));
    }

    fn comment(&mut self, of: &str, wanted: Option<&str>, found: Option<&str>) {
        let (wanted, found) = (wanted.unwrap_or_default(), found.unwrap_or_default());
        self.push(Drift::D022, format!("the comment of {of} is {found:?}, not {wanted:?}"));
    }

    fn fields(&mut self, wanted: &Field, found: &Field) {
        let column = format!("`{}`", wanted.column);
        let expr = |expr: Option<&Expr>| expr.map_or_else(|| "none".to_owned(), |expr| format!("`{expr}`"));
        let relation = wanted.relation.is_some() || found.relation.is_some();
        if !self.leads_alike(wanted.relation.as_ref(), found.relation.as_ref()) {
            let leads = |field: &Field| match &field.relation {
                Some(relation) => format!(
                    "a foreign key to `{}`{}, on delete {}",
                    relation.to.name,
                    relation.to_field.as_ref().map_or_else(String::new, |to| format!(" (`{to}`)")),
                    relation.on_delete
                ),
                None => "no foreign key".to_owned(),
            };
            self.push(Drift::D018, format!("{column} is {}, not {}", leads(found), leads(wanted)));
        }
        if wanted.ty != found.ty && !relation {
            let shown = |ty: &ColumnType| ty.to_string();
            self.push(Drift::D012, format!("{column} is {}, not {}", shown(&found.ty), shown(&wanted.ty)));
        }
        if wanted.auto != found.auto {
            let is = if found.auto { "is" } else { "is not" };
            self.push(Drift::D012, format!("{column} {is} numbered by the database"));
        }
        if wanted.null != found.null {
            let may = if found.null { "can" } else { "cannot" };
            self.push(Drift::D013, format!("{column} {may} be NULL"));
        }
        if wanted.db_default != found.db_default {
            let (is, should) = (expr(found.db_default.as_ref()), expr(wanted.db_default.as_ref()));
            self.push(Drift::D014, format!("the default of {column} is {is}, not {should}"));
        }
        if wanted.generated != found.generated && !self.rounds_on_reading(wanted, found) {
            let from = |field: &Field| expr(field.generated.as_ref().map(|generated| &generated.expr));
            self.push(Drift::D015, format!("{column} is computed from {}, not {}", from(found), from(wanted)));
        }
        if wanted.collation != found.collation {
            let shown = |field: &Field| {
                let name = field.collation.as_ref().and_then(|collation| collation.names().next());
                name.unwrap_or("the usual").to_owned()
            };
            self.push(Drift::D016, format!("the collation of {column} is {}, not {}", shown(found), shown(wanted)));
        }
        if wanted.comment != found.comment {
            self.comment(&column, wanted.comment.as_deref(), found.comment.as_deref());
        }
    }

    /// Whether a decimal that is computed is only not rounded there, as Django does not on SQLite: it is when it is read.
    fn rounds_on_reading(&self, wanted: &Field, found: &Field) -> bool {
        let (Some(should), Some(is)) = (&wanted.generated, &found.generated) else { return false };
        let inner = match &should.expr {
            Expr::Call { function: Function::Round, args } => args.first(),
            _ => None,
        };
        self.found.dialect == Dialect::Sqlite && should.stored == is.stored && inner == Some(&is.expr)
    }

    fn leads_alike(&self, wanted: Option<&Relation>, found: Option<&Relation>) -> bool {
        match (wanted, found) {
            (Some(wanted), Some(found)) => {
                *wanted == Relation { on_delete: wanted.on_delete, ..found.clone() }
                    && self.rules_fit(wanted.on_delete, found.on_delete)
            }
            (wanted, found) => wanted == found,
        }
    }

    fn rules_fit(&self, wanted: OnDelete, found: OnDelete) -> bool {
        found == wanted || self.found.is_unruled(found) && (!self.own || self.found.is_unruled(wanted))
    }

    fn things(&mut self, wanted: Vec<Thing>, mut found: Vec<Thing>) {
        for thing in wanted {
            // The one of the same name, if several are alike.
            let fits = |rule: Option<OnDelete>| match (thing.rule, rule) {
                (Some(wanted), Some(found)) => self.rules_fit(wanted, found),
                (wanted, found) => wanted == found,
            };
            let same = |other: &Thing| other.what == thing.what && fits(other.rule);
            let exact = found.iter().position(|other| same(other) && other.name == thing.name);
            if let Some(at) = exact.or_else(|| found.iter().position(same)) {
                let other = found.remove(at);
                if let (Some(should), Some(is)) = (&thing.name, &other.name)
                    && should != is
                {
                    self.push(Drift::D021, format!("the {thing} is called `{is}`, not `{should}`"));
                }
                continue;
            }
            let drift = if thing.rule.is_some() { Drift::D018 } else { Drift::D019 };
            let named = thing.name.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
            let namesake = found.iter().position(|other| other.name.is_some() && other.name == thing.name);
            let unread = self
                .found
                .notes
                .iter()
                .find(|note| note.table == self.table && Some(&note.about) == thing.name.as_ref());
            let message = match (namesake, unread) {
                (Some(at), _) => format!("{named} is {}, not {thing}", found.remove(at)).trim_start().to_owned(),
                (None, Some(note)) => format!("{named} should be {thing}: {}", note.text).trim_start().to_owned(),
                (None, None) => format!("the {thing}{named} is missing"),
            };
            self.push(drift, message);
        }
        for other in found {
            let named = other.name.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
            self.push(Drift::D020, format!("the {other}{named} is in no migration"));
        }
    }
}

fn index_over(field: &Field) -> String {
    format!("index over {}", field.name)
}

/// What a table has beside its columns.
fn things(model: &Model) -> Vec<Thing> {
    let mut things = Vec::new();
    let plain = |what: String, name: Option<&String>| Thing { what, name: name.cloned(), rule: None };
    for field in &model.fields {
        if field.unique {
            things.push(plain(format!("unique constraint over {}", field.name), None));
        }
        if field.index {
            things.push(plain(index_over(field), None));
        }
    }
    for index in &model.indexes {
        let method = index.method.as_ref().map_or_else(String::new, |method| format!(" by {method}"));
        let what = format!("index over {}{method}", parts(&index.on, &index.include, index.condition.as_ref()));
        things.push(plain(what, Some(&index.name)));
    }
    let simple: BTreeSet<String> = things.iter().map(|thing| thing.what.clone()).collect();
    for constraint in &model.constraints {
        let thing = match constraint {
            Constraint::Unique { name, on, condition, include, deferrable, nulls_equal } => {
                let mut what = format!("unique constraint over {}", parts(on, include, condition.as_ref()));
                if *nulls_equal {
                    what += ", NULLs being equal";
                }
                if let Some(when) = deferrable {
                    what += &format!(", deferrable ({when:?})").to_lowercase();
                }
                // One over a single column may be the field's own on the other side.
                let named = (on.len() > 1 || simple.contains(&what)).then_some(name);
                plain(what, named)
            }
            Constraint::Exclude { name, on, method, condition, deferrable } => {
                let on: Vec<String> = on.iter().map(|on| format!("{} with {}", on.part, on.operator)).collect();
                let mut what = format!("exclusion by {} of {}", method.as_deref().unwrap_or("gist"), on.join(", "));
                if let Some(only) = condition {
                    what += &format!(" where {only}");
                }
                if let Some(when) = deferrable {
                    what += &format!(", deferrable ({when:?})").to_lowercase();
                }
                plain(what, Some(name))
            }
            Constraint::Check { name, check } => plain(format!("check `{check}`"), Some(name)),
            Constraint::ForeignKey { name, fields, to, to_fields, on_delete } => Thing {
                what: format!("foreign key ({}) to `{}` ({})", fields.join(", "), to.name, to_fields.join(", ")),
                name: Some(name.clone()),
                rule: Some(*on_delete),
            },
        };
        things.push(thing);
    }
    things
}

fn parts(on: &[IndexPart], include: &[String], only: Option<&Expr>) -> String {
    let mut text = on.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !include.is_empty() {
        text += &format!(" with {}", include.join(", "));
    }
    if let Some(only) = only {
        text += &format!(" where {only}");
    }
    text
}
