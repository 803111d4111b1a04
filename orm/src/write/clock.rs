//! The clock that `auto_now` and `auto_now_add` read: the system's, unless a test sets another.

use crate::{Kind, Value};
use chrono::{DateTime, Utc};
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

static CHANGED: AtomicBool = AtomicBool::new(false);
static CLOCK: RwLock<Option<Clock>> = RwLock::new(None);

/// Sets the clock that `auto_now` and `auto_now_add` read, for the whole program; `None` gives back the system's.
///
/// ```
/// use chrono::{DateTime, Utc};
/// orm::set_clock(Some(|| DateTime::UNIX_EPOCH));
/// assert_eq!(orm::clock_time(), DateTime::<Utc>::UNIX_EPOCH);
/// orm::set_clock(None::<fn() -> DateTime<Utc>>);
/// ```
pub fn set_clock<F: Fn() -> DateTime<Utc> + Send + Sync + 'static>(clock: Option<F>) {
    let clock = clock.map(|clock| Arc::new(clock) as Clock);
    let mut current = CLOCK.write().unwrap_or_else(PoisonError::into_inner);
    CHANGED.store(clock.is_some(), Ordering::Release);
    *current = clock;
}

/// What the library's clock says; see [`set_clock`].
///
/// ```
/// assert!(orm::clock_time() <= orm::clock_time());
/// ```
pub fn clock_time() -> DateTime<Utc> {
    if CHANGED.load(Ordering::Acquire)
        && let Some(clock) = &*CLOCK.read().unwrap_or_else(PoisonError::into_inner)
    {
        return clock();
    }
    Utc::now()
}

/// The present as a value of a kind; `None` for kinds without a day.
pub(super) fn now(kind: Kind) -> Option<Value> {
    let now = clock_time();
    let value = match kind {
        Kind::DateTime => Value::DateTime(now),
        Kind::Timestamp => Value::Timestamp(now.naive_utc()),
        Kind::Date => Value::Date(now.date_naive()),
        Kind::Time => Value::Time(now.time()),
        _ => return None,
    };
    Some(crate::truncated(value))
}
