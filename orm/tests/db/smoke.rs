//! The shortest way through everything, on SQLite in memory.

use orm::{Access, Code, Connection, Database, Executor, Operation, Result, Statement, Value};

pub struct Query(pub Statement);
impl Operation for Query {
    type Output = Vec<i64>;
    fn access(&self) -> Access {
        Access::Read
    }
    async fn run(&mut self, conn: &mut Connection) -> Result<Vec<i64>> {
        let mut out = Vec::new();
        conn.query(&self.0, &mut |row| {
            out.push(row.cell(0).i64()?);
            Ok(())
        })
        .await?;
        Ok(out)
    }
}

pub struct Execute(pub Statement);
impl Operation for Execute {
    type Output = u64;
    fn access(&self) -> Access {
        Access::Write
    }
    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

async fn all<E: Executor>(ex: &E) -> Result<Vec<i64>> {
    ex.run(Query(Statement::raw("SELECT id FROM t ORDER BY id", []))).await
}

async fn insert<E: Executor>(ex: &E, id: i64) -> Result<u64> {
    ex.run(Execute(Statement::raw("INSERT INTO t VALUES (?)", [Value::I64(id)]))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    db.batch("CREATE TABLE t (id INTEGER PRIMARY KEY)").await.unwrap();
    let db2 = db.clone();
    tokio::spawn(async move {
        db2.transaction(async |tx| {
            insert(tx, 1).await?;
            let nested = tx
                .transaction(async |tx| {
                    insert(tx, 2).await?;
                    insert(tx, 1).await
                })
                .await;
            assert_eq!(nested.unwrap_err().code(), Code::UniqueViolation);
            assert_eq!(all(tx).await?, [1]);
            assert_eq!(all(&db2).await.unwrap_err().code(), Code::OutsideTransaction);
            tx.transaction(async |tx| insert(tx, 3).await).await
        })
        .await
    })
    .await
    .unwrap()
    .unwrap();
    assert_eq!(all(&db).await.unwrap(), [1, 3]);
    let failed = db
        .transaction(async |tx| {
            insert(tx, 7).await?;
            insert(tx, 7).await
        })
        .await;
    assert_eq!(failed.unwrap_err().code(), Code::UniqueViolation);
    assert_eq!(all(&db).await.unwrap(), [1, 3]);
}
