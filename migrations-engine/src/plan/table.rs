//! A model as one database sees it: names resolved, types and expressions as SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::{Renames, ddl};
use crate::condition::{Expr, IndexPart, Nulls};
use crate::error::{Result, error, fail};
use crate::naming;
use crate::schema::{
    ColumnType, Constraint, Deferrable, Excluded, Field, FieldNames, Generated, Model, ModelKey, OnDelete, Schema,
};
use crate::sql::{Capabilities, Columns, Dialect, literal, render};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Columns of the key.
    pub(crate) primary_key: Vec<String>,
    pub(crate) primary_key_name: String,
    /// Unique constraints by name.
    pub(crate) uniques: BTreeMap<String, Unique>,
    /// Indexes by name, unique ones too where the database has no constraint of that kind.
    pub(crate) indexes: BTreeMap<String, TableIndex>,
    /// Checks by name; those of a column's type where they stand by themselves.
    pub(crate) checks: BTreeMap<String, Check>,
    pub(crate) foreign_keys: BTreeMap<String, ForeignKey>,
    /// Exclusions by name.
    pub(crate) exclusions: BTreeMap<String, Exclusion>,
    pub(crate) comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: ColumnType,
    pub(crate) sql_type: String,
    pub(crate) collation: Option<String>,
    pub(crate) null: bool,
    pub(crate) auto: bool,
    pub(crate) default: Option<String>,
    /// Whether the default is a plain constant.
    pub(crate) constant_default: bool,
    /// A check within the column's definition.
    pub(crate) check: Option<String>,
    /// UNIQUE within the column's definition.
    pub(crate) unique: bool,
    /// REFERENCES within the column's definition.
    pub(crate) references: Option<ForeignKey>,
    pub(crate) generated: Option<Computed>,
    pub(crate) comment: Option<String>,
}

/// What the database computes a column from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Computed {
    pub(crate) sql: String,
    pub(crate) stored: bool,
    /// The columns in it.
    pub(crate) columns: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unique {
    pub(crate) columns: Vec<String>,
    pub(crate) nulls_equal: bool,
    /// What follows the columns.
    pub(crate) suffix: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableIndex {
    pub(crate) unique: bool,
    pub(crate) method: String,
    pub(crate) on: String,
    pub(crate) suffix: String,
    pub(crate) columns: BTreeSet<String>,
    /// What is indexed, without how.
    pub(crate) parts: Vec<String>,
    /// Those parts that are plain columns.
    pub(crate) fields: Vec<Option<String>>,
    /// Which rows are indexed.
    pub(crate) condition: Option<String>,
    /// A collation for which it can only be made if that tells texts apart by their letters alone, which only the server knows.
    pub(crate) exact: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    pub(crate) sql: String,
    pub(crate) columns: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exclusion {
    /// `EXCLUDE ..`
    pub(crate) sql: String,
    pub(crate) columns: BTreeSet<String>,
    /// What is compared, and by which operator.
    pub(crate) parts: Vec<(String, String)>,
    /// Which rows are compared.
    pub(crate) condition: Option<String>,
    /// Some of it is compared as `btree_gist` alone does by this method.
    pub(crate) of_extension: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<String>,
    pub(crate) to_table: String,
    pub(crate) to_columns: Vec<String>,
    pub(crate) on_delete: OnDelete,
}

/// The table between the two sides of a many-to-many, as a model.
pub(crate) fn through_model(owner: &Model, field: &Field) -> Option<Model> {
    let (relation, many) = field.relation.as_ref().zip(field.many())?;
    if many.through.is_some() {
        return None;
    }
    let names = field.names.through.clone().unwrap_or_default();
    let [source_names, target_names] = *names;
    let unique = source_names.unique.clone();
    let side = |name: &str, column: &str, to: &ModelKey, names: FieldNames| {
        let mut side = Field::foreign_key(name, to.clone(), OnDelete::Cascade);
        column.clone_into(&mut side.column);
        side.names = FieldNames { unique: None, ..names };
        if let Some(to) = &mut side.relation {
            to.db_constraint = relation.db_constraint;
        }
        side
    };
    let mut model = Model::new(&*owner.key.app, format!("{}_{}", owner.key.name, field.name)).in_table(&*many.table);
    model.managed = owner.managed;
    model.fields = vec![
        Field::auto_id(),
        side("source", &many.source_column, &owner.key, source_names),
        side("target", &many.target_column, &relation.to, target_names),
    ];
    let unique = unique.unwrap_or_else(|| naming::unique(&many.table, &[&many.source_column, &many.target_column]));
    model.constraints.push(Constraint::unique(unique, &["source", "target"]));
    Some(model)
}

/// When a constraint is checked, as its definition ends.
fn deferrable_suffix(deferrable: Option<Deferrable>) -> &'static str {
    match deferrable {
        Some(Deferrable::Deferred) => " DEFERRABLE INITIALLY DEFERRED",
        Some(Deferrable::Immediate) => " DEFERRABLE INITIALLY IMMEDIATE",
        None => "",
    }
}

/// Whether values can be of any length.
fn unbounded(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Text | ColumnType::Json | ColumnType::Binary)
}

