//! Every future is `Send`, in spawned tasks, in handlers, borrowing and nested, on both kinds of runtime; and small.

use crate::bed::*;
use axum::{Router, extract::State, routing::get};
use orm::{Database, Executor, Result, Transaction};

fn send<T: Send>(value: T) -> T {
    value
}

async fn deep(db: &Database, names: &[i64]) -> Result<usize> {
    let mut seen = Vec::new();
    db.transaction(async |tx| {
        for name in names {
            insert(tx, *name).await?;
            tx.transaction(async |tx| {
                seen.push(ids(tx).await?.len());
                helper(tx).await
            })
            .await?;
        }
        Ok(())
    })
    .await?;
    Ok(seen.len())
}

async fn helper(tx: &mut Transaction) -> Result<()> {
    tx.transaction(async |tx| ids(tx).await.map(drop)).await
}

fn recursive<'a>(tx: &'a mut Transaction, depth: u32) -> futures_util::future::BoxFuture<'a, Result<u32>> {
    Box::pin(async move {
        if depth == 0 {
            return Ok(0);
        }
        tx.transaction(async |tx| recursive(tx, depth - 1).await).await.map(|below| below + 1)
    })
}

async fn handler(State(db): State<Database>) -> String {
    let all = db.transaction(async |tx| ids(tx).await).await.unwrap();
    format!("{:?} {:?}", all, ids(&db).await.unwrap())
}

async fn generic<E: Executor>(ex: &E) -> Result<Vec<i64>> {
    send(async { ids(ex).await }).await
}

on_all! {
    async fn in_tasks(bed) {
        with_table(bed).await;
        let db = bed.db.clone();
        let names = vec![1, 2, 3];
        let seen = tokio::spawn(send(async move { deep(&db, &names).await })).await.unwrap().unwrap();
        assert_eq!(seen, 3);
        let db = bed.db.clone();
        let depth = tokio::spawn(async move { db.transaction(async |tx| recursive(tx, 12).await).await });
        assert_eq!(depth.await.unwrap().unwrap(), 12);
        assert_eq!(generic(&bed.db).await.unwrap(), [1, 2, 3]);
    }

    async fn in_handlers(bed) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        with_table(bed).await;
        insert(&bed.db, 7).await.unwrap();
        let app = Router::new()
            .route("/", get(handler))
            .route("/closure", get({
                let db = bed.db.clone();
                || async move { db.transaction(async |tx| { insert(tx, 8).await?; ids(tx).await }).await.map(|all| format!("{all:?}")).unwrap() }
            }))
            .with_state(bed.db.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        for (path, expected) in [("/", "[7] [7]"), ("/closure", "[7, 8]")] {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with(expected), "{answer}");
        }
        server.abort();
    }

    async fn many_tasks_at_once(bed) {
        with_table(bed).await;
        let tasks: Vec<_> = (0..64).map(|id| {
            let db = bed.db.clone();
            tokio::spawn(async move {
                for step in 0..5 {
                    if step % 2 == 0 {
                        insert(&db, id * 10 + step).await?;
                    } else {
                        db.transaction(async |tx| { ids(tx).await?; insert(tx, id * 10 + step).await }).await?;
                    }
                    ids(&db).await?;
                }
                Ok::<_, orm::Error>(())
            })
        }).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(ids(&bed.db).await.unwrap().len(), 320);
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "current_thread")]
async fn on_one_thread() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let db = bed.db.clone();
    let inside = tokio::join!(
        db.transaction(async |tx| {
            insert(tx, 1).await?;
            tokio::task::yield_now().await;
            insert(tx, 2).await
        }),
        db.transaction(async |tx| {
            insert(tx, 3).await?;
            tokio::task::yield_now().await;
            insert(tx, 4).await
        }),
        ids(&db),
    );
    inside.0.unwrap();
    inside.1.unwrap();
    assert_eq!(ids(&db).await.unwrap(), [1, 2, 3, 4]);
    drop(db);
    bed.finish().await;
}

/// What connects and what talks to a server is large, and rarely what is awaited just now: it is boxed.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn futures_are_small() {
    let bed = Bed::new(Backend::Memory).await.unwrap();
    let db = &bed.db;
    let sizes = [
        std::mem::size_of_val(&db.ping()),
        std::mem::size_of_val(&db.begin()),
        std::mem::size_of_val(&insert(db, 1)),
        std::mem::size_of_val(&db.transaction(async |tx| insert(tx, 1).await)),
    ];
    assert!(sizes.iter().all(|&size| size <= 1_024), "{sizes:?}");
}
