//! What must hold of the rows, looked up before migrations run.

use std::collections::BTreeSet;

use super::{Connection, database};
use crate::error::{Error, Result, error};
use crate::migration::Migration;
use crate::plan::{Early, Requirement, Statement};
use crate::sql::AlterStyle;

/// What can be looked up before the first of some plans begins: what can be said of the rows there are then, and of no
/// table that an earlier plan changes. Gives the number of the plan and of the statement with each.
fn early<'p>(plans: impl IntoIterator<Item = &'p [Statement]>) -> Vec<(usize, usize, &'p Requirement)> {
    let mut found = Vec::new();
    let mut changed: BTreeSet<&String> = BTreeSet::new();
    for (plan, statements) in plans.into_iter().enumerate() {
        let known = |requirement: &Requirement| match &requirement.early {
            Early::Alike => !requirement.about.iter().any(|about| changed.contains(about)),
            Early::Foreseen { of, .. } => {
                let belongs = |changed: &str, table: &String| {
                    changed.strip_prefix(table.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                !changed.iter().any(|changed| of.iter().any(|table| belongs(changed, table)))
                    && !requirement.about.iter().any(|about| changed.contains(about))
            }
            Early::No => false,
        };
        for (at, statement) in statements.iter().enumerate() {
            let now = statement.requires.iter().filter(|requirement| known(requirement));
            found.extend(now.map(|requirement| (plan, at, requirement)));
        }
        // SQL written by hand and Rust steps may change anything.
        if statements.iter().any(|statement| statement.changes.is_none()) {
            return found;
        }
        changed.extend(statements.iter().flat_map(|statement| &statement.changes).flatten());
    }
    found
}

/// `M086` if there are rows in the way: how many, and which are the first.
async fn look<C: Connection>(
    connection: &mut C,
    migration: &Migration,
    requirement: &Requirement,
    early: bool,
) -> Result<()> {
    if let Some(prepare) = requirement.prepare
        && connection.execute(prepare).await.is_err()
    {
        // The statement itself will be refused.
        return Ok(());
    }
    let failed = || database("the rows cannot be looked at");
    let counted = connection.query(&requirement.count(early)).await.map_err(failed())?;
    let count = counted.first().and_then(|row| row.first()?.as_ref()?.parse::<u64>().ok()).unwrap_or(0);
    if count == 0 {
        return Ok(());
    }
    let keys = match requirement.first(early) {
        Some(first) => connection.query(&first).await.map_err(failed())?,
        None => Vec::new(),
    };
    Err(error!(M086, "{}", requirement.describe(early, count, &keys))
        .with_hint(requirement.remedy.as_str())
        .at(&migration.id))
}

/// The rows that stand in the way of one of these plans, as far as that can be known now: an `M086` for each obstacle.
pub(super) async fn obstacles<C: Connection>(
    connection: &mut C,
    migrations: &[&Migration],
    plans: &[Vec<Statement>],
) -> Result<Vec<Error>> {
    let mut found: Vec<Error> = Vec::new();
    for (at, _, requirement) in early(plans.iter().map(Vec::as_slice)) {
        let Some(migration) = migrations.get(at) else { continue };
        match look(connection, migration, requirement, true).await {
            Err(rows) if rows.code() == "M086" => {
                if !found.iter().any(|known| known.message() == rows.message()) {
                    found.push(rows);
                }
            }
            outcome => outcome?,
        }
    }
    Ok(found)
}

/// `M086` if rows stand in the way of one of these plans, as far as that can be known now; all of them at once.
pub(super) async fn check<C: Connection>(
    connection: &mut C,
    migrations: &[&Migration],
    plans: &[Vec<Statement>],
) -> Result<()> {
    match Error::together(obstacles(connection, migrations, plans).await?) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// What [`check`] has seen of a plan right before it runs, by the number of the statement.
pub(super) fn seen(statements: &[Statement]) -> Vec<(usize, &Requirement)> {
    early([statements]).into_iter().map(|(_, at, requirement)| (at, requirement)).collect()
}

/// `M086` if rows stand in the way of a statement that is next: of its whole operation, where that begins with it. What
/// [`check`] has seen is not looked at again, unless the database would keep what does not fit: there it is, since
/// nobody else writes any more.
pub(super) async fn before<C: Connection>(
    connection: &mut C,
    migration: &Migration,
    statements: &[Statement],
    at: usize,
    seen: &[(usize, &Requirement)],
) -> Result<()> {
    let again = connection.dialect().capabilities().alter == AlterStyle::Rebuild;
    let step = statements.get(at).map(|statement| statement.step);
    let begins = at == 0 || statements.get(at - 1).map(|statement| statement.step) != step;
    let same = statements.iter().enumerate().skip(at).take_while(|(_, it)| Some(it.step) == step);
    for (number, statement) in same {
        for requirement in &statement.requires {
            let due = if requirement.late { number == at && !again } else { begins };
            if due && (again || !seen.iter().any(|(seen, it)| *seen == number && *it == requirement)) {
                look(connection, migration, requirement, false).await?;
            }
        }
    }
    Ok(())
}

/// Says which rows were in the way of a statement that failed and was rolled back, if it was rows.
pub(super) async fn explain<C: Connection>(
    connection: &mut C,
    migration: &Migration,
    statements: &[Statement],
    failed: usize,
    error: Error,
) -> Error {
    if error.code() == "M086" {
        return error;
    }
    for (_, requirement) in seen(statements).into_iter().filter(|(at, _)| *at == failed) {
        if let Err(rows) = look(connection, migration, requirement, true).await
            && rows.code() == "M086"
        {
            return rows.with_source(error);
        }
    }
    error.at(&migration.id)
}
