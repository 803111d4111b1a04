//! All migrations of all applications, and the one history they form.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Result, error, fail};
use crate::migration::{Migration, MigrationId};
use crate::schema::Schema;

/// Which way a migration is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Applied.
    Forward,
    /// Undone.
    Backward,
}

/// Where to migrate to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything applied.
    Latest,
    /// Everything of one application applied, with what that needs.
    App(String),
    /// One migration applied, and nothing of its application after it.
    Migration(MigrationId),
    /// Nothing of one application applied, nor what needs it.
    Zero(String),
}

/// A set of migrations: those of the project, from files or embedded.
///
/// ```
/// use migrations_engine::MigrationSet;
/// let set = MigrationSet::from_embedded(&[("library/0001_initial.toml", r#"
///     [[operations]]
///     op = "create_model"
///     model = "library.Tag"
///     table = "library_tag"
///     primary_key = ["id"]
///     fields = [
///         { name = "id", type = "bigint", auto = true },
///         { name = "label", type = "char(50)" },
///     ]
/// "#)])?;
/// assert_eq!(set.state()?.model("library", "Tag").unwrap().fields.len(), 2);
/// assert_eq!(set.resolve("library", "0001")?.name, "0001_initial");
/// # Ok::<(), migrations_engine::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationSet {
    migrations: BTreeMap<MigrationId, Migration>,
}

