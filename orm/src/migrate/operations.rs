//! What a migrator does on a connection.

use super::{connection::OverConnection, engine_error, step::Registry};
use crate::{Access, Connection, Operation, Result};
use migrations_engine::{
    Direction, MigrationId, MigrationSet, Schema, Target,
    diff::Answers,
    execute::{self, Applied, Event, Finding, Remedy, Timeouts},
};
use std::{collections::BTreeMap, sync::Arc};

pub(super) type Progress = Box<dyn FnMut(&Event<'_>) + Send>;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Options {
    pub(super) fake: bool,
    pub(super) fake_initial: bool,
    pub(super) timeouts: Timeouts,
}

pub(super) struct Run {
    pub(super) set: Arc<MigrationSet>,
    pub(super) target: Target,
    pub(super) options: Options,
    pub(super) answers: Answers,
    pub(super) progress: Option<Progress>,
    pub(super) steps: Registry,
}

impl Operation for Run {
    type Output = Vec<(MigrationId, Direction)>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        let executor = execute::Executor::new(&self.set, &mut connection);
        let Options { fake, fake_initial, timeouts } = self.options;
        let executor = executor.fake(fake).fake_initial(fake_initial).timeouts(timeouts);
        let mut executor = executor.answers(self.answers.clone()).with_steps(&self.steps);
        if let Some(progress) = &mut self.progress {
            executor = executor.on_progress(progress);
        }
        executor.migrate(&self.target).await.map_err(engine_error)
    }
}

pub(super) struct Plan {
    pub(super) set: Arc<MigrationSet>,
    pub(super) target: Target,
}

impl Operation for Plan {
    type Output = Vec<(MigrationId, Direction)>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        let plan = execute::Executor::new(&self.set, &mut connection).plan(&self.target).await.map_err(engine_error)?;
        Ok(plan.into_iter().map(|(migration, direction)| (migration.id.clone(), direction)).collect())
    }
}

/// What is looked at before anything is run.
pub(super) struct Ahead {
    pub(super) set: Arc<MigrationSet>,
    pub(super) target: Target,
    pub(super) options: Options,
    pub(super) answers: Answers,
    pub(super) steps: Registry,
}

impl Ahead {
    fn executor<'a, 'c, 'l>(
        &'a self,
        connection: &'a mut OverConnection<'c, 'l>,
    ) -> execute::Executor<'a, OverConnection<'c, 'l>, &'a Registry> {
        let Options { fake, fake_initial, .. } = self.options;
        let executor = execute::Executor::new(&self.set, connection).fake(fake).fake_initial(fake_initial);
        executor.answers(self.answers.clone()).with_steps(&self.steps)
    }
}

pub(super) struct Recorded(pub(super) Ahead);

impl Operation for Recorded {
    type Output = BTreeMap<MigrationId, Vec<String>>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        self.0.executor(&mut connection).recorded(&self.0.target).await.map_err(engine_error)
    }
}

pub(super) struct Obstacles(pub(super) Ahead);

impl Operation for Obstacles {
    type Output = Vec<migrations_engine::Error>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        self.0.executor(&mut connection).obstacles(&self.0.target).await.map_err(engine_error)
    }
}

/// The state that the database's history adds up to.
pub(super) struct AppliedState {
    pub(super) set: Arc<MigrationSet>,
}

impl Operation for AppliedState {
    type Output = Schema;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Schema> {
        let mut connection = OverConnection::new(connection)?;
        execute::Executor::new(&self.set, &mut connection).state().await.map_err(engine_error)
    }
}

pub(super) struct Findings {
    pub(super) set: Arc<MigrationSet>,
}

impl Operation for Findings {
    type Output = Vec<Finding>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        execute::Executor::new(&self.set, &mut connection).findings().await.map_err(engine_error)
    }
}

pub(super) struct Repair {
    pub(super) set: Arc<MigrationSet>,
    pub(super) migration: MigrationId,
    pub(super) remedy: Remedy,
}

impl Operation for Repair {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<()> {
        let mut connection = OverConnection::new(connection)?;
        let mut executor = execute::Executor::new(&self.set, &mut connection);
        executor.repair(&self.migration, self.remedy).await.map_err(engine_error)
    }
}

pub(super) struct History {
    pub(super) set: Arc<MigrationSet>,
}

impl Operation for History {
    type Output = Vec<Applied>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Self::Output> {
        let mut connection = OverConnection::new(connection)?;
        execute::Executor::new(&self.set, &mut connection).history().await.map_err(engine_error)
    }
}
