//! Each way in which a database refuses, and its code.

use crate::bed::*;
use orm::{Code, Database, Executor, Statement, Value};
use std::time::Duration;

async fn code(url: &str) -> Code {
    let error = Database::builder(url).connect_timeout(Duration::from_secs(2)).connect().await.unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error.code()
}

#[tokio::test]
async fn urls() {
    assert_eq!(code("").await, Code::BadUrl);
    assert_eq!(code("oracle://scott:hunter2@host/db").await, Code::BadUrl);
    assert_eq!(code("app.db").await, Code::BadUrl);
    assert_eq!(code("sqlite:").await, Code::BadUrl);
    assert_eq!(code("sqlite://").await, Code::BadUrl);
    assert_eq!(code("sqlite::memory").await, Code::BadUrl);
    assert_eq!(code("sqlite://app.db?mode=ro").await, Code::BadUrl);
    let settings = Database::builder("postgres://ada:hunter2@host/db");
    assert!(!format!("{settings:?}").contains("hunter2"));
    let zero = Database::builder("sqlite::memory:").pool_size(0).connect().await.unwrap_err();
    assert_eq!(zero.code(), Code::BadSetting);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_files() {
    assert_eq!(code("sqlite:///no/such/folder/app.db").await, Code::NoDatabase);
    let file = std::env::temp_dir().join(format!("orm_test_{}_text", std::process::id()));
    std::fs::write(
        &file,
        "this is a text and not a database, long enough to fill a header of a hundred bytes or so ........",
    )
    .unwrap();
    assert_eq!(code(&format!("sqlite://{}", file.display())).await, Code::NoDatabase);
    std::fs::remove_file(file).unwrap();
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn disabled_back_ends() {
    assert_eq!(code("postgres://ada:hunter2@host/db").await, Code::BackendDisabled);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_servers() {
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    assert_eq!(code("postgres://postgres:hunter2@127.0.0.1:1/db").await, Code::Unreachable);
    assert_eq!(code("postgres://ada:hunter2@[::1/db").await, Code::BadUrl);
    assert_eq!(code("postgres://ada:hunter2@host/db?sslmode=perhaps").await, Code::BadUrl);
    assert_eq!(code(&format!("{}_missing", bed.url)).await, Code::NoDatabase);
    // A server whose pg_hba.conf trusts everybody refuses nobody but roles that do not exist.
    let stranger = bed.url.replace("postgres@", "no_such_role:hunter2@");
    assert_eq!(code(&stranger).await, Code::LoginRefused);
    bed.finish().await;
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mariadb_servers() {
    let Some(bed) = Bed::new(Backend::MariaDb).await else { return };
    assert_eq!(code("mysql://root:hunter2@127.0.0.1:1/db").await, Code::Unreachable);
    assert_eq!(code("mysql://root:hunter2@host:no/db").await, Code::BadUrl);
    for nameless in ["mysql://root:hunter2@127.0.0.1:1", "mariadb://root:hunter2@127.0.0.1:1/?sslmode=disable"] {
        assert_eq!(code(nameless).await, Code::BadUrl);
    }
    assert_eq!(code(&format!("{}_missing", bed.url)).await, Code::NoDatabase);
    assert_eq!(code(&bed.url.replace("root@", "no_such_user:hunter2@")).await, Code::LoginRefused);
    assert_eq!(
        Database::connect(bed.url.replace("mysql://", "mariadb://")).await.unwrap().dialect(),
        orm::Dialect::MariaDb
    );
    bed.finish().await;
}

on_all! {
    async fn violations_name_what_was_violated(bed) {
        let db = &bed.db;
        db.batch("CREATE TABLE author (id bigint NOT NULL PRIMARY KEY, name varchar(50) NOT NULL)").await.unwrap();
        db.batch(
            "CREATE TABLE book (id bigint NOT NULL PRIMARY KEY, title varchar(50) NOT NULL, author_id bigint NOT NULL, \
             price bigint NOT NULL, CONSTRAINT book_author_title UNIQUE (author_id, title), \
             CONSTRAINT price_positive CHECK (price > 0), \
             CONSTRAINT book_author_fk FOREIGN KEY (author_id) REFERENCES author (id))",
        ).await.unwrap();
        db.batch("INSERT INTO author VALUES (1, 'Ada')").await.unwrap();
        let put = async |sql: &str| db.run(Execute(Statement::raw(sql, []))).await;
        put("INSERT INTO book VALUES (1, 'One', 1, 5)").await.unwrap();

        let error = put("INSERT INTO book VALUES (2, 'One', 1, 5)").await.unwrap_err();
        assert_eq!(error.code(), Code::UniqueViolation);
        assert!(error.sql().unwrap().contains("INSERT INTO book"));
        match bed.pick("named", "columns", "named") {
            "named" => assert_eq!(error.constraint(), Some("book_author_title")),
            _ => assert_eq!(error.fields(), ["author_id", "title"]),
        }
        let error = put("INSERT INTO book VALUES (1, 'Two', 1, 5)").await.unwrap_err();
        assert_eq!(error.code(), Code::UniqueViolation);

        let error = put("INSERT INTO book VALUES (3, 'Three', 9, 5)").await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation);
        let named = bed.pick("book_author_fk", "", "book_author_fk");
        assert_eq!(error.constraint().unwrap_or_default(), named);
        let error = put("DELETE FROM author").await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation);

        let error = put("INSERT INTO book VALUES (3, 'Three', 1, 0)").await.unwrap_err();
        assert_eq!((error.code(), error.constraint()), (Code::CheckViolation, Some("price_positive")), "{error}");

        let error = put("INSERT INTO book VALUES (3, NULL, 1, 1)").await.unwrap_err();
        assert_eq!(error.code(), Code::NotNullViolation);
        assert_eq!(error.fields(), ["title"]);
        assert_eq!(put("INSERT INTO book (id, author_id, price) VALUES (3, 1, 1)").await.unwrap_err().code(), Code::NotNullViolation);
    }

    async fn missing_tables_and_columns(bed) {
        with_table(bed).await;
        for sql in ["SELECT * FROM absent", "SELECT absent FROM t", "INSERT INTO absent VALUES (1)"] {
            let error = ints(&bed.db, sql).await.unwrap_err();
            assert_eq!(error.code(), Code::MissingTable, "{error}");
            assert!(error.hint().unwrap().contains("migrate"));
            assert!(error.sql().is_some());
        }
        assert_eq!(ints(&bed.db, "SELEKT 1").await.unwrap_err().code(), Code::Sql);
    }

    async fn locks_time_out(bed) {
        with_table(bed).await;
        insert(&bed.db, 1).await.unwrap();
        let other = Database::builder(&bed.url).lock_timeout(Duration::from_millis(200)).connect().await.unwrap();
        if bed.url.ends_with("memory:") { return }
        let tx = bed.db.begin().await.unwrap();
        tx.batch("UPDATE t SET id = 2").await.unwrap();
        let error = other.batch("UPDATE t SET id = 3").await.unwrap_err();
        assert_eq!(error.code(), Code::LockTimeout, "{error}");
        tx.rollback().await.unwrap();
        other.batch("UPDATE t SET id = 3").await.unwrap();
        other.close().await;
    }

    async fn deadlocks(bed) {
        if bed.pick("server", "", "server").is_empty() { return }
        bed.db.batch("CREATE TABLE d (id bigint PRIMARY KEY, n bigint)").await.unwrap();
        bed.db.batch("INSERT INTO d VALUES (1, 0), (2, 0)").await.unwrap();
        let (one, two) = (bed.db.begin().await.unwrap(), bed.db.begin().await.unwrap());
        one.batch("UPDATE d SET n = 1 WHERE id = 1").await.unwrap();
        two.batch("UPDATE d SET n = 2 WHERE id = 2").await.unwrap();
        let (a, b) = tokio::join!(
            one.batch("UPDATE d SET n = 1 WHERE id = 2"),
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                two.batch("UPDATE d SET n = 2 WHERE id = 1").await
            }
        );
        let (error, loser) = match (a, b) {
            (Err(error), Ok(())) => (error, one),
            (Ok(()), Err(error)) => (error, two),
            other => panic!("{other:?}"),
        };
        assert_eq!(error.code(), Code::Deadlock, "{error}");
        // It is rolled back already: nothing that follows may be committed on its own.
        assert_eq!(loser.batch("INSERT INTO d VALUES (3, 3)").await.unwrap_err().code(), Code::TransactionOver);
        assert_eq!(loser.commit().await.unwrap_err().code(), Code::TransactionOver);
    }

    async fn values_that_cannot_be_stored(bed) {
        let far = Value::Date(chrono::NaiveDate::from_ymd_opt(12_000, 1, 1).unwrap());
        let echo = Statement::raw(bed.pick("SELECT ?::text", "SELECT ?", "SELECT ?"), [Value::Text("a\0b".into())]);
        let text = bed.db.run(Query(echo, |cell| cell.text())).await;
        match bed.pick("refused", "kept", "kept") {
            "refused" => assert_eq!(text.unwrap_err().code(), Code::InvalidValue),
            _ => assert_eq!(text.unwrap(), ["a\0b"]),
        }
        if bed.pick("wide", "", "") != "wide" {
            let far = bed.db.run(Query(Statement::raw("SELECT ?", [far]), |cell| cell.date())).await;
            assert_eq!(far.unwrap_err().code(), Code::OutOfRange);
        }
        let precise = rust_decimal::Decimal::from_str_exact("1234567890.123456").unwrap();
        let exact = bed.db.run(Query(Statement::raw("SELECT ?", [Value::Decimal(precise)]), |cell| cell.decimal())).await;
        match bed.pick("kept", "refused", "kept") {
            "refused" => assert_eq!(exact.unwrap_err().code(), Code::InexactDecimal),
            _ => assert_eq!(exact.unwrap(), [precise]),
        }
    }
}
