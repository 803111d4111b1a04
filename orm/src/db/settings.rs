//! How a database is connected to: the URL and the settings.

use super::Database;
use crate::{Code, Error, Result};
use std::{fmt, sync::Arc, time::Duration};

/// What a connected database keeps of its settings.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) pool_size: usize,
    pub(super) acquire_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) statement_timeout: Option<Duration>,
    pub(super) lock_timeout: Option<Duration>,
    pub(super) max_lifetime: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) max_lag: Option<Duration>,
    pub(super) inline_reads: bool,
    pub(super) inline_writes: bool,
    pub(super) inline_budget: u32,
    pub(super) log_values: bool,
    #[cfg(feature = "sqlite")]
    pub(super) on_sqlite: Option<OnSqlite>,
}

/// What is done with each new SQLite connection.
#[cfg(feature = "sqlite")]
#[derive(Clone)]
pub(super) struct OnSqlite(pub(super) Arc<SetUp>);

#[cfg(feature = "sqlite")]
type SetUp = dyn Fn(&mut diesel::SqliteConnection) -> diesel::QueryResult<()> + Send + Sync;

#[cfg(feature = "sqlite")]
impl fmt::Debug for OnSqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Settings {
    /// How many steps an operation may take on the calling thread, if it may run there.
    #[cfg(feature = "sqlite")]
    pub(super) fn inline_steps(&self, access: super::Access) -> Option<u32> {
        let may = match access {
            super::Access::Read => self.inline_reads,
            super::Access::ShortWrite => self.inline_writes,
            super::Access::Write => false,
        };
        may.then_some(self.inline_budget)
    }

    /// Waits for a job's answer; gives up if no connection has begun it in time.
    #[cfg(feature = "sqlite")]
    pub(super) async fn waits_at_most<T>(
        &self,
        mut answer: tokio::sync::oneshot::Receiver<T>,
        ticket: &super::sqlite::Ticket,
    ) -> Option<Result<T, tokio::sync::oneshot::error::RecvError>> {
        match tokio::time::timeout(self.acquire_timeout, &mut answer).await {
            Ok(answer) => Some(answer),
            Err(_) if ticket.cancel_waiting() => None,
            Err(_) => Some(answer.await),
        }
    }
}

/// Settings for a connection; made by [`Database::builder`], ended by [`DatabaseBuilder::connect`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// use std::time::Duration;
/// let db = orm::Database::builder("sqlite::memory:")
///     .acquire_timeout(Duration::from_secs(3))
///     .statement_timeout(Duration::from_secs(30))
///     .connect()
///     .await?;
/// # db.close().await;
/// # Ok(()) }
/// ```
#[must_use = "nothing is connected before `.connect().await`"]
#[derive(Clone)]
pub struct DatabaseBuilder {
    url: String,
    replicas: Vec<String>,
    settings: Settings,
}

impl DatabaseBuilder {
    pub(super) fn new(url: String) -> Self {
        let settings = Settings {
            pool_size: std::thread::available_parallelism().map_or(4, |n| n.get()).clamp(2, 16),
            acquire_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            statement_timeout: None,
            lock_timeout: None,
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            idle_timeout: Some(Duration::from_secs(10 * 60)),
            max_lag: None,
            inline_reads: true,
            inline_writes: true,
            inline_budget: 10,
            log_values: false,
            #[cfg(feature = "sqlite")]
            on_sqlite: None,
        };
        DatabaseBuilder { url, replicas: Vec::new(), settings }
    }

    /// Adds a replica, a server that follows this one: what only reads, outside of transactions, is asked of the replicas in turn, with a
    /// pool of connections to each. One that cannot be reached is left alone for a while; where none will do, the primary is asked.
    ///
    /// What a [session](Database::session) has written its reads see: on PostgreSQL by a replica that has followed so far, and else, as
    /// always on MariaDB and MySQL, by the primary. It may see less of what others have just written. Locks, `raw` queries and
    /// transactions belong to the primary.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://one/shop").replica("postgres://two/shop").replica("postgres://three/shop");
    /// ```
    pub fn replica(mut self, url: impl Into<String>) -> Self {
        self.replicas.push(url.into());
        self
    }

    /// How far a replica may lag behind: one that lags more is passed over until it has caught up, and where none will do the primary is
    /// asked. Any lag will do unless said otherwise. PostgreSQL is asked a few times in that span, at most every second: how long ago
    /// what it replayed last was committed, and none while it has replayed all that it received and still receives. MariaDB and MySQL
    /// tell that only to those who look after them: [`Code::BadSetting`].
    ///
    /// ```
    /// # use orm::Database;
    /// use std::time::Duration;
    /// let settings = Database::builder("postgres://one/shop").replica("postgres://two/shop").max_lag(Duration::from_secs(10));
    /// ```
    pub fn max_lag(mut self, time: Duration) -> Self {
        self.settings.max_lag = Some(time);
        self
    }

