//! What must hold of the rows, looked up before migrations run.

use super::{Connection, database};
use crate::error::{Error, Result, error};
use crate::migration::Migration;
use crate::plan::{Early, Requirement, Statement};
use crate::sql::AlterStyle;

/// When it can be looked at before the migration that it belongs to begins.
pub(super) fn own(requirement: &Requirement) -> &Early {
    &requirement.early
}

/// When it can be looked at before the first of those that are run begins.
pub(super) fn ahead(requirement: &Requirement) -> &Early {
    &requirement.ahead
}

/// `M086` if there are rows in the way: how many, and which are the first.
async fn look<C: Connection>(
    connection: &mut C,
    migration: &Migration,
    requirement: &Requirement,
    when: &Early,
) -> Result<()> {
    if let Some(prepare) = requirement.prepare
        && connection.execute(prepare).await.is_err()
    {
        // The statement itself will be refused.
        return Ok(());
    }
    let failed = || database("the rows cannot be looked at");
    let counted = connection.query(&requirement.count(when)).await.map_err(failed())?;
    let count = counted.first().and_then(|row| row.first()?.as_ref()?.parse::<u64>().ok()).unwrap_or(0);
    if count == 0 {
        return Ok(());
    }
    let keys = match requirement.first(when) {
        Some(first) => connection.query(&first).await.map_err(failed())?,
        None => Vec::new(),
    };
    Err(error!(M086, "{}", requirement.describe(when, count, &keys))
        .with_hint(requirement.remedy.as_str())
        .at(&migration.id))
}

/// What these plans need of the rows and can be looked at now.
fn needed<'p>(
    migrations: &[&'p Migration],
    plans: &'p [Vec<Statement>],
    when: fn(&Requirement) -> &Early,
) -> Vec<(&'p Migration, &'p Requirement)> {
    let mut needed = Vec::new();
    for (migration, plan) in migrations.iter().zip(plans) {
        let all = plan.iter().flat_map(|statement| &statement.requires);
        needed.extend(all.filter(|it| *when(it) != Early::No).map(|requirement| (*migration, requirement)));
    }
    needed
}

/// The rows that stand in the way of one of these plans, as far as that can be known now: an `M086` for each obstacle.
pub(super) async fn obstacles<C: Connection>(
    connection: &mut C,
    migrations: &[&Migration],
    plans: &[Vec<Statement>],
    when: fn(&Requirement) -> &Early,
) -> Result<Vec<Error>> {
    let mut found: Vec<Error> = Vec::new();
    for (migration, requirement) in needed(migrations, plans, when) {
        match look(connection, migration, requirement, when(requirement)).await {
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
    when: fn(&Requirement) -> &Early,
) -> Result<()> {
    match Error::together(obstacles(connection, migrations, plans, when).await?) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// What [`check`] has seen of a plan right before it runs, by the number of the statement.
pub(super) fn seen(statements: &[Statement]) -> Vec<(usize, &Requirement)> {
    let numbered = statements.iter().enumerate();
    let all = numbered.flat_map(|(at, statement)| statement.requires.iter().map(move |requirement| (at, requirement)));
    all.filter(|(_, requirement)| requirement.early != Early::No).collect()
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
                look(connection, migration, requirement, &Early::Alike).await?;
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
        if let Err(rows) = look(connection, migration, requirement, &requirement.early).await
            && rows.code() == "M086"
        {
            return rows.with_source(error);
        }
    }
    error.at(&migration.id)
}
