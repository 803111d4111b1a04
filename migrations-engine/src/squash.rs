//! Squashes: one migration that stands for several, and which of the two counts for a database.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diff::reduce_from;
use crate::error::{Result, error};
use crate::graph::MigrationSet;
use crate::migration::{Migration, MigrationId};
use crate::operation::Operation;
use crate::schema::Schema;

impl MigrationSet {
    /// Everything that a squash stands for, at any depth: what it replaces, and what that replaced.
    pub(crate) fn replaced_by(&self, squash: &Migration) -> BTreeSet<MigrationId> {
        let mut found = BTreeSet::new();
        let mut queue: Vec<&MigrationId> = squash.replaces.iter().collect();
        while let Some(id) = queue.pop() {
            if found.insert(id.clone()) {
                queue.extend(self.get(id).into_iter().flat_map(|migration| &migration.replaces));
            }
        }
        found
    }

    /// The squashes, those within others first.
    pub(crate) fn squashes(&self) -> Vec<&Migration> {
        let mut squashes: Vec<&Migration> = self.iter().filter(|migration| !migration.replaces.is_empty()).collect();
        squashes.sort_by_key(|squash| self.replaced_by(squash).len());
        squashes
    }

    /// The set as it counts where these are applied, and what counts as applied there.
    ///
    /// A squash takes the place of what it replaces, unless only a part of that is applied: then the rest is still
    /// to be run one by one, and the squash is left out.
    pub fn effective<'s>(
        &'s self,
        applied: &BTreeSet<MigrationId>,
    ) -> Result<(Cow<'s, MigrationSet>, BTreeSet<MigrationId>)> {
        let squashes = self.squashes();
        let mut applied = applied.clone();
        if squashes.is_empty() {
            return Ok((Cow::Borrowed(self), applied));
        }
        let mut set = self.clone();
        for squash in squashes {
            let parts = self.replaced_by(squash);
            let whole = squash.replaces.iter().all(|id| applied.contains(id));
            if whole {
                applied.insert(squash.id.clone());
            }
            if applied.contains(&squash.id) || !parts.iter().any(|id| applied.contains(id)) {
                set.replace(&squash.replaces, std::slice::from_ref(&squash.id));
                continue;
            }
            if let Some(missing) = parts.iter().find(|id| !applied.contains(id) && self.get(id).is_none()) {
                return Err(error!(
                    M071,
                    "a part of what `{}` replaces is applied here, but the file of `{missing}`, which is not, is gone",
                    squash.id
                )
                .with_hint("get the replaced files back, migrate, and remove them when every database is past them"));
            }
            let last: Vec<MigrationId> = squash.replaces.iter().filter(|id| self.get(id).is_some()).cloned().collect();
            set.replace(std::slice::from_ref(&squash.id), &last);
        }
        Ok((Cow::Owned(set), applied))
    }

    /// Takes migrations out; what depended on them depends on others instead.
    fn replace(&mut self, gone: &[MigrationId], by: &[MigrationId]) {
        gone.iter().for_each(|id| self.remove(id));
        for migration in self.iter_mut() {
            if migration.depends_on.iter().any(|id| gone.contains(id)) {
                migration.depends_on.retain(|id| !gone.contains(id));
                let new: Vec<MigrationId> = by
                    .iter()
                    .filter(|id| **id != migration.id && !migration.depends_on.contains(id))
                    .cloned()
                    .collect();
                migration.depends_on.extend(new);
            }
        }
    }

    /// One migration that does what those of an application up to `to` do, after `from` or from the first.
    ///
    /// Steps that are marked `elidable` are left out, unless they change the models, and operations are merged where that changes nothing. It is
    /// not added to the set.
    ///
    /// ```
    /// use migrations_engine::{MigrationSet, Target};
    /// let set = MigrationSet::from_embedded(&[
    ///     ("blog/0001_initial.toml", r#"
    ///         [[operations]]
    ///         op = "create_model"
    ///         model = "blog.Post"
    ///         table = "blog_post"
    ///         primary_key = ["id"]
    ///         fields = [{ name = "id", type = "bigint", auto = true }]
    ///     "#),
    ///     ("blog/0002_post_title.toml", r#"
    ///         depends_on = ["blog.0001_initial"]
    ///         [[operations]]
    ///         op = "add_field"
    ///         model = "blog.Post"
    ///         field = { name = "title", type = "char(80)", default = "''" }
    ///     "#),
    /// ])?;
    /// let squash = set.squash(None, &"blog.0002_post_title".parse()?, None)?;
    /// assert_eq!(squash.id.to_string(), "blog.0001_squashed_0002_post_title");
    /// assert_eq!((squash.operations.len(), squash.replaces.len()), (1, 2));
    /// # Ok::<(), migrations_engine::Error>(())
    /// ```
    pub fn squash(&self, from: Option<&MigrationId>, to: &MigrationId, name: Option<&str>) -> Result<Migration> {
        let (before, mut squash) = self.squashed(from, to, name)?;
        squash.operations = reduce_from(&before, squash.operations);
        Ok(squash)
    }

    /// The same as [`squash`](Self::squash), with the operations as they stand in the files.
    pub fn squash_as_written(
        &self,
        from: Option<&MigrationId>,
        to: &MigrationId,
        name: Option<&str>,
    ) -> Result<Migration> {
        self.squashed(from, to, name).map(|(_, squash)| squash)
    }

    /// A squash with its operations one by one, and the state before it.
    fn squashed(
        &self,
        from: Option<&MigrationId>,
        to: &MigrationId,
        name: Option<&str>,
    ) -> Result<(Schema, Migration)> {
        let (set, _) = self.effective(&BTreeSet::new())?;
        let known = |id: &MigrationId| match set.get(id) {
            Some(migration) => Ok(migration.id.clone()),
            None => Err(error!(M060, "there is no migration `{id}`, or a squash has taken its place")),
        };
        let to = known(to)?;
        let mut wanted = set.with_needed([&to]);
        wanted.retain(|id| id.app == to.app);
        if let Some(from) = from {
            let from = known(from)?;
            if !wanted.contains(&from) {
                return Err(error!(M060, "`{to}` does not come after `{from}`"));
            }
            let before: BTreeSet<MigrationId> =
                set.with_needed([&from]).into_iter().filter(|id| **id != from).cloned().collect();
            wanted.retain(|id| !before.contains(*id));
        }
        let wanted: BTreeSet<MigrationId> = wanted.into_iter().cloned().collect();
        let order: Vec<&Migration> =
            set.order()?.into_iter().filter(|migration| wanted.contains(&migration.id)).collect();
        if order.len() < 2 {
            return Err(error!(M060, "there is nothing to squash: only one migration is meant")
                .with_hint("name a later migration"));
        }
        let mut depends_on: BTreeSet<MigrationId> = BTreeSet::new();
        for outside in order.iter().flat_map(|migration| &migration.depends_on).filter(|id| !wanted.contains(*id)) {
            if let Some(inside) = set.with_needed([outside]).into_iter().find(|id| wanted.contains(*id)) {
                return Err(error!(
                    M062,
                    "`{outside}` stands between: it comes after `{inside}` and before others of these"
                )
                .with_hint("squash up to there, and from there, into two"));
            }
            depends_on.insert(outside.clone());
        }
        let kept = order.iter().flat_map(|migration| &migration.operations).filter(|operation| {
            match operation {
                // What it means for the models, it does to the tables.
                Operation::RunSql { elidable, state, .. } => !elidable || !state.is_empty(),
                Operation::RunRust { elidable, .. } => !elidable,
                _ => true,
            }
        });
        let first = order.first().map_or(0, |migration| migration.id.first_number());
        let name = match name {
            Some(name) => format!("{first:04}_{name}"),
            None => format!("{first:04}_squashed_{}", to.name),
        };
        let id = MigrationId::new(to.app.clone(), name);
        if self.get(&id).is_some() {
            return Err(error!(M060, "there already is a migration `{id}`").with_hint("give another name"));
        }
        let mut squash = Migration::new(id);
        squash.depends_on = depends_on.into_iter().collect();
        squash.replaces = order.iter().map(|migration| migration.id.clone()).collect();
        squash.atomic = order.iter().all(|migration| migration.atomic);
        let needed: BTreeSet<&MigrationId> = set.with_needed(&wanted).into_iter().collect();
        let before = set.replay(|id| needed.contains(id) && !wanted.contains(id))?;
        squash.operations = kept.cloned().collect();
        Ok((before, squash))
    }

    /// A migration that depends on all latest migrations of an application, if there are several; it changes nothing.
    ///
    /// Whether the branches go together is looked at: if they lead to different states, depending on which comes
    /// first, or do not fit after each other, the error says so.
    pub fn merge(&self, app: &str) -> Result<Option<Migration>> {
        let (set, _) = self.effective(&BTreeSet::new())?;
        let leaves: Vec<MigrationId> = set.leaves(app).into_iter().cloned().collect();
        if leaves.len() < 2 {
            return Ok(None);
        }
        let clash = |why: String| {
            error!(M061, "the branches of `{app}` do not go together: {why}")
                .with_hint("take one branch's migration back, change it to fit, and let it depend on the other")
        };
        let mut reached = Vec::new();
        for first in &leaves {
            let own: BTreeSet<MigrationId> = set.with_needed([first]).into_iter().cloned().collect();
            let mut state = set.replay(|id| own.contains(id))?;
            for migration in set.order()?.into_iter().filter(|migration| !own.contains(&migration.id)) {
                for operation in &migration.operations {
                    operation.apply(&mut state).map_err(|error| {
                        clash(format!("after `{first}`, `{}` cannot be applied: {}", migration.id, error.message()))
                    })?;
                }
            }
            reached.push(state);
        }
        if reached.iter().any(|state| *state != reached[0]) {
            return Err(clash("the outcome depends on which comes first".to_owned()));
        }
        let number = leaves.iter().map(MigrationId::number).max().unwrap_or(0) + 1;
        let words: Vec<&str> =
            leaves.iter().map(|id| id.name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')).collect();
        let mut name = format!("merge_{}", words.join("_"));
        if name.len() > 60 {
            name = "merge".to_owned();
        }
        let mut migration = Migration::new(MigrationId::new(app, format!("{number:04}_{name}")));
        migration.depends_on = leaves;
        Ok(Some(migration))
    }
}
