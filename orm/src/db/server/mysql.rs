//! MariaDB and MySQL: the URL, TLS, and a session in the state that the library expects.

use crate::db::{
    Connection, Settings,
    link::{Held, Link},
    settings::{query_of, without_password},
};
use crate::{Code, Dialect, Error, Result, Statement};
use diesel_async::AsyncMysqlConnection;
use mysql_async::{Opts, OptsBuilder, SslOpts};
use std::sync::Arc;

pub(in crate::db) struct Target {
    opts: Opts,
    shown: String,
}

/// Strict, and `"` quotes text: what the library's SQL is written for.
pub(in crate::db) const SQL_MODE: &str = "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// MariaDB cuts a recursion off without an error after so many steps; whoever wants a limit has `statement_timeout`.
pub(in crate::db) const ENDLESS: &str = "4294967295";

/// In bytes, texts that are put together of many rows: beyond, they are cut off without an error. MariaDB takes no more. The servers also
/// cut them at `max_allowed_packet`.
pub(in crate::db) const LONGEST_TEXT: &str = "1073741824";

impl Target {
    pub(super) fn new(url: &str) -> Result<Self> {
        let shown = without_password(url);
        let (plain, [mode, roots]) = query_of(url, ["sslmode", "sslrootcert"]);
        let plain = match plain.strip_prefix("mariadb://") {
            Some(rest) => format!("mysql://{rest}"),
            None => plain,
        };
        let opts = Opts::from_url(&plain).map_err(|error| {
            Error::new(Code::BadUrl, format!("the URL `{shown}` cannot be read: {error}")).with_hint(
                "write mysql://user:password@host:3306/database?sslmode=verify-full, with special characters \
                    of the password percent-encoded",
            )
        })?;
        if opts.db_name().is_none_or(str::is_empty) {
            return Err(Error::new(Code::BadUrl, format!("the URL `{shown}` names no database")).with_hint(
                "write its name after the host, as in mysql://host/shop; one that every server has is `information_schema`",
            ));
        }
        let roots: Vec<_> = roots.into_iter().map(|file| std::path::PathBuf::from(file).into()).collect();
        let ssl = match mode.as_deref() {
            None => opts.ssl_opts().cloned(),
            Some("disable" | "disabled") => None,
            Some("require" | "required") if roots.is_empty() => {
                Some(SslOpts::default().with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true))
            }
            Some("require" | "required") => Some(SslOpts::default().with_root_certs(roots)),
            Some("verify-ca" | "verify_ca") => {
                Some(SslOpts::default().with_root_certs(roots).with_danger_skip_domain_validation(true))
            }
            Some("verify-full" | "verify_identity") => Some(SslOpts::default().with_root_certs(roots)),
            Some(other) => {
                return Err(Error::new(Code::BadUrl, format!("`sslmode={other}` is not known"))
                    .with_hint("one of disable, require, verify-ca and verify-full"));
            }
        };
        let opts = OptsBuilder::from_opts(opts)
            .ssl_opts(ssl)
            // Diesel's cache is the one in use.
            .stmt_cache_size(0)
            // An UPDATE counts the rows it found, as it does in the other databases.
            .client_found_rows(true)
            // A socket would be asked for first, for which the URL gave no login.
            .prefer_socket(false);
        Ok(Target { opts: opts.into(), shown })
    }

    pub(super) async fn connect(&self, settings: &Arc<Settings>) -> Result<Connection<'static>> {
        let conn = mysql_async::Conn::new(self.opts.clone()).await.map_err(|error| self.refused(&error))?;
        let conn = AsyncMysqlConnection::try_from(conn)
            .await
            .map_err(|error| Error::new(Code::Unreachable, format!("cannot connect to `{}`: {error}", self.shown)))?;
        let mut conn = Connection::new(Link::Mysql(Held::Ours(Box::new(conn))), Dialect::MySql, settings.clone());
        // Errors are told apart by their English text where the driver keeps no number.
        let mut setup = format!(
            "SET NAMES utf8mb4; SET SESSION sql_mode = '{SQL_MODE}', time_zone = '+00:00', lc_messages = 'en_US', \
             foreign_key_checks = 1, unique_checks = 1, autocommit = 1, group_concat_max_len = {LONGEST_TEXT}; \
             SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;"
        );
        let mut version = String::new();
        conn.query(&Statement::raw("SELECT VERSION()", []), &mut |row| {
            version = row.cell(0).text()?;
            Ok(())
        })
        .await?;
        if version.contains("MariaDB") {
            conn.set_dialect(Dialect::MariaDb);
            setup.push_str(&format!("SET SESSION max_recursive_iterations = {ENDLESS};"));
        } else {
            setup.push_str(&format!("SET SESSION cte_max_recursion_depth = {ENDLESS};"));
        }
        if let Some(time) = settings.lock_timeout {
            let seconds = time.as_secs_f64().ceil().max(1.0);
            setup
                .push_str(&format!("SET SESSION innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds};"));
        }
        if let Some(time) = settings.statement_timeout {
            setup.push_str(&match conn.dialect() {
                Dialect::MariaDb => format!("SET SESSION max_statement_time = {};", time.as_secs_f64()),
                // MySQL limits only what reads.
                _ => format!("SET SESSION max_execution_time = {};", time.as_millis().max(1)),
            });
        }
        conn.batch(&setup).await?;
        let name = self.opts.db_name().unwrap_or_default().replace('`', "``");
        conn.setup = format!("USE `{name}`; {setup} DO RELEASE_ALL_LOCKS();").into();
        Ok(conn)
    }

    #[cold]
    fn refused(&self, error: &mysql_async::Error) -> Error {
        let (code, hint) = match error {
            mysql_async::Error::Server(server) => match server.code {
                1044 | 1045 | 1698 => (Code::LoginRefused, "check user, password and the user's rights"),
                1049 => (Code::NoDatabase, "create it: CREATE DATABASE name CHARACTER SET utf8mb4"),
                1040 | 1203 => (Code::Unreachable, "lower `pool_size`, or raise the server's max_connections"),
                _ => (Code::Unreachable, "the server answered, but refused the connection"),
            },
            mysql_async::Error::Driver(_) => {
                (Code::Unreachable, "the server and the driver do not agree; see `sslmode`")
            }
            _ => (Code::Unreachable, "is the server running, and are host and port right?"),
        };
        Error::new(code, format!("cannot connect to `{}`: {error}", self.shown)).with_hint(hint)
    }
}