    /// How many connections there may be; of SQLite, how many that read beside the one that writes. The number of
    /// processors, between 2 and 16, unless said otherwise.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://localhost/shop").pool_size(20);
    /// ```
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.settings.pool_size = connections;
        self
    }

    /// How long to wait for a free connection: 30 seconds unless said otherwise.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://localhost/shop").acquire_timeout(std::time::Duration::from_secs(3));
    /// ```
    pub fn acquire_timeout(mut self, time: Duration) -> Self {
        self.settings.acquire_timeout = time;
        self
    }

    /// How long to wait for a server to answer a new connection: 10 seconds unless said otherwise.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://localhost/shop").connect_timeout(std::time::Duration::from_secs(3));
    /// ```
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.settings.connect_timeout = time;
        self
    }

    /// How long a statement may run: without end unless said otherwise. A server stops it; one that does not answer at all, as where
    /// the network is gone, is waited for [`connect_timeout`](Self::connect_timeout) longer, and the connection is given up.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://localhost/shop").statement_timeout(std::time::Duration::from_secs(30));
    /// ```
    pub fn statement_timeout(mut self, time: Duration) -> Self {
        self.settings.statement_timeout = Some(time);
        self
    }

    /// How long a statement waits for a lock: what the server says unless said otherwise; 5 seconds on SQLite.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("sqlite://shop.db").lock_timeout(std::time::Duration::from_secs(1));
    /// ```
    pub fn lock_timeout(mut self, time: Duration) -> Self {
        self.settings.lock_timeout = Some(time);
        self
    }

    /// How old a connection to a server may become: 30 minutes unless said otherwise, and `None` for any age. An older one is closed when it
    /// is free, and another is made where one is needed: what a server keeps for a connection does not grow for ever, and after a
    /// change of the server's address, or of a balancer, all are new in that time. With `Duration::ZERO` none is used twice. SQLite's
    /// connections have no server, and stay.
    ///
    /// ```
    /// # use orm::Database;
    /// use std::time::Duration;
    /// let settings = Database::builder("postgres://localhost/shop").max_lifetime(Duration::from_secs(600));
    /// let for_ever = Database::builder("postgres://localhost/shop").max_lifetime(None);
    /// ```
    pub fn max_lifetime(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.settings.max_lifetime = time.into();
        self
    }

    /// How long a connection to a server may lie unused in the pool before it is closed: 10 minutes unless said otherwise, and `None` for
    /// any time. Say less than the server does, or whatever stands between (`wait_timeout`, a firewall). The connection that was used
    /// last is used first, so that of many that were needed once only as many stay as are needed.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("postgres://localhost/shop").idle_timeout(std::time::Duration::from_secs(60));
    /// ```
    pub fn idle_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.settings.idle_timeout = time.into();
        self
    }

    /// Whether short reads of an SQLite database may run on the calling thread, within [a
    /// budget](DatabaseBuilder::inline_budget): yes unless said otherwise.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("sqlite://shop.db").inline_reads(false);
    /// ```
    pub fn inline_reads(mut self, yes: bool) -> Self {
        self.settings.inline_reads = yes;
        self
    }

    /// Whether short writes to an SQLite database, those of a row or of some rows that are given, may run on the calling
    /// thread: yes unless said otherwise. Only those do that were soon done when they last ran and, in a file, whose commit
    /// does not wait for the disk; switch it off where a connection has `PRAGMA synchronous = FULL`.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("sqlite://shop.db").inline_writes(false);
    /// ```
    pub fn inline_writes(mut self, yes: bool) -> Self {
        self.settings.inline_writes = yes;
        self
    }

    /// How long such a read or write may run, in thousands of instructions of SQLite's virtual machine: 10 unless said otherwise,
    /// about a third of a millisecond, or some 1 500 rows. Over it, it starts again on the connection's own thread, and
    /// statements that are known to be longer go there at once.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("sqlite://shop.db").inline_budget(50);
    /// ```
    pub fn inline_budget(mut self, thousands: u32) -> Self {
        self.settings.inline_budget = thousands;
        self
    }

    /// Whether traces show the values of statements, which may be secret: no unless said otherwise.
    ///
    /// ```
    /// # use orm::Database;
    /// let settings = Database::builder("sqlite://shop.db").log_values(true);
    /// ```
    pub fn log_values(mut self, yes: bool) -> Self {
        self.settings.log_values = yes;
        self
    }

    /// What to do with each new SQLite connection, before its first use: to register functions or collations of one's own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// use diesel::connection::SimpleConnection;
    /// let db = orm::Database::builder("sqlite::memory:")
    ///     .on_sqlite_connection(|conn| conn.batch_execute("PRAGMA cache_size = -20000"))
    ///     .connect()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn on_sqlite_connection<F>(mut self, work: F) -> Self
    where
        F: Fn(&mut diesel::SqliteConnection) -> diesel::QueryResult<()> + Send + Sync + 'static,
    {
        self.settings.on_sqlite = Some(OnSqlite(Arc::new(work)));
        self
    }

    /// Connects: the first connection is made at once, so that mistakes show here.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let refused = orm::Database::builder("sqlite:///no/such/folder/shop.db").connect().await;
    /// assert_eq!(refused.unwrap_err().code(), orm::Code::NoDatabase);
    /// # }
    /// ```
    pub async fn connect(self) -> Result<Database> {
        if self.settings.pool_size == 0 {
            return Err(Error::new(Code::BadSetting, "a pool of 0 connections serves nobody")
                .with_hint("give `pool_size` at least 1"));
        }
        Database::open(&self.url, &self.replicas, self.settings).await
    }
}

