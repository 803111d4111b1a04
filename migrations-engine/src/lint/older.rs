//! What programs of the version before can no longer do with a table that they know.

use super::{Linter, Rule, enforced, gains};
use crate::schema::{ColumnType, Constraint, Field, Model, ModelKey, Schema};
use crate::sql::{Dialect, misfit};

/// What programs that know a column by one type can do with another.
enum Known {
    AsBefore,
    /// It does not hold all that they may write.
    Narrower,
    AsAnother,
}

fn known(dialect: Dialect, old: &ColumnType, new: &ColumnType) -> Known {
    let kinds: [fn(&ColumnType) -> bool; 4] = [
        ColumnType::is_text,
        ColumnType::is_integer,
        |ty| matches!(ty, ColumnType::Decimal { .. }),
        |ty| matches!(ty, ColumnType::Real | ColumnType::Double),
    ];
    match (old, new) {
        // Nobody knows what a type of the database's own is read as.
        (old, new) if old == new || [old, new].iter().any(|ty| matches!(ty, ColumnType::Custom { .. })) => {
            Known::AsBefore
        }
        (old, new) if !kinds.iter().any(|kind| kind(old) && kind(new)) => Known::AsAnother,
        (old, new) if misfit(dialect, old, new, "").is_some() => Known::Narrower,
        _ => Known::AsBefore,
    }
}

impl Linter<'_> {
    pub(super) fn breaks(&mut self, message: impl Into<String>, advice: impl Into<String>) {
        self.notice(Rule::L006, message, advice);
    }

    /// Whether programs of the version before know a field.
    pub(super) fn is_known(&self, model: &ModelKey, field: &str) -> bool {
        !self.run.fields.contains(&(model.clone(), field.to_owned()))
    }

    /// A constraint that the table of a model gets. Where one of its fields is unknown to them and left NULL, nothing is equal and nothing
    /// is referred to.
    pub(super) fn constrained(&mut self, model: &Model, constraint: &Constraint) {
        let fields = constraint.fields();
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            fields.iter().partition(|field| self.is_known(&model.key, field));
        let null = |name: &&str| model.field(name).is_some_and(|field| field.null && field.db_default.is_none());
        let left_null = match constraint {
            Constraint::Unique { nulls_equal, .. } => !nulls_equal && unknown.iter().any(null),
            Constraint::ForeignKey { .. } | Constraint::Exclude { .. } => unknown.iter().any(null),
            Constraint::Check { .. } => false,
        };
        if !known.is_empty() && !left_null {
            self.may_write(&format!("rows that `{}` refuses", constraint.name()));
        }
    }

    /// What a field that programs know asks of them now.
    pub(super) fn asks(&mut self, model: &ModelKey, was: &Field, field: &Field, [old, new]: [&ColumnType; 2]) {
        let name = &field.name;
        if self.is_known(model, name) {
            match known(self.dialect, old, new) {
                Known::AsBefore => {}
                Known::Narrower => self.may_write(&format!("to `{name}` what {new} does not hold")),
                Known::AsAnother => self.breaks(
                    format!("programs of the version before read and write `{name}` as {old}, which becomes {new}"),
                    "add a field of the new type, release programs that write both, fill it for the rows that are there, release programs \
                     that know only the new one, and then remove the old one",
                ),
            }
            if gains(Some(was), field, |field| field.unique) {
                self.may_write(&format!("rows that are equal in `{name}`"));
            }
            if gains(Some(was), field, enforced) {
                self.may_write(&format!("to `{name}` what refers to no row"));
            }
        }
        let given = |field: &Field| field.db_default.is_some() || field.auto;
        if given(was) && !given(field) && !field.null && field.generated.is_none() {
            self.breaks(
                format!("programs of the version before may leave `{name}` to the database, which no longer has a value for it"),
                "release programs that always give a value first",
            );
        }
        match (&was.generated, &field.generated) {
            (Some(_), None) if !field.null && !given(field) => self.breaks(
                format!(
                    "programs of the version before give no value for `{name}`, which the database no longer computes"
                ),
                "let it be NULL, or give it a default of the database (`db_default`), until those programs are gone",
            ),
            (None, Some(_)) => self.breaks(
                format!("programs of the version before write to `{name}`, which the database now computes"),
                "add a field that is computed beside it, and remove the old one in a later release",
            ),
            _ => {}
        }
    }

    /// The columns between models that are called after one of them, which is `was` and becomes `now`.
    pub(super) fn linked(&mut self, [old, new]: [&Schema; 2], was: &ModelKey, now: &ModelKey) {
        let made = self.run.made.clone();
        for owner in new.models.values().filter(|owner| owner.managed && !made.contains(&owner.key)) {
            let owned = old.models.get(if owner.key == *now { was } else { &owner.key });
            for (name, many) in owner.fields.iter().filter_map(|field| Some((&field.name, field.many()?))) {
                let before = owned.filter(|owned| self.is_known(&owned.key, name));
                let Some(before) = before.and_then(|owned| owned.field(name)?.many()) else { continue };
                let columns =
                    [(&before.source_column, &many.source_column), (&before.target_column, &many.target_column)];
                for (before, after) in columns.into_iter().filter(|(before, after)| before != after) {
                    self.breaks(
                        format!(
                            "programs of the version before know the column `{before}` of `{}`, which becomes `{after}`",
                            many.table
                        ),
                        format!("give `{}.{name}` a model of its own (`through`) that keeps the column first; or stop those programs", owner.key),
                    );
                }
            }
        }
    }

    pub(super) fn may_write(&mut self, what: &str) {
        self.breaks(
            format!("programs of the version before may still write {what}"),
            "release programs that keep to it first",
        );
    }
}
