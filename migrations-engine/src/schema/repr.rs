//! The flat, readable form of a field in files.

use serde::{Deserialize, Serialize};

use super::model::{is_false, is_true, yes};
use super::{Collation, ColumnType, Field, FieldNames, Generated, Hint, ManyToMany, ModelKey, OnDelete, Relation};
use crate::condition::Expr;
use crate::condition::Value;
use crate::error::Error;
use crate::naming;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldRepr {
    /// Its name.
    name: String,
    /// Its column; without it that of the name, and of a relation `<name>_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// The type of the column: one of the words below, or a table of SQL types for each database.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<ColumnType>,
    /// The model that it refers to: then it has no `type`, which is that of the key there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<ModelKey>,
    /// The field referred to; without it the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_field: Option<String>,
    /// It is a many-to-many: it has no column, but a table between.
    #[serde(default, skip_serializing_if = "is_false")]
    many: bool,
    /// The model whose table is the one between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    through: Option<ModelKey>,
    /// The table between, where migrations make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    /// Its two columns: to this model, and to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<[String; 2]>,
    /// What happens to a row when the one it refers to goes: `cascade`, `protect`, `restrict`, `set null`, `set default` or `do nothing`; a relation to one row has to say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_delete: Option<OnDelete>,
    /// `false`: the database does not enforce the relation.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    db_constraint: bool,
    /// NULL is allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    null: bool,
    /// The database numbers the rows.
    #[serde(default, skip_serializing_if = "is_false")]
    auto: bool,
    /// No two rows have the same value.
    #[serde(default, skip_serializing_if = "is_false")]
    unique: bool,
    /// It has an index of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    index: bool,
    /// The value that the program gives new rows; a migration gives it to those that are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    /// The value, or expression, that the database gives new rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    db_default: Option<Expr>,
    /// The expression by which the database computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generated: Option<Expr>,
    /// The computed value is kept in the row; else it is computed when it is read.
    #[serde(default, skip_serializing_if = "is_false")]
    stored: bool,
    /// A collation by the database's own name, or a table of its names on each, as for types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collation: Option<Collation>,
    /// A comment in the database, where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Names of what hangs on the column, where they are not the usual: `index`, `like`, `unique`, `check`, `foreign_key`, `through`.
    #[serde(default, skip_serializing_if = "FieldNames::is_empty")]
    names: FieldNames,
}

fn default_column(name: &str, relation: bool) -> String {
    if relation { naming::relation_column(name) } else { name.to_owned() }
}

impl From<Field> for FieldRepr {
    fn from(field: Field) -> Self {
        let has_column = field.has_column();
        let related = field.relation.is_some();
        let column = (has_column && field.column != default_column(&field.name, related)).then_some(field.column);
        let (mut to, mut to_field, mut on_delete, mut db_constraint) = (None, None, None, true);
        let (mut through, mut table, mut columns, mut is_many) = (None, None, None, false);
        if let Some(relation) = field.relation {
            to = Some(relation.to);
            to_field = relation.to_field;
            db_constraint = relation.db_constraint;
            on_delete = has_column.then_some(relation.on_delete);
            if let Some(many) = relation.many_to_many {
                is_many = true;
                through = many.through;
                if through.is_none() {
                    table = Some(many.table);
                    columns = Some([many.source_column, many.target_column]);
                }
            }
        }
        FieldRepr {
            name: field.name,
            column,
            ty: (field.ty != ColumnType::Related).then_some(field.ty),
            to,
            to_field,
            many: is_many,
            through,
            table,
            columns,
            on_delete,
            db_constraint,
            null: field.null,
            auto: field.auto,
            unique: field.unique,
            index: field.index,
            default: field.default,
            db_default: field.db_default,
            stored: field.generated.as_ref().is_some_and(|generated| generated.stored),
            generated: field.generated.map(|generated| generated.expr),
            collation: field.collation,
            comment: field.comment,
            names: field.names,
        }
    }
}

impl TryFrom<FieldRepr> for Field {
    type Error = Error;
    fn try_from(repr: FieldRepr) -> Result<Self, Error> {
        let name = repr.name;
        let bad = |what: &str| Err(crate::error::error!(M051, "field `{name}`: {what}"));
        let many = match (repr.many, repr.through, repr.table, repr.columns) {
            (false, None, None, None) => None,
            (true, Some(through), None, None) => Some(ManyToMany { through: Some(through), ..ManyToMany::default() }),
            (true, None, Some(table), Some([source_column, target_column])) => {
                Some(ManyToMany { through: None, table, source_column, target_column })
            }
            _ => return bad("a many-to-many has `many = true` and either `through`, or `table` and `columns`"),
        };
        let relation = match repr.to {
            Some(to) => {
                let on_delete = match repr.on_delete {
                    Some(rule) => rule,
                    None if many.is_some() => OnDelete::Cascade,
                    None => return bad("a relation says `on_delete`"),
                };
                if repr.ty.is_some() {
                    return bad("a relation has no `type`; it takes that of its target");
                }
                let relation = Relation {
                    to,
                    to_field: repr.to_field,
                    on_delete,
                    db_constraint: repr.db_constraint,
                    many_to_many: many,
                };
                Some(relation)
            }
            None if many.is_some() || repr.to_field.is_some() || repr.on_delete.is_some() => {
                return bad("a relation says `to`");
            }
            None => None,
        };
        let ty = match (repr.ty, &relation) {
            (Some(ty), _) => ty,
            (None, Some(_)) => ColumnType::Related,
            (None, None) => return bad("it has no `type`"),
        };
        let is_many = relation.as_ref().is_some_and(|relation| relation.many_to_many.is_some());
        let column = match repr.column {
            Some(_) if is_many => return bad("a many-to-many has no column"),
            Some(column) => column,
            None if is_many => String::new(),
            None => default_column(&name, relation.is_some()),
        };
        Ok(Field {
            column,
            ty,
            null: repr.null,
            unique: repr.unique,
            index: repr.index,
            auto: repr.auto,
            default: repr.default,
            db_default: repr.db_default,
            relation,
            comment: repr.comment,
            collation: repr.collation,
            generated: repr.generated.map(|expr| Generated { expr, stored: repr.stored }),
            names: repr.names,
            renamed_from: Hint(None),
            fresh_default: Hint(None),
            name,
        })
    }
}