impl MigrationSet {
    /// Adds a migration; one of the same name is an error.
    pub fn add(&mut self, migration: Migration) -> Result<()> {
        if self.migrations.contains_key(&migration.id) {
            fail!(M060, "there are two migrations `{}`", migration.id);
        }
        self.migrations.insert(migration.id.clone(), migration);
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: &MigrationId) {
        self.migrations.remove(id);
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Migration> {
        self.migrations.values_mut()
    }

    /// The migrations by application and name.
    pub fn iter(&self) -> impl Iterator<Item = &Migration> {
        self.migrations.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }

    /// A migration by its id.
    pub fn get(&self, id: &MigrationId) -> Option<&Migration> {
        self.migrations.get(id)
    }

    /// The applications that have migrations.
    pub fn apps(&self) -> BTreeSet<&str> {
        self.migrations.keys().map(|id| id.app.as_str()).collect()
    }

    /// The migrations of an application that no other of it depends on: one, unless branches met.
    pub fn leaves(&self, app: &str) -> Vec<&MigrationId> {
        let needed: BTreeSet<&MigrationId> = self
            .migrations
            .values()
            .filter(|migration| migration.id.app == app)
            .flat_map(|migration| &migration.depends_on)
            .collect();
        self.migrations.keys().filter(|id| id.app == app && !needed.contains(*id)).collect()
    }

    /// `M061` if an application has several latest migrations.
    pub fn check_leaves(&self) -> Result<()> {
        for app in self.apps() {
            let leaves = self.leaves(app);
            if leaves.len() > 1 {
                self.check_needed(app)?;
                let names: Vec<&str> = leaves.iter().map(|id| id.name.as_str()).collect();
                return Err(error!(M061, "`{app}` has several latest migrations: {}", names.join(", "))
                    .with_hint("two branches each added one: `makemigrations --merge` looks whether they go together and writes a migration that depends on all; or make the later depend on the other"));
            }
        }
        Ok(())
    }

    /// `M063` if a migration of an application depends on one that is neither there nor replaced.
    fn check_needed(&self, app: &str) -> Result<()> {
        let known =
            |id: &MigrationId| self.migrations.contains_key(id) || self.iter().any(|other| other.replaces.contains(id));
        for migration in self.iter().filter(|migration| migration.id.app == app) {
            if let Some(needed) = migration.depends_on.iter().find(|needed| !known(needed)) {
                return Err(missing(&migration.id, needed));
            }
        }
        Ok(())
    }

    /// A migration of an application by its name or the beginning of it, if only one begins so.
    pub fn resolve(&self, app: &str, name: &str) -> Result<&MigrationId> {
        let all = || self.migrations.keys().filter(|id| id.app == app);
        if let Some(exact) = all().find(|id| id.name == name) {
            return Ok(exact);
        }
        let found: Vec<&MigrationId> = all().filter(|id| id.name.starts_with(name)).collect();
        match found.as_slice() {
            [only] => Ok(only),
            [] if all().next().is_none() => fail!(M060, "the application `{app}` has no migrations"),
            [] => {
                let names: Vec<&str> = all().map(|id| id.name.as_str()).collect();
                Err(error!(M060, "no migration of `{app}` begins with `{name}`")
                    .with_hint(format!("there are {}", names.join(", "))))
            }
            several => {
                let names: Vec<&str> = several.iter().map(|id| id.name.as_str()).collect();
                Err(error!(M060, "several migrations of `{app}` begin with `{name}`")
                    .with_hint(format!("write one of {}", names.join(", "))))
            }
        }
    }

    /// A target as on a command line: nothing, an application, and a name, prefix or `zero`.
    pub fn target(&self, app: Option<&str>, name: Option<&str>) -> Result<Target> {
        match (app, name) {
            (None, _) => Ok(Target::Latest),
            (Some(app), _) if !self.apps().contains(app) => {
                let known: Vec<&str> = self.apps().into_iter().collect();
                Err(error!(M060, "the application `{app}` has no migrations")
                    .with_hint(format!("there are some of {}", known.join(", "))))
            }
            (Some(app), None) => Ok(Target::App(app.to_owned())),
            (Some(app), Some("zero")) => Ok(Target::Zero(app.to_owned())),
            (Some(app), Some(name)) => Ok(Target::Migration(self.resolve(app, name)?.clone())),
        }
    }

    /// All migrations, each after those it depends on; by application and name where that is free.
    pub fn order(&self) -> Result<Vec<&Migration>> {
        let mut order = Vec::with_capacity(self.migrations.len());
        let mut done: BTreeSet<&MigrationId> = BTreeSet::new();
        for id in self.migrations.keys() {
            // Depth first without recursion: chains are as long as a project is old.
            let mut path: Vec<(&MigrationId, usize)> = vec![(id, 0)];
            let mut on_path: BTreeSet<&MigrationId> = BTreeSet::from([id]);
            while let Some((id, next)) = path.pop() {
                if done.contains(id) {
                    on_path.remove(id);
                    continue;
                }
                let Some(migration) = self.migrations.get(id) else { continue };
                let Some(needed) = migration.depends_on.get(next) else {
                    done.insert(id);
                    on_path.remove(id);
                    order.push(migration);
                    continue;
                };
                path.push((id, next + 1));
                if !self.migrations.contains_key(needed) {
                    return Err(missing(id, needed));
                }
                if done.contains(needed) {
                    continue;
                }
                if !on_path.insert(needed) {
                    fail!(M062, "`{needed}` and `{id}` depend on each other in a circle");
                }
                path.push((needed, 0));
            }
        }
        Ok(order)
    }

    /// The state after all migrations, squashes in place of what they replace.
    pub fn state(&self) -> Result<Schema> {
        let (set, _) = self.effective(&BTreeSet::new())?;
        set.replay(|_| true)
    }

    /// The state in which a migration begins: after all that come before it in [`order`](Self::order).
    pub fn state_before(&self, id: &MigrationId) -> Result<Schema> {
        if !self.migrations.contains_key(id) {
            fail!(M060, "there is no migration `{id}`");
        }
        // A squash that stands for it is left aside.
        let over = |squash: &&Migration| squash.id != *id && self.replaced_by(squash).contains(id);
        let mut set = Cow::Borrowed(self);
        for squash in self.squashes().into_iter().filter(over) {
            set.to_mut().remove(&squash.id);
        }
        let (set, _) = set.effective(&BTreeSet::new())?;
        let mut state = Schema::default();
        for migration in set.order()?.into_iter().take_while(|migration| migration.id != *id) {
            replay_one(&mut state, migration)?;
        }
        Ok(state)
    }

    /// Goes through the migrations once, to tell the state in which each of several begins.
    ///
    /// ```
    /// use migrations_engine::MigrationSet;
    /// let sql = |needs: &str| format!("depends_on = [{needs}]\n[[operations]]\nop = \"run_sql\"\nsql = {{ all = [] }}\n");
    /// let set = MigrationSet::from_embedded(&[
    ///     ("library/0001_first.toml", &sql("")),
    ///     ("library/0002_second.toml", &sql("\"library.0001_first\"")),
    /// ])?;
    /// let mut states = set.states()?;
    /// for migration in set.order()? {
    ///     assert_eq!(*states.before(&migration.id)?, set.state_before(&migration.id)?);
    /// }
    /// # Ok::<(), migrations_engine::Error>(())
    /// ```
    pub fn states(&self) -> Result<States<'_>> {
        let (counted, _) = self.effective(&BTreeSet::new())?;
        let order = counted.order()?.into_iter().map(|migration| migration.id.clone()).collect();
        Ok(States { set: self, counted, order, at: 0, state: Schema::default() })
    }

