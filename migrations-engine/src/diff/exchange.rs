//! Names of models that change hands: two exchange them, or one takes over that of another, which may go. Both are there before and after, so
//! nothing tells but a person, for this once: what an attribute says would be said again the next time.

use super::asked::Asked;
use super::wish::FormerNames;
use crate::error::{Error, Result, error};
use crate::operation::Operation;
use crate::schema::{ModelKey, Schema};

/// One step of a change of names.
enum Step {
    /// What is called the first is to be called the second.
    Rename(String, String),
    /// The same, until its name is free.
    Aside(String, String),
}

/// The names that are wanted and stay in use, since nothing is said of who has them.
fn in_the_way(pairs: &[(String, String)], taken: &[String]) -> Vec<String> {
    let wanted = pairs.iter().map(|(_, new)| new).filter(|new| taken.contains(new));
    wanted.filter(|new| !pairs.iter().any(|(old, _)| old == *new)).cloned().collect()
}

/// The renames in an order in which every name is free when it is taken; a circle is opened by a name that nothing has. `taken`
/// are all names there are; none of them is in the way.
fn in_order(mut pairs: Vec<(String, String)>, mut taken: Vec<String>) -> Vec<Step> {
    let mut steps = Vec::new();
    let rename = |taken: &mut Vec<String>, old: &str, new: &str| {
        taken.retain(|name| name != old);
        taken.push(new.to_owned());
    };
    while let Some((first, _)) = pairs.first().cloned() {
        if let Some(at) = pairs.iter().position(|(_, new)| !taken.contains(new)) {
            let (old, new) = pairs.remove(at);
            rename(&mut taken, &old, &new);
            steps.push(Step::Rename(old, new));
            continue;
        }
        let mut aside = format!("{first}_aside");
        while taken.contains(&aside) {
            aside.push('_');
        }
        rename(&mut taken, &first, &aside);
        steps.push(Step::Aside(first, aside.clone()));
        pairs[0].0 = aside;
    }
    steps
}

fn taken(what: &str, name: &str, flag: &str) -> Error {
    error!(M020, "`{what}` is to have a name that another has, and nothing is said of that one").with_hint(format!(
        "say what it is called from now on, with --rename {flag}=<new name>; or that it goes, with --remove {name}, if no other model refers to it"
    ))
}

/// The first of a circle of renames that were all done before: answers that are given once more would undo them.
pub(super) fn again(pairs: &[(String, String)], done: impl Fn(&str, &str) -> bool) -> Option<(&str, &str)> {
    let circle = |(first, next): &&(String, String)| {
        let mut next = next;
        // No circle is longer.
        for _ in pairs {
            if next == first {
                return true;
            }
            match pairs.iter().find(|(old, _)| old == next) {
                Some((old, new)) if done(old, new) => next = new,
                _ => return false,
            }
        }
        false
    };
    let found = pairs.iter().filter(|(old, new)| done(old, new)).find(circle);
    found.map(|(old, new)| (old.as_str(), new.as_str()))
}

pub(super) fn exchanged(old: &str, new: &str) -> Error {
    error!(M020, "`--rename {old}={new}` exchanges names that an earlier migration has exchanged").with_hint(
        "take the answers away, they are done; to give both their former names again, write the operations of a migration by hand",
    )
}

/// Models that are said to have the names of others.
pub(super) fn models(
    state: &mut Schema,
    to: &Schema,
    former: &FormerNames,
    asked: &mut Asked<'_>,
) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    let mut apps: Vec<&String> = to.models.keys().map(|key| &key.app).collect();
    apps.dedup();
    for app in apps {
        let names = |schema: &Schema| -> Vec<String> {
            schema.models.keys().filter(|key| key.app == *app).map(|key| key.name.clone()).collect()
        };
        let (before, after) = (names(state), names(to));
        let mut told =
            |old: &str, new: &str| asked.questioner.was_told_renamed(&ModelKey::new(app.clone(), old).to_string(), new);
        let pairs = pairs(&before, &after, &mut told);
        let done = |old: &str, new: &str| former.knows_model(&ModelKey::new(app.clone(), new), old);
        if let Some((old, new)) = again(&pairs, done) {
            return Err(exchanged(&ModelKey::new(app.clone(), old).to_string(), new));
        }
        let mut before = before;
        for name in in_the_way(&pairs, &before) {
            let key = ModelKey::new(app.clone(), &*name);
            let referred = state.referring_to(&key).any(|model| model.key != key);
            let agreed = match state.models.get(&key) {
                Some(model) if !model.managed => true,
                _ => matches!(asked.questioner.may_remove_model(&key), Ok(true)),
            };
            if referred || !agreed {
                let key = key.to_string();
                return Err(taken(&key, &key, &key));
            }
            let operation = Operation::DeleteModel { model: key };
            operation.apply(state)?;
            operations.push(operation);
            before.retain(|other| *other != name);
        }
        for step in in_order(pairs, before) {
            let (Step::Rename(old, to) | Step::Aside(old, to)) = step;
            let operation = Operation::RenameModel { model: ModelKey::new(app.clone(), old), to, keep_table: false };
            operation.apply(state)?;
            operations.push(operation);
        }
    }
    Ok(operations)
}

/// Who is said to be called otherwise, where the old name stays in use or the new one is.
fn pairs(before: &[String], after: &[String], told: &mut dyn FnMut(&str, &str) -> bool) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for new in after {
        let changes = |old: &&String| *old != new && (before.contains(new) || after.contains(old));
        if let Some(old) = before.iter().filter(changes).find(|old| told(old, new)) {
            pairs.push((old.clone(), new.clone()));
        }
    }
    // What follows in a row: `a` is `b` now, and what was `b` is `c`, which is new.
    let mut from = 0;
    while from < pairs.len() {
        let old = pairs[from].1.clone();
        let next = after.iter().find(|new| before.contains(&old) && **new != old && told(&old, new));
        if let Some(next) = next.filter(|next| !pairs.iter().any(|(_, new)| new == *next)) {
            pairs.push((old, next.clone()));
        }
        from += 1;
    }
    pairs
}
