//! A primary and a replica that follows it: where reads go, what a session sees of what it wrote, and servers that are killed under load.
//!
//! The two are servers of their own, of the PostgreSQL that is installed here.

use orm::{Code, prelude::*, sql};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

orm::app! { pub ledger { Entry } }

#[derive(Model, Debug, Clone)]
pub struct Entry {
    pub id: i64,
    pub task: i64,
    pub number: i64,
}

/// Two servers in a folder, gone when this is dropped.
struct Servers {
    folder: PathBuf,
    bin: PathBuf,
    first_port: u16,
}

impl Servers {
    /// None, said plainly, where PostgreSQL is not installed.
    fn start() -> Option<Servers> {
        let found = Command::new("pg_config").arg("--bindir").output();
        let found = found.ok().filter(|out| out.status.success());
        let bin = found.map(|out| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim())).or_else(|| {
            let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
            versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).find(|bin| bin.join("initdb").exists())
        });
        let Some(bin) = bin.filter(|bin| bin.join("initdb").exists()) else {
            assert!(std::env::var_os("CI").is_none(), "the programs of PostgreSQL are not installed");
            println!("NOT RUN: the programs of PostgreSQL are not installed");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("orm_replicas_{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            assert!(Command::new("chown").args(["postgres"]).arg(&folder).status().unwrap().success());
        }
        let first_port = (std::process::id() % 20_000 + 20_000) as u16;
        let servers = Servers { folder, bin, first_port };
        servers.program("initdb", &["-D", &servers.data(0), "-U", "postgres", "-A", "trust", "-N"]);
        let settings = format!(
            "port = {first_port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nwal_level = replica\nmax_wal_senders = 4\nhot_standby = on\nfsync = off\n"
        );
        let file = Path::new(&servers.data(0)).join("postgresql.conf");
        std::fs::write(&file, settings).unwrap();
        servers.up(0);
        let port = first_port.to_string();
        servers.program(
            "pg_basebackup",
            &[
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-D",
                &servers.data(1),
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
            ],
        );
        servers.up(1);
        Some(servers)
    }

    fn data(&self, server: u16) -> String {
        self.folder.join(format!("server{server}")).display().to_string()
    }

    fn url(&self, server: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.first_port + server)
    }

    /// The servers refuse to run as root.
    fn command(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    }

    fn program(&self, name: &str, arguments: &[&str]) {
        let out = self
            .command(name)
            .args(arguments)
            .current_dir(&self.folder)
            .stdout(std::process::Stdio::null())
            .stderr(std::fs::File::create(self.folder.join("errors")).unwrap())
            .status();
        let said = std::fs::read_to_string(self.folder.join("errors")).unwrap_or_default();
        assert!(out.unwrap().success(), "{name} {arguments:?}: {said}");
    }

    fn up(&self, server: u16) {
        let port = format!("-p {}", self.first_port + server);
        let log = self.folder.join(format!("log{server}")).display().to_string();
        self.program("pg_ctl", &["-D", &self.data(server), "-w", "-t", "60", "-o", &port, "-l", &log, "start"]);
    }

    /// As if the machine had lost its power.
    fn kill(&self, server: u16) {
        self.program("pg_ctl", &["-D", &self.data(server), "-w", "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in [1, 0] {
            let _ = self
                .command("pg_ctl")
                .args(["-D", &self.data(server), "-m", "immediate", "stop"])
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// 1 where a replica tells it.
const REPLICA: &str = "pg_is_in_recovery()::int::bigint";

/// How many entries there are, and whether a replica tells it.
async fn seen(db: &Database) -> orm::Result<(u64, bool)> {
    let (count, replica) =
        Entry::objects().aggregate(|_| (orm::count(), sql::<Entry, i64>(REPLICA).max())).get(db).await?;
    Ok((count as u64, replica == Some(1)))
}

async fn write(task: i64, number: i64, db: &Database) -> orm::Result<Entry> {
    Entry::draft().task(task).number(number).create(db).await
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_go_to_a_replica_that_has_followed_far_enough() -> orm::Result<()> {
    let Some(servers) = tokio::task::spawn_blocking(Servers::start).await.unwrap() else { return Ok(()) };
    let servers = Arc::new(servers);
    let db = Database::builder(servers.url(0))
        .replica(servers.url(1))
        .pool_size(4)
        .acquire_timeout(Duration::from_secs(10))
        .connect()
        .await?;
    orm::migrate::create_tables(&db, &[ledger()]).await?;
    // Of no rows nothing can be told.
    write(0, 0, &db).await?;
    let replica = Database::connect(servers.url(1)).await?;
    until("following", async || seen(&replica).await.is_ok_and(|(count, _)| count == 1)).await;

    // Who has written nothing is told by the replica; the primary, when that is asked for, and whatever locks or writes.
    assert_eq!(seen(&db.session()).await?, (1, true));
    assert_eq!(seen(&db.session().primary()).await?, (1, false));
    let session = db.session();
    let in_transaction = session.transaction(async |tx| {
        let told = Entry::objects().aggregate(|_| sql::<Entry, i64>(REPLICA).max()).get(tx).await?;
        Ok(told)
    });
    assert_eq!(in_transaction.await?, Some(0));
    let raw = orm::raw::<bool>("SELECT pg_is_in_recovery()").get(&db.session()).await?;
    assert!(!raw, "what raw SQL does is not known");

    // One that may not lag far is read from for as long as it does not.
    let max_lag = Duration::from_millis(600);
    let punctual = Database::builder(servers.url(0)).replica(servers.url(1)).max_lag(max_lag).connect().await?;
    until("being punctual", async || seen(&punctual.session()).await.unwrap() == (1, true)).await;

    // A replica that stands still: the session that wrote sees it, by the primary; others go on reading what was.
    orm::raw::<String>("SELECT pg_wal_replay_pause()::text").get(&replica).await?;
    write(0, 0, &session).await?;
    assert_eq!(seen(&session).await?, (2, false));
    assert_eq!(seen(&session.clone()).await?, (2, false));
    assert_eq!(seen(&db.session()).await?, (1, true));
    until("passing over what lags", async || seen(&punctual.session()).await.unwrap() == (2, false)).await;
    assert!(punctual.replicas()[0].available);
    // What decides about tables is what is there.
    session.batch("CREATE TABLE just_made (id INTEGER)").await?;
    let tables = orm::migrate::introspect(&db.session()).await?;
    assert!(format!("{tables:?}").contains("just_made"));
    orm::raw::<String>("SELECT pg_wal_replay_resume()::text").get(&replica).await?;
    until("reading what was written by the replica", async || seen(&session).await.unwrap() == (2, true)).await;
    until("reading from it again", async || seen(&punctual.session()).await.unwrap() == (2, true)).await;
    punctual.close().await;
    // Also what a transaction wrote.
    session.transaction(async |tx| Entry::draft().task(0).number(1).create(tx).await).await?;
    assert_eq!(seen(&session).await?.0, 3);
    until("following", async || seen(&db.session()).await.unwrap() == (3, true)).await;

    // Killed and restarted under load: no read fails, and each session sees what it wrote.
    let (stop, reads, from_replica) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (1..=8)
        .map(|task| {
            let (db, stop, reads, from_replica) = (db.clone(), stop.clone(), reads.clone(), from_replica.clone());
            tokio::spawn(async move {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    let session = db.session();
                    if number % 4 == 0 {
                        write(task, number, &session).await?;
                    }
                    let newest = Entry::objects().filter(|e| e.task.eq(task));
                    let (newest, replica) =
                        newest.aggregate(|e| (e.number.max(), sql::<Entry, i64>(REPLICA).max())).get(&session).await?;
                    if number % 4 == 0 {
                        assert_eq!(newest, Some(number), "task {task} does not see what it wrote");
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                    from_replica.fetch_add(u64::from(replica == Some(1)), Ordering::Relaxed);
                    number += 1;
                }
                Ok::<i64, orm::Error>(number)
            })
        })
        .collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let (killed, again) = (servers.clone(), servers.clone());
        tokio::task::spawn_blocking(move || killed.kill(1)).await.unwrap();
        until("leaving it alone", async || !db.replicas()[0].available).await;
        tokio::task::spawn_blocking(move || again.up(1)).await.unwrap();
        until("coming back", async || seen(&db.session()).await.unwrap().1).await;
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap()?;
    }
    let (reads, from_replica) = (reads.load(Ordering::Relaxed), from_replica.load(Ordering::Relaxed));
    println!("{reads} reads, {from_replica} of them by the replica");
    assert!(from_replica > 100, "{from_replica} of {reads} reads by the replica");

    // The primary is killed: reads go on, writes are refused or lost on the way, and none that was acknowledged is gone.
    let before = seen(&db.primary()).await?.0;
    until("following", async || seen(&db.session()).await.unwrap() == (before, true)).await;
    let killed = servers.clone();
    tokio::task::spawn_blocking(move || killed.kill(0)).await.unwrap();
    assert_eq!(seen(&db.session()).await?, (before, true));
    let refused = write(99, 0, &db.session()).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unreachable | Code::ConnectionLost), "{refused}");
    let again = servers.clone();
    tokio::task::spawn_blocking(move || again.up(0)).await.unwrap();
    until("writing again", async || write(99, 1, &db.session()).await.is_ok()).await;
    assert_eq!(seen(&db.primary()).await?.0, before + 1);
    replica.close().await;
    db.close().await;
    Ok(())
}

#[tokio::test]
async fn replicas_are_servers_of_the_same_kind() {
    for (primary, replica) in [("sqlite::memory:", "sqlite::memory:"), ("sqlite::memory:", "postgres://localhost/x")] {
        let error = Database::builder(primary).replica(replica).connect().await.unwrap_err();
        assert_eq!(error.code(), Code::BadSetting);
    }
    let shown = format!("{:?}", Database::builder("postgres://a:b@c/d").replica("postgres://e:secret@f/d"));
    assert!(!shown.contains("secret"), "{shown}");
}