impl DatabaseBuilder {
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl fmt::Debug for DatabaseBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseBuilder")
            .field("url", &without_password(&self.url))
            .field("replicas", &self.replicas.iter().map(|url| without_password(url)).collect::<Vec<_>>())
            .field("settings", &self.settings)
            .finish()
    }
}

/// The URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last `@` before the path: a password may hold one that was not encoded.
    let end = rest.rfind('@').map_or(0, |at| at + 1);
    let (login, place) = rest.split_at(end);
    let login = match login.split_once(':') {
        Some((user, _)) => format!("{user}:***@"),
        None => login.to_owned(),
    };
    let mut shown = format!("{scheme}://{login}");
    let mut place = place;
    while let Some((before, after)) = place.split_once("password=") {
        shown.push_str(&format!("{before}password=***"));
        place = after.find('&').map_or("", |at| &after[at..]);
    }
    shown.push_str(place);
    shown
}

/// Takes parameters out of a URL's query; what is left is for the driver.
pub(crate) fn query_of<const N: usize>(url: &str, names: [&str; N]) -> (String, [Option<String>; N]) {
    let mut found = [const { None }; N];
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), found) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match names.iter().position(|it| *it == name) {
            Some(index) => found[index] = Some(value.to_owned()),
            None => rest.push(pair),
        }
    }
    let rest = rest.join("&");
    (if rest.is_empty() { place.to_owned() } else { format!("{place}?{rest}") }, found)
}

#[cfg(test)]
mod tests {
    use super::{query_of, without_password};
    #[cfg(all(feature = "postgres", feature = "mysql"))]
    use crate::db::server::Target;

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://ada:secret@host/db", "postgres://ada:***@host/db"),
            ("postgres://ada:se@cr:et@host/db", "postgres://ada:***@host/db"),
            ("postgres://ada:se/cr?et@host/db", "postgres://ada:***@host/db"),
            ("mysql://host/db?user=ada&password=secret&x=1", "mysql://host/db?user=ada&password=***&x=1"),
            ("mysql://ada:secret@host/db?password=a&password=b", "mysql://ada:***@host/db?password=***&password=***"),
            ("postgres://ada@host", "postgres://ada@host"),
            ("postgres://host:5432/db", "postgres://host:5432/db"),
            ("sqlite://a@b.db", "sqlite://a@b.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    /// Whatever somebody calls the URL of a database is one or is refused: random texts, and many more of them by `.ci/full fuzz`.
    #[cfg(all(feature = "postgres", feature = "mysql"))]
    #[test]
    fn urls() {
        bolero::check!().for_each(|bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let _ = query_of(text, ["sslmode", "sslrootcert"]);
            for scheme in ["postgres://", "mysql://", "mariadb://", ""] {
                let url = format!("{scheme}{text}");
                let targets = [Target::postgres(&url).err(), Target::mysql(&url).err()];
                for error in targets.into_iter().flatten() {
                    assert_eq!(error.code(), crate::Code::BadUrl, "{error}");
                }
            }
            // A password is hidden wherever it stands.
            if !text.contains(['/', '@', ':', '?', '=', '&']) {
                for url in [
                    format!("postgres://ada:hidden{text}@host/db"),
                    format!("postgres://host/db?{text}&password=hidden{text}&password=hidden"),
                ] {
                    assert!(!without_password(&url).contains("hidden"), "{url}");
                }
            }
        });
    }
}
