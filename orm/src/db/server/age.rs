//! How old connections become: those that lie in the pool are closed in time, whether anybody asks for one or not.

use super::{Manager, Settings};
use deadpool::managed::{Metrics, Pool};
use std::{sync::Arc, time::Duration};

/// How often is looked: at half of what a connection may have, between these.
const OFTEN: Duration = Duration::from_millis(50);
const SELDOM: Duration = Duration::from_secs(30);

/// Whether a connection that nobody uses is to be closed.
pub(super) fn is_over(metrics: &Metrics, settings: &Settings) -> bool {
    settings.max_lifetime.is_some_and(|most| metrics.age() >= most)
        || settings.idle_timeout.is_some_and(|most| metrics.last_used() >= most)
}

/// Closes what is over, for as long as there is the pool. Where no runtime goes on between calls, that is done when a connection is asked for.
pub(super) fn watch(pool: &Pool<Manager>, settings: &Arc<Settings>) {
    let limits = [settings.max_lifetime, settings.idle_timeout].into_iter().flatten();
    let (Some(least), Ok(runtime)) = (limits.min(), tokio::runtime::Handle::try_current()) else { return };
    let (pool, settings, pause) = (pool.weak(), settings.clone(), (least / 2).clamp(OFTEN, SELDOM));
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            match pool.upgrade() {
                Some(pool) if !pool.is_closed() => drop(pool.retain(|_, metrics| !is_over(&metrics, &settings))),
                _ => return,
            }
        }
    });
}
