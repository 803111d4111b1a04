//! What must hold of the rows, looked up before migrations run.

use std::collections::BTreeSet;

use super::{Connection, database};
use crate::error::{Error, Result, error};
use crate::migration::Migration;
use crate::plan::{Requirement, Statement};

/// What can be looked up before the first of some plans begins: what speaks of nothing that an operation before
/// the statement's own changes. Gives the number of the plan and of the statement with each.
fn early(plans: &[Vec<Statement>]) -> Vec<(usize, usize, &Requirement)> {
    let mut found = Vec::new();
    let mut changed: BTreeSet<&String> = BTreeSet::new();
    for (plan, statements) in plans.iter().enumerate() {
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

fn broken(migration: &Migration, requirement: &Requirement) -> Error {
    error!(M086, "{}", requirement.obstacle).with_hint(requirement.remedy.as_str()).at(&migration.id)
}

/// `M086` if rows stand in the way of one of these plans, as far as that can be known now.
pub(super) async fn check<C: Connection>(
    connection: &mut C,
    migrations: &[&Migration],
    plans: &[Vec<Statement>],
) -> Result<()> {
    // Where a statement that fails takes the whole migration back with it, it is as quick to let it try.
    let scans = !connection.dialect().capabilities().transactional_ddl;
    for (at, _, requirement) in early(plans).into_iter().filter(|(.., requirement)| scans || !requirement.scans) {
        let rows = connection.query(&requirement.query).await.map_err(database("the rows cannot be looked at"))?;
        if let Some(migration) = migrations.get(at).filter(|_| !rows.is_empty()) {
            return Err(broken(migration, requirement));
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
    let plans = [statements.to_vec()];
    for (_, _, requirement) in early(&plans).into_iter().filter(|(_, at, _)| *at == failed) {
        if connection.query(&requirement.query).await.is_ok_and(|rows| !rows.is_empty()) {
            return broken(migration, requirement).with_source(error);
        }
    }
    error.at(&migration.id)
}