    /// The state after all migrations but one, on which no other depends.
    pub fn state_without(&self, id: &MigrationId) -> Result<Schema> {
        let mut others = self.clone();
        others.remove(id);
        others.state()
    }

    /// The state after those migrations that `include` takes.
    pub(crate) fn replay(&self, include: impl Fn(&MigrationId) -> bool) -> Result<Schema> {
        let mut state = Schema::default();
        for migration in self.order()?.into_iter().filter(|migration| include(&migration.id)) {
            replay_one(&mut state, migration)?;
        }
        Ok(state)
    }

    /// A migration with all that it depends on, at any distance.
    pub(crate) fn with_needed<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a MigrationId>,
    ) -> BTreeSet<&'a MigrationId> {
        let mut needed = BTreeSet::new();
        let mut queue: Vec<&MigrationId> = ids.into_iter().collect();
        while let Some(id) = queue.pop() {
            if needed.insert(id) {
                queue.extend(self.migrations.get(id).into_iter().flat_map(|migration| &migration.depends_on));
            }
        }
        needed
    }

    /// What to run, in order, to get from the applied migrations to the target.
    pub fn path(&self, applied: &BTreeSet<MigrationId>, target: &Target) -> Result<Vec<(&Migration, Direction)>> {
        let order = self.order()?;
        let forward = |wanted: &BTreeSet<&MigrationId>| {
            let missing =
                order.iter().filter(|migration| wanted.contains(&migration.id) && !applied.contains(&migration.id));
            missing.map(|migration| (*migration, Direction::Forward)).collect::<Vec<_>>()
        };
        let backward = |undone: BTreeSet<&MigrationId>| {
            // Whatever needs what is undone is undone too, last first.
            let mut gone = undone;
            for migration in &order {
                if migration.depends_on.iter().any(|needed| gone.contains(needed)) {
                    gone.insert(&migration.id);
                }
            }
            let gone =
                order.iter().rev().filter(|migration| gone.contains(&migration.id) && applied.contains(&migration.id));
            gone.map(|migration| (*migration, Direction::Backward)).collect::<Vec<_>>()
        };
        let of_app =
            |app: &str| -> BTreeSet<&MigrationId> { self.migrations.keys().filter(|id| id.app == app).collect() };
        match target {
            Target::Latest => {
                self.check_leaves()?;
                Ok(forward(&self.migrations.keys().collect()))
            }
            Target::App(app) => {
                self.check_leaves()?;
                Ok(forward(&self.with_needed(of_app(app))))
            }
            Target::Migration(id) => {
                let Some(id) = self.migrations.get(id).map(|migration| &migration.id) else {
                    fail!(M060, "there is no migration `{id}`");
                };
                let kept = self.with_needed([id]);
                let after: BTreeSet<&MigrationId> = of_app(&id.app)
                    .into_iter()
                    .filter(|other| !kept.contains(other) && self.with_needed([*other]).contains(id))
                    .collect();
                let mut path = backward(after);
                path.extend(forward(&kept));
                Ok(path)
            }
            Target::Zero(app) => Ok(backward(of_app(app))),
        }
    }
}

/// The states in which migrations begin: quick for those that are asked for in their order. See [`MigrationSet::states`].
#[derive(Debug)]
pub struct States<'s> {
    set: &'s MigrationSet,
    counted: Cow<'s, MigrationSet>,
    order: Vec<MigrationId>,
    at: usize,
    state: Schema,
}

impl States<'_> {
    /// As [`MigrationSet::state_before`].
    pub fn before(&mut self, id: &MigrationId) -> Result<Cow<'_, Schema>> {
        let Some(further) = self.order[self.at..].iter().position(|other| other == id) else {
            return self.set.state_before(id).map(Cow::Owned);
        };
        for passed in &self.order[self.at..self.at + further] {
            if let Some(migration) = self.counted.get(passed) {
                replay_one(&mut self.state, migration)?;
            }
            self.at += 1;
        }
        Ok(Cow::Borrowed(&self.state))
    }
}

fn missing(id: &MigrationId, needed: &MigrationId) -> crate::Error {
    error!(M063, "`{id}` depends on `{needed}`, which does not exist")
        .with_hint("was its file renamed or not committed?")
}

fn replay_one(state: &mut Schema, migration: &Migration) -> Result<()> {
    for operation in &migration.operations {
        let place = |error: crate::Error| error.at(format!("{}: {}", migration.id, operation.describe()));
        operation.apply(state).map_err(place)?;
    }
    Ok(())
}
