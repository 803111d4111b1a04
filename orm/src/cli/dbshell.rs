//! `dbshell`: the database's own program for typing SQL.

use super::{Command, CommandFuture, Context};
use crate::{
    Code, Error, Result,
    db::{query_of, without_password},
};
use clap::Arg;
use std::io::ErrorKind;

pub(super) struct DbShell;

impl Command for DbShell {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("dbshell").about("Starts sqlite3, psql or mariadb on the project's database").arg(
            Arg::new("arguments")
                .value_name("ARGUMENT")
                .num_args(0..)
                .last(true)
                .help("What the program is given besides"),
        )
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { start(context) })
    }
}

fn start(context: &Context<'_>) -> Result<()> {
    let client = Client::of(context.named_url()?)?;
    let more: Vec<&String> = context.matches().get_many::<String>("arguments").into_iter().flatten().collect();
    for program in client.programs {
        let mut command = std::process::Command::new(program);
        command.args(&client.arguments).args(&more);
        // Arguments are seen by everybody on the machine.
        if let Some(password) = &client.password {
            command.env(client.variable, password);
        }
        match command.status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => {
                return Err(Error::new(Code::BadSetting, format!("`{program}` ended with {status}")));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::new(Code::BadSetting, format!("`{program}` cannot be started")).with_source(error));
            }
        }
    }
    let programs = client.programs.join("` nor `");
    Err(Error::new(Code::BadSetting, format!("there is no `{programs}` to be started"))
        .with_hint("install the client programs of the database"))
}

/// A program, and how it is to be started.
#[derive(Debug, PartialEq)]
struct Client {
    /// The first of these that there is.
    programs: &'static [&'static str],
    arguments: Vec<String>,
    password: Option<String>,
    /// The variable of the environment that takes it.
    variable: &'static str,
}

impl Client {
    fn of(url: &str) -> Result<Client> {
        let shown = without_password(url);
        let bad = |why: &str| Error::new(Code::BadUrl, format!("`{shown}` {why}"));
        let (scheme, rest) = url.split_once(':').ok_or_else(|| bad("is not the URL of a database"))?;
        let place = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "sqlite" if place.starts_with(":memory") => Err(bad("is gone with the program that made it")),
            "sqlite" => {
                Ok(Client { programs: &["sqlite3"], arguments: vec![place.to_owned()], password: None, variable: "" })
            }
            "postgres" | "postgresql" => {
                // It may stand among the settings as well.
                let (place, [set]) = query_of(place, ["password"]);
                let (login, host) = place.rsplit_once('@').map_or((None, &*place), |(login, host)| (Some(login), host));
                let (user, password) = login.map_or(("", None), apart);
                let at = if user.is_empty() { "" } else { "@" };
                let arguments = vec![format!("postgresql://{user}{at}{host}")];
                let password = set.as_deref().or(password).map(decoded);
                Ok(Client { programs: &["psql"], arguments, password, variable: "PGPASSWORD" })
            }
            "mysql" | "mariadb" => {
                let (place, [mode, roots]) = query_of(place, ["sslmode", "sslrootcert"]);
                let (login, host) = place.rsplit_once('@').map_or((None, &*place), |(login, host)| (Some(login), host));
                let (user, password) = login.map_or(("", None), apart);
                let (host, name) = host.split_once('/').ok_or_else(|| bad("names no database"))?;
                let (name, _) = name.split_once('?').unwrap_or((name, ""));
                let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
                let mut arguments = Vec::new();
                for (flag, value) in [("user", user), ("host", host), ("port", port)] {
                    if !value.is_empty() {
                        arguments.push(format!("--{flag}={}", decoded(value)));
                    }
                }
                match mode.as_deref() {
                    Some("verify-full" | "verify-ca") => arguments.push("--ssl-verify-server-cert".to_owned()),
                    Some("require") => arguments.push("--ssl".to_owned()),
                    _ => {}
                }
                arguments.extend(roots.map(|path| format!("--ssl-ca={}", decoded(&path))));
                arguments.push(decoded(name));
                let programs = &["mariadb", "mysql"];
                Ok(Client { programs, arguments, password: password.map(decoded), variable: "MYSQL_PWD" })
            }
            _ => Err(bad("is not the URL of a database")),
        }
    }
}

/// User and password of a login.
fn apart(login: &str) -> (&str, Option<&str>) {
    login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)))
}

/// What is percent-encoded in a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn arguments(url: &str) -> String {
        let client = Client::of(url).unwrap();
        let password = client.password.map(|password| format!(" {}={password}", client.variable)).unwrap_or_default();
        format!("{} {}{password}", client.programs[0], client.arguments.join(" "))
    }

    #[test]
    fn each_database_has_its_program_and_no_password_among_the_arguments() {
        assert_eq!(arguments("sqlite://shop.db"), "sqlite3 shop.db");
        assert_eq!(
            arguments("postgres://me:s%40cret@host:5433/shop?sslmode=require"),
            "psql postgresql://me@host:5433/shop?sslmode=require PGPASSWORD=s@cret"
        );
        assert_eq!(
            arguments("postgres://me@host/shop?password=s%40cret&sslmode=require"),
            "psql postgresql://me@host/shop?sslmode=require PGPASSWORD=s@cret"
        );
        assert_eq!(arguments("postgres://localhost/shop"), "psql postgresql://localhost/shop");
        assert_eq!(
            arguments("mysql://me:p@ss@host:3307/shop?sslmode=verify-full"),
            "mariadb --user=me --host=host --port=3307 --ssl-verify-server-cert shop MYSQL_PWD=p@ss"
        );
        assert_eq!(Client::of("sqlite::memory:").unwrap_err().code(), Code::BadUrl);
        assert_eq!(Client::of("oracle://host").unwrap_err().code(), Code::BadUrl);
    }
}