struct Lower<'a> {
    dialect: Dialect,
    can: &'static Capabilities,
    schema: &'a Schema,
    model: &'a Model,
    renames: &'a Renames,
    /// Fields with their columns and types.
    columns: Vec<(String, String, ColumnType)>,
}

/// The table of a model.
pub(crate) fn lower(dialect: Dialect, schema: &Schema, model: &Model, renames: &Renames) -> Result<Table> {
    let mut columns = Vec::new();
    for field in model.fields.iter().filter(|field| field.has_column()) {
        let ty = schema.column_type(field).map_err(|error| error.at(format!("{}.{}", model.key, field.name)))?;
        columns.push((field.name.clone(), renames.column(&model.table, &field.column), ty));
    }
    Lower { dialect, can: dialect.capabilities(), schema, model, renames, columns }.table()
}

impl Lower<'_> {
    fn expr(&self, expr: &Expr, ty: Option<&ColumnType>) -> Result<String> {
        render(self.dialect, expr, &self.columns, ty).map_err(|error| error.at(&self.model.key))
    }

    fn column_of(&self, field: &str) -> Result<String> {
        match self.columns.column(field) {
            Some((column, _)) => Ok(column.to_owned()),
            None => fail!(M012, "`{}` has no field `{field}`", self.model.key),
        }
    }

    fn columns_of<'f>(&self, fields: impl IntoIterator<Item = &'f str>) -> Result<BTreeSet<String>> {
        fields.into_iter().map(|field| self.column_of(field)).collect()
    }

    fn table(&self) -> Result<Table> {
        let model = self.model;
        let name = self.renames.table(&model.table);
        let key: Vec<String> = model.primary_key.iter().map(|field| self.column_of(field)).collect::<Result<_>>()?;
        let pk_name = model.names.primary_key.clone().unwrap_or_else(|| naming::primary_key(&model.table));
        let mut table = Table {
            name,
            columns: Vec::new(),
            primary_key: key,
            primary_key_name: pk_name,
            uniques: BTreeMap::new(),
            indexes: BTreeMap::new(),
            checks: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            exclusions: BTreeMap::new(),
            comment: model.comment.clone().filter(|comment| !comment.is_empty()),
        };
        for field in model.fields.iter().filter(|field| field.has_column()) {
            self.field(field, &mut table).map_err(|error| error.at(format!("{}.{}", model.key, field.name)))?;
        }
        for index in &model.indexes {
            let include = if self.can.include_columns { index.include.as_slice() } else { &[] };
            let made =
                self.index(&index.name, &index.on, index.condition.as_ref(), include, index.method.as_deref(), false)?;
            table.indexes.insert(index.name.clone(), made);
        }
        for constraint in &model.constraints {
            self.constraint(constraint, &mut table).map_err(|error| error.at(&model.key))?;
        }
        if self.can.foreign_key_needs_index {
            self.lean(&mut table);
        }
        for key in table.foreign_keys.values().filter(|key| key.on_delete == OnDelete::SetNull) {
            let clash = |check: &&Check| key.columns.iter().any(|column| check.columns.contains(column));
            if !self.can.check_with_set_null && table.checks.values().any(|check| clash(&check)) {
                fail!(
                    M044,
                    "`{}`: {} takes no check on a column with ON DELETE SET NULL (`{}`)",
                    model.key,
                    self.can.name,
                    key.columns.join(", ")
                );
            }
        }
        let named = table
            .indexes
            .keys()
            .chain(table.uniques.keys())
            .chain(table.checks.keys())
            .chain(table.foreign_keys.keys())
            .chain(table.exclusions.keys());
        for name in named.chain([&table.name]).chain(table.columns.iter().map(|column| &column.name)) {
            self.dialect.check_name(name)?;
        }
        Ok(table)
    }

    /// Gives each foreign key an index to lean on, where no other begins with its column.
    fn lean(&self, table: &mut Table) {
        let enforced = |field: &&Field| field.relation.as_ref().is_some_and(|relation| relation.db_constraint);
        for field in self.model.fields.iter().filter(enforced) {
            let Some((column, _)) = self.columns.column(&field.name) else { continue };
            let begins = |index: &TableIndex| {
                index.fields.first().and_then(Option::as_deref) == Some(column)
                    && index.condition.is_none()
                    && matches!(index.method.as_str(), "" | "btree")
                    && !index.on.contains(" DESC")
            };
            let keys = table.uniques.values().map(|unique| &unique.columns).chain([&table.primary_key]);
            let mut firsts = keys.filter_map(|columns| columns.first());
            if !firsts.any(|first| first == column) && !table.indexes.values().any(begins) {
                let usual = || naming::field_index(&self.model.table, &field.column);
                let name = field.names.index.clone().unwrap_or_else(usual);
                table.indexes.insert(name, self.plain_index(column, ""));
            }
        }
    }

    fn field(&self, field: &Field, table: &mut Table) -> Result<()> {
        let (column, ty) = match self.columns.column(&field.name) {
            Some((column, ty)) => (column.to_owned(), ty.clone()),
            None => return Ok(()),
        };
        let names = &field.names;
        let raw = (self.model.table.as_str(), field.column.as_str());
        let in_line = self.can.alter == crate::AlterStyle::Rebuild;
        let only_key = table.primary_key == [column.as_str()];
        let quoted = self.dialect.quote(&column);
        let mut check = self.dialect.type_check(&ty, &quoted, field.null);
        if let Some(sql) = check.take_if(|_| self.can.alter == crate::AlterStyle::Property) {
            let name = names.check.clone().unwrap_or_else(|| naming::column_check(raw.0, raw.1));
            table.checks.insert(name, Check { sql, columns: BTreeSet::from([column.clone()]) });
        }
        if field.unique && !only_key && !in_line {
            let name = names.unique.clone().unwrap_or_else(|| naming::column_unique(raw.0, raw.1));
            table
                .uniques
                .insert(name, Unique { columns: vec![column.clone()], nulls_equal: false, suffix: String::new() });
        }
        let enforced = field.relation.as_ref().filter(|relation| relation.db_constraint);
        let textual = ty.is_text();
        if (field.index || field.unique || only_key) && unbounded(&ty) && !self.can.text_key {
            fail!(M044, "{} cannot index values of any length; give text a `max_length`", self.can.name);
        }
        if field.index && !field.unique && !only_key {
            let name = names.index.clone().unwrap_or_else(|| naming::field_index(raw.0, raw.1));
            table.indexes.insert(name, self.plain_index(&column, ""));
        }
        if textual && self.can.pattern_indexes && (field.index || field.unique || only_key) && field.relation.is_none()
        {
            let class = if ty == ColumnType::Text { " text_pattern_ops" } else { " varchar_pattern_ops" };
            let name = names.like.clone().unwrap_or_else(|| naming::like_index(raw.0, raw.1));
            let exact = self.collation(field, &ty).filter(|name| !ddl::always_exact(name));
            table.indexes.insert(name, TableIndex { exact, ..self.plain_index(&column, class) });
        }
        let mut references = None;
        if let Some(relation) = enforced {
            let (target, to_field) = self.schema.target(relation)?;
            let key = ForeignKey {
                columns: vec![column.clone()],
                to_table: self.renames.table(&target.table),
                to_columns: vec![self.renames.column(&target.table, &to_field.column)],
                on_delete: self.on_delete(relation.on_delete),
            };
            if in_line {
                references = Some(key);
            } else {
                let name = names
                    .foreign_key
                    .clone()
                    .unwrap_or_else(|| naming::foreign_key(raw.0, &[raw.1], &target.table, &[&to_field.column]));
                table.foreign_keys.insert(name, key);
            }
        }
        let (default, constant_default) = match &field.db_default {
            Some(Expr::Value(value)) => {
                let sql = literal(self.dialect, value, Some(&ty))?;
                let long =
                    matches!(ty, ColumnType::Text | ColumnType::Json | ColumnType::Binary) && !self.can.text_default;
                (Some(if long { format!("({sql})") } else { sql }), true)
            }
            Some(expr) => (Some(format!("({})", self.expr(expr, Some(&ty))?)), false),
            None => (None, true),
        };
        let generated = match &field.generated {
            Some(generated) if !generated.stored && !self.can.virtual_columns => {
                fail!(M044, "{} has no virtual columns; make the generated field `stored`", self.can.name)
            }
            Some(generated) => Some(self.computed(generated, &ty)?),
            None => None,
        };
        let sql_type = match (in_line, field.auto) {
            (true, true) => "integer".to_owned(), // the only type that SQLite numbers
            _ => self.dialect.column_type(&ty)?,
        };
        table.columns.push(Column {
            name: column,
            sql_type,
            collation: self.collation(field, &ty),
            null: field.null,
            auto: field.auto,
            default,
            constant_default,
            check,
            unique: field.unique && !only_key && in_line,
            references,
            generated,
            comment: field
                .comment
                .clone()
                .filter(|comment| !comment.is_empty() && self.can.comments != crate::CommentStyle::None),
            ty,
        });
        Ok(())
    }

    fn computed(&self, generated: &Generated, ty: &ColumnType) -> Result<Computed> {
        let fields = generated.expr.fields();
        let numbered = |name: &&&str| self.model.field(name).is_some_and(|field| field.auto);
        if let Some(auto) = fields.iter().find(numbered).filter(|_| !self.can.generated_from_auto) {
            return Err(error!(M044, "{} computes nothing from the automatic key `{auto}`", self.can.name)
                .with_hint("leave it out of the expression, or compute it in queries"));
        }
        let sql = self.expr(&generated.expr, Some(ty))?;
        let sql = match ty {
            // A column there does not round what it is given.
            ColumnType::Decimal { decimal_places, .. } if !self.can.exact_decimals => {
                format!("ROUND({sql}, {decimal_places})")
            }
            _ => sql,
        };
        Ok(Computed { sql, stored: generated.stored, columns: self.columns_of(fields)? })
    }

    /// The collation: its own, that of the column it refers to, or the database's exact one.
    fn collation(&self, field: &Field, ty: &ColumnType) -> Option<String> {
        let mut at = field;
        for _ in 0..64 {
            match (&at.collation, &at.relation) {
                (Some(collation), _) if collation.in_dialect(self.dialect).is_some() => {
                    return collation.in_dialect(self.dialect).map(str::to_owned);
                }
                (_, Some(relation)) => at = self.schema.target(relation).ok()?.1,
                (_, None) => break,
            }
        }
        self.dialect.text_collation(ty).map(str::to_owned)
    }

    /// What the database is told of a rule. Where it cannot set a default, it is told nothing: whoever deletes rows sets it first, and
    /// a deletion that does not is refused.
    fn on_delete(&self, rule: OnDelete) -> OnDelete {
        match rule {
            OnDelete::SetDefault if !self.can.set_default => OnDelete::DoNothing,
            rule => rule,
        }
    }

    fn plain_index(&self, column: &str, class: &str) -> TableIndex {
        TableIndex {
            unique: false,
            method: String::new(),
            on: format!("{}{class}", self.dialect.quote(column)),
            suffix: String::new(),
            columns: BTreeSet::from([column.to_owned()]),
            parts: vec![self.dialect.quote(column)],
            fields: vec![Some(column.to_owned())],
            condition: None,
            exact: None,
        }
    }

    fn index(
        &self,
        name: &str,
        on: &[IndexPart],
        condition: Option<&Expr>,
        include: &[String],
        method: Option<&str>,
        unique: bool,
    ) -> Result<TableIndex> {
        let (mut parts, mut compared, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        let mut columns = BTreeSet::new();
        for part in on {
            columns.extend(self.columns_of(part.expr.fields())?);
            let sql = self.expr(&part.expr, None)?;
            compared.push(sql.clone());
            fields.push(match &part.expr {
                Expr::Field(field) => Some(self.column_of(field)?),
                _ => None,
            });
            let mut sql = match &part.expr {
                Expr::Field(field) => {
                    if self.columns.column(field).is_some_and(|(_, ty)| unbounded(ty)) && !self.can.text_key {
                        fail!(
                            M044,
                            "`{name}`: {} cannot index values of any length; give `{field}` a `max_length`",
                            self.can.name
                        );
                    }
                    sql
                }
                _ if !self.can.expression_indexes => {
                    return Err(error!(M041, "`{name}`: {} has no indexes on expressions", self.can.name)
                        .with_hint("index a generated field instead"));
                }
                _ => format!("({sql})"),
            };
            if let Some(class) = part.opclass.as_ref().filter(|_| self.can.index_methods) {
                sql += &format!(" {class}");
            }
            if part.descending {
                sql += " DESC";
            }
            match part.nulls.filter(|_| self.can.index_nulls) {
                Some(Nulls::First) => sql += " NULLS FIRST",
                Some(Nulls::Last) => sql += " NULLS LAST",
                None => {}
            }
            parts.push(sql);
        }
        let mut suffix = String::new();
        if !include.is_empty() {
            let include: Vec<String> = include.iter().map(|field| self.column_of(field)).collect::<Result<_>>()?;
            suffix += &format!(" INCLUDE ({})", self.dialect.quote_all(include.iter().map(String::as_str)));
            columns.extend(include);
        }
        let mut rows = None;
        if let Some(condition) = condition {
            if !self.can.partial_indexes {
                return Err(error!(M040, "`{name}`: {} has no partial indexes", self.can.name)
                    .with_hint("leave the condition out, or make the index on a generated field"));
            }
            columns.extend(self.columns_of(condition.fields())?);
            let condition = self.expr(condition, None)?;
            suffix += &format!(" WHERE {condition}");
            rows = Some(condition);
        }
        let method =
            method.filter(|_| self.can.index_methods).map_or_else(String::new, |method| format!(" USING {method}"));
        let on = parts.join(", ");
        Ok(TableIndex { unique, method, on, suffix, columns, parts: compared, fields, condition: rows, exact: None })
    }

    fn exclusion(&self, name: &str, on: &[Excluded], method: &str, condition: Option<&Expr>) -> Result<Exclusion> {
        if !self.can.exclusion_constraints {
            return Err(error!(M044, "`{name}`: {} has no exclusions", self.can.name)
                .with_hint("look for the other row in a transaction that locks what both belong to"));
        }
        let (mut listed, mut parts, mut columns) = (Vec::new(), Vec::new(), BTreeSet::new());
        for Excluded { part, operator } in on {
            let made = self.index(name, std::slice::from_ref(part), None, &[], None, false)?;
            listed.push(format!("{} WITH {operator}", made.on));
            parts.extend(made.parts.into_iter().map(|sql| (sql, operator.clone())));
            columns.extend(made.columns);
        }
        let own =
            |field: &str| self.columns.column(field).is_some_and(|(_, ty)| matches!(ty, ColumnType::Custom { .. }));
        let of_extension = method == "gist" && !on.iter().all(|on| on.part.field().is_some_and(own));
        let mut sql = format!("EXCLUDE USING {method} ({})", listed.join(", "));
        let condition = condition.map(|condition| {
            columns.extend(self.columns_of(condition.fields())?);
            self.expr(condition, None)
        });
        let condition = condition.transpose()?;
        if let Some(condition) = &condition {
            sql += &format!(" WHERE ({condition})");
        }
        Ok(Exclusion { sql, columns, parts, condition, of_extension })
    }

    fn constraint(&self, constraint: &Constraint, table: &mut Table) -> Result<()> {
        match constraint {
            Constraint::Exclude { name, on, method, condition, deferrable } => {
                let method = method.as_deref().unwrap_or("gist");
                let mut made = self.exclusion(name, on, method, condition.as_ref())?;
                made.sql += deferrable_suffix(*deferrable);
                table.exclusions.insert(name.clone(), made);
            }
            Constraint::Check { name, check } => {
                let columns = self.columns_of(check.fields())?;
                table.checks.insert(name.clone(), Check { sql: self.expr(check, None)?, columns });
            }
            Constraint::Unique { name, on, condition, include, deferrable, nulls_equal } => {
                if deferrable.is_some() && !self.can.deferrable_unique {
                    fail!(M044, "`{name}`: {} has no deferrable unique constraints", self.can.name);
                }
                if *nulls_equal && !self.can.nulls_not_distinct {
                    fail!(M044, "`{name}`: {} has no unique constraints in which NULLs are equal", self.can.name);
                }
                let include: &[String] = if self.can.include_columns { include } else { &[] };
                let plain: Option<Vec<&str>> =
                    on.iter().map(|part| part.field().filter(|_| !part.descending && part.opclass.is_none())).collect();
                let rebuilds = self.can.alter == crate::AlterStyle::Rebuild;
                match plain {
                    Some(fields) if condition.is_none() && !rebuilds => {
                        // For the refusal of text that cannot be a key.
                        self.index(name, on, None, &[], None, true)?;
                        let columns = fields.iter().map(|field| self.column_of(field)).collect::<Result<Vec<_>>>()?;
                        let mut suffix = String::new();
                        if !include.is_empty() {
                            let include: Vec<String> =
                                include.iter().map(|field| self.column_of(field)).collect::<Result<_>>()?;
                            suffix +=
                                &format!(" INCLUDE ({})", self.dialect.quote_all(include.iter().map(String::as_str)));
                        }
                        suffix += deferrable_suffix(*deferrable);
                        table.uniques.insert(name.clone(), Unique { columns, nulls_equal: *nulls_equal, suffix });
                    }
                    _ if deferrable.is_some() => {
                        fail!(M044, "`{name}`: only a unique constraint over plain fields can be deferrable")
                    }
                    _ => {
                        let index = self.index(name, on, condition.as_ref(), include, None, true)?;
                        table.indexes.insert(name.clone(), index);
                    }
                }
            }
            Constraint::ForeignKey { name, fields, to, to_fields, on_delete } => {
                let target = self.schema.get(to)?;
                let columns = fields.iter().map(|field| self.column_of(field)).collect::<Result<Vec<_>>>()?;
                let to_columns = to_fields
                    .iter()
                    .map(|field| Ok(self.renames.column(&target.table, &target.get(field)?.column)))
                    .collect::<Result<Vec<_>>>()?;
                let to_table = self.renames.table(&target.table);
                let on_delete = self.on_delete(*on_delete);
                table.foreign_keys.insert(name.clone(), ForeignKey { columns, to_table, to_columns, on_delete });
            }
        }
        Ok(())
    }
}
