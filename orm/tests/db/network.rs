//! Networks that swallow answers, and servers that end connections at the wrong moment.

use crate::bed::*;
use orm::{Code, Database};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What happens to the answers of the server.
const PASS: u8 = 0;
const SWALLOW: u8 = 1;
const CUT: u8 = 2;

/// A way to the server that can go bad.
struct Wire {
    url: String,
    answers: Arc<AtomicU8>,
}

impl Wire {
    /// None for SQLite, which is behind no wire.
    async fn to(bed: &Bed) -> Option<Wire> {
        let port = bed.pick("5432", "", "3306");
        let (before, rest) = bed.url.split_once("@")?;
        let (host, database) = rest.split_once('/')?;
        let server = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@127.0.0.1:{}/{database}", listener.local_addr().unwrap().port());
        let answers = Arc::new(AtomicU8::new(PASS));
        tokio::spawn({
            let answers = answers.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, TcpStream::connect(server.clone()).await.unwrap(), answers.clone()));
                }
            }
        });
        Some(Wire { url, answers })
    }

    fn answers(&self, what: u8) {
        self.answers.store(what, SeqCst);
    }
}

async fn carry(client: TcpStream, server: TcpStream, answers: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        match answers.load(SeqCst) {
            PASS if to_client.write_all(&buffer[..read]).await.is_err() => break,
            CUT => break,
            _ => {}
        }
    }
    up.abort();
}

on_all! {
    async fn a_server_that_does_not_answer_is_given_up(bed) {
        with_table(bed).await;
        let Some(wire) = Wire::to(bed).await else { return };
        let times = Database::builder(&wire.url)
            .pool_size(2)
            .statement_timeout(Duration::from_millis(300))
            .connect_timeout(Duration::from_millis(700));
        let db = times.connect().await.unwrap();
        insert(&db, 1).await.unwrap();
        wire.answers(SWALLOW);
        let begun = Instant::now();
        assert_eq!(ids(&db).await.unwrap_err().code(), Code::ConnectionLost);
        assert!(begun.elapsed() >= Duration::from_secs(1) && begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(db.begin().await.map(|_| ()).unwrap_err().code(), Code::Unreachable);
        wire.answers(PASS);
        assert_eq!(ids(&db).await.unwrap(), [1]);
        db.transaction(async |tx| insert(tx, 2).await).await.unwrap();
        db.close().await;
    }

    async fn sql_of_ones_own_is_run_once(bed) {
        with_table(bed).await;
        let Some(wire) = Wire::to(bed).await else { return };
        let db = Database::builder(&wire.url).pool_size(2).connect().await.unwrap();
        let insert = || orm::raw::<i64>("INSERT INTO t VALUES (?) RETURNING id");
        assert_eq!(insert().bind(1_i64).all(&db).await.unwrap(), [1]);
        // The server has done it, and nobody hears of it.
        wire.answers(CUT);
        assert_eq!(insert().bind(2_i64).all(&db).await.unwrap_err().code(), Code::ConnectionLost);
        wire.answers(PASS);
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2]);
        // What only reads is asked again: connections that lay in the pool are worth nothing after that.
        assert_eq!(ids(&db).await.unwrap(), [1, 2]);
        db.close().await;
    }
}
