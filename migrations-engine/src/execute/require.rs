//! What must hold of the rows, looked up before migrations run.

use std::collections::BTreeSet;

use super::{Connection, database};
use crate::error::{Error, Result, error};
use crate::migration::Migration;
use crate::plan::{Requirement, Statement};
use crate::sql::AlterStyle;

/// What can be looked up before the first of some plans begins: what speaks of nothing that an operation before
/// the statement's own changes. Gives the number of the plan and of the statement with each.
fn early<'p>(plans: impl IntoIterator<Item = &'p [Statement]>) -> Vec<(usize, usize, &'p Requirement)> {
    let mut found = Vec::new();
    let mut changed: BTreeSet<&String> = BTreeSet::new();
    for (plan, statements) in plans.into_iter().enumerate() {
        let mut at = 0;
        for same in statements.chunk_by(|left, right| left.operation == right.operation) {
            for statement in same {
                let now = |requirement: &&Requirement| {
                    !requirement.late && !requirement.about.iter().any(|about| changed.contains(about))
                };
                found.extend(statement.requires.iter().filter(now).map(|requirement| (plan, at, requirement)));
                at += 1;
            }
            // SQL written by hand and Rust steps may change anything.
            if same.iter().any(|statement| statement.changes.is_none()) {
                return found;
            }
            changed.extend(same.iter().flat_map(|statement| &statement.changes).flatten());
        }
    }
    found
}

/// `M086` if there are rows in the way: how many, and which are the first.
async fn look<C: Connection>(connection: &mut C, migration: &Migration, requirement: &Requirement) -> Result<()> {
    if let Some(prepare) = requirement.prepare
        && connection.execute(prepare).await.is_err()
    {
        // The statement itself will be refused.
        return Ok(());
    }
    let failed = || database("the rows cannot be looked at");
    let counted = connection.query(&requirement.count()).await.map_err(failed())?;
    let count = counted.first().and_then(|row| row.first()?.as_ref()?.parse::<u64>().ok()).unwrap_or(0);
    if count == 0 {
        return Ok(());
    }
    let keys = match requirement.first() {
        Some(first) => connection.query(&first).await.map_err(failed())?,
        None => Vec::new(),
    };
    Err(error!(M086, "{}", requirement.describe(count, &keys)).with_hint(requirement.remedy.as_str()).at(&migration.id))
}

/// `M086` if rows stand in the way of one of these plans, as far as that can be known now.
pub(super) async fn check<C: Connection>(
    connection: &mut C,
    migrations: &[&Migration],
    plans: &[Vec<Statement>],
) -> Result<()> {
    for (at, _, requirement) in early(plans.iter().map(Vec::as_slice)) {
        if let Some(migration) = migrations.get(at) {
            look(connection, migration, requirement).await?;
        }
    }
    Ok(())
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
    let operation = statements.get(at).map(|statement| statement.operation);
    let begins = at == 0 || statements.get(at - 1).map(|statement| statement.operation) != operation;
    let same = statements.iter().enumerate().skip(at).take_while(|(_, it)| Some(it.operation) == operation);
    for (number, statement) in same {
        for requirement in &statement.requires {
            let due = if requirement.late { number == at } else { begins };
            if due && (again || !seen.iter().any(|(seen, it)| *seen == number && *it == requirement)) {
                look(connection, migration, requirement).await?;
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
        if let Err(rows) = look(connection, migration, requirement).await
            && rows.code() == "M086"
        {
            return rows.with_source(error);
        }
    }
    error.at(&migration.id)
}
