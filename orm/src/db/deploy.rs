//! What of a database's settings is not for production, as far as a program can tell by looking at them.

use super::{
    DatabaseBuilder,
    settings::{query_of, without_password},
};
use crate::{Finding, SystemCheck};

/// A URL, as far as it tells where a server is and who logs in.
struct Parts<'u> {
    scheme: &'u str,
    user: &'u str,
    has_password: bool,
    is_local: bool,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Parts<'u> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        // The last `@`: a password may hold one that was not encoded.
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let end = place.find(['/', '?']).unwrap_or(place.len());
        let host = &place[..end];
        let host = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let socket = host.is_empty() || host.to_ascii_lowercase().starts_with("%2f") || place.contains("host=/");
        let (_, [named]) = query_of(url, ["password"]);
        let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        Parts {
            scheme,
            user,
            has_password: !password.is_empty() || named.is_some(),
            is_local: socket || host == "localhost" || loopback,
        }
    }
}

impl DatabaseBuilder {
    /// What of these settings is not for production, as far as they tell: `check --deploy` says it of those of the project's
    /// [`connect_with`](crate::Project::connect_with). Nothing is connected.
    ///
    /// ```
    /// use orm::{Database, SystemCheck};
    /// use std::time::Duration;
    /// let builder = Database::builder("postgres://shop:secret@db.example.org/shop?sslmode=verify-full");
    /// let safe = builder.statement_timeout(Duration::from_secs(30)).lock_timeout(Duration::from_secs(5));
    /// assert_eq!(safe.check(), []);
    /// let told = Database::builder("sqlite::memory:").check();
    /// assert!(told.iter().any(|finding| finding.id == SystemCheck::S902.as_str()));
    /// ```
    pub fn check(&self) -> Vec<Finding> {
        let (url, settings) = (self.url(), self.settings());
        let parts = Parts::of(url);
        let mut found = Vec::new();
        let mut tell = |check: SystemCheck, message: String, hint: &str| {
            found.push(Finding::of(check, message, hint).with_object(without_password(url)));
        };
        if parts.scheme == "sqlite" {
            match url.contains(":memory:") || url.contains("mode=memory") {
                true => tell(
                    SystemCheck::S902,
                    "the database is in memory: it is gone when the program ends".to_owned(),
                    "write the name of a file: sqlite://shop.db",
                ),
                false => tell(
                    SystemCheck::S903,
                    "the database is a file of SQLite: one machine, and one writer at a time".to_owned(),
                    "that may be enough; if not, PostgreSQL and MariaDB take the same models",
                ),
            }
        }
        if settings.statement_timeout.is_none() {
            tell(
                SystemCheck::S904,
                "a statement may take as long as it likes".to_owned(),
                "say how long: `.statement_timeout(Duration::from_secs(30))`",
            );
        }
        if settings.lock_timeout.is_none() && parts.scheme != "sqlite" {
            tell(
                SystemCheck::S905,
                "a statement may wait for a lock as long as it likes".to_owned(),
                "say how long: `.lock_timeout(Duration::from_secs(5))`",
            );
        }
        if settings.log_values {
            tell(
                SystemCheck::S908,
                "the values of statements are logged, whatever they are".to_owned(),
                "remove `.log_values(true)`",
            );
        }
        if parts.scheme != "sqlite" {
            if !parts.is_local && !knows_the_server(url) {
                tell(
                    SystemCheck::S906,
                    "the server is on another machine, and nobody asks whether it is the one".to_owned(),
                    "add `sslmode=verify-full` to the URL, with `sslrootcert=file.pem` for a root of your own",
                );
            }
            if !parts.is_local && !parts.has_password {
                tell(
                    SystemCheck::S910,
                    "the server is on another machine, and there is no password".to_owned(),
                    "give the user one, in the URL; a certificate of the client is not known here",
                );
            }
            if matches!(
                (parts.scheme, parts.user),
                ("postgres" | "postgresql", "postgres") | ("mysql" | "mariadb", "root")
            ) {
                tell(
                    SystemCheck::S907,
                    format!("the program logs in as `{}`, who may do everything", parts.user),
                    "make a user for the program that owns its tables and nothing else",
                );
            }
        }
        found
    }
}

/// Whether the connection is encrypted and the server shows who it is.
fn knows_the_server(url: &str) -> bool {
    let (_, [mode, roots]) = query_of(url, ["sslmode", "sslrootcert"]);
    match mode.as_deref() {
        Some("verify-ca" | "verify-full" | "verify_ca" | "verify_identity") => true,
        Some("require" | "required") => roots.is_some(),
        _ => false,
    }
}
