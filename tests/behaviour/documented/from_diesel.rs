//! The examples of `docs/from-diesel.md`: every block of the document stands here as it stands there.

use crate::bed::{Backend, behaviour};
use diesel::SqliteConnection;
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
};
use orm::{AfterCommit, Code, prelude::*};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

mod schema {
    diesel::table! {
        customers (id) {
            id -> BigInt,
            name -> Text,
            credit -> BigInt,
        }
    }

    diesel::table! {
        orders (id) {
            id -> BigInt,
            customer_id -> BigInt,
            cents -> BigInt,
        }
    }

    diesel::allow_tables_to_appear_in_same_query!(customers, orders);
}

orm::app! { pub diesel_shop { Customer } }

#[derive(Model, Debug, Clone)]
#[model(table = "customers", managed = false)] // Diesel's migrations go on making it
pub struct Customer {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    #[field(min = 0)]
    pub credit: i64,
}

/// What the Diesel project has, on SQLite.
mod project {
    use super::schema::{customers, orders};
    use diesel::{QueryResult, SqliteConnection, prelude::*};

    // As they were: the project's own functions, one with a transaction of Diesel's.
    #[derive(Queryable, Selectable, Debug, PartialEq)]
    #[diesel(table_name = orders)]
    pub struct Order {
        pub id: i64,
        pub customer_id: i64,
        pub cents: i64,
    }

    pub fn insert_order(conn: &mut SqliteConnection, customer: i64, cents: i64) -> QueryResult<Order> {
        conn.transaction(|conn| {
            let row = (orders::customer_id.eq(customer), orders::cents.eq(cents));
            diesel::insert_into(orders::table).values(row).returning(Order::as_returning()).get_result(conn)
        })
    }

    pub fn sales(conn: &mut SqliteConnection) -> QueryResult<Vec<(String, i64)>> {
        let both = customers::table.inner_join(orders::table.on(orders::customer_id.eq(customers::id)));
        both.select((customers::name, orders::cents)).order(orders::id).load(conn)
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>; // for `?` of both

fn place_in_the_project(conn: &mut SqliteConnection, customer: i64, cents: i64) -> Result<project::Order, Failure> {
    conn.immediate_transaction(|conn| {
        let customer = orm::on_sqlite(conn, async |db| {
            let mut customer = Customer::get(customer, db).await?.edit();
            customer.credit -= cents;
            customer.save(db).await // refused when it falls below 0
        })?;
        Ok(project::insert_order(conn, customer.id, cents)?)
    })
}

async fn place_by_the_pool(pool: &Pool<AsyncPgConnection>, customer: i64, cents: i64) -> Result<i64, Failure> {
    let mut conn = pool.get().await?;
    conn.transaction(async |conn| {
        let customer = orm::on_postgres(conn, async |db| {
            let of_this = Customer::objects().filter(|c| c.id.eq(customer));
            let mut customer = of_this.for_update().get(db).await?.edit(); // nobody else changes it meanwhile
            customer.credit -= cents;
            customer.save(db).await
        })
        .await?;
        Ok(project_async::insert_order(conn, customer.id, cents).await?)
    })
    .await
}

/// The same on MariaDB.
async fn place_on_theirs(conn: &mut AsyncMysqlConnection, customer: i64, cents: i64) -> Result<usize, Failure> {
    conn.transaction(async |conn| {
        let customer = orm::on_mysql(conn, async |db| {
            let of_this = Customer::objects().filter(|c| c.id.eq(customer));
            let mut customer = of_this.for_update().get(db).await?.edit();
            customer.credit -= cents;
            customer.save(db).await
        })
        .await?;
        Ok(project_async::insert_on_mariadb(conn, customer.id, cents).await?)
    })
    .await
}

static LETTERS: AtomicU32 = AtomicU32::new(0);

async fn pay_in(db: &Database, customer: i64, cents: i64) -> orm::Result<()> {
    db.transaction(async |tx| {
        tx.on_commit(async || {
            LETTERS.fetch_add(1, SeqCst);
        });
        Customer::objects().filter(|c| c.id.eq(customer)).update(|c| c.credit.set(c.credit + cents), tx).await?;
        Ok(())
    })
    .await
}

async fn by_the_pool(pool: &Pool<AsyncPgConnection>, customer: i64) -> Result<u64, Failure> {
    // Outside of a transaction, too; on a connection out of whatever pool there is.
    let mut conn = pool.get().await?;
    let rich = orm::on_postgres(&mut conn, async |db| Customer::objects().filter(|c| c.credit.gte(70)).count(db).await)
        .await?;

    let after = AfterCommit::new();
    let paid: Result<(), Failure> = conn
        .transaction(async |conn| {
            after.on_postgres(conn, async |db| pay_in(db, customer, 5).await).await?;
            Ok(())
        })
        .await;
    paid?;
    after.run().await; // letters go out, now that it is stored

    Ok(rich)
}

// Customers by a model, orders by Diesel; both are written, or neither.
async fn place(db: &Database, customer: i64, cents: i64) -> orm::Result<project::Order> {
    db.transaction(async |tx| {
        let mut customer = Customer::get(customer, tx).await?.edit();
        customer.credit -= cents;
        let customer = customer.save(tx).await?; // refused when it falls below 0
        tx.with_sqlite(move |conn| project::insert_order(conn, customer.id, cents)).await
    })
    .await
}

/// The same with `diesel-async`.
mod project_async {
    use super::schema::orders;
    use diesel::{QueryResult, prelude::*};
    use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl};

    pub async fn insert_order(conn: &mut AsyncPgConnection, customer: i64, cents: i64) -> QueryResult<i64> {
        conn.transaction(async |conn| {
            let row = (orders::customer_id.eq(customer), orders::cents.eq(cents));
            diesel::insert_into(orders::table).values(row).returning(orders::id).get_result(conn).await
        })
        .await
    }

    pub async fn insert_on_mariadb(conn: &mut AsyncMysqlConnection, customer: i64, cents: i64) -> QueryResult<usize> {
        let row = (orders::customer_id.eq(customer), orders::cents.eq(cents));
        diesel::insert_into(orders::table).values(row).execute(conn).await
    }
}

async fn place_on_postgres(db: &Database, customer: i64, cents: i64) -> orm::Result<i64> {
    db.transaction(async |tx| {
        let of_this = Customer::objects().filter(|c| c.id.eq(customer));
        let mut customer = of_this.for_update().get(tx).await?.edit(); // nobody else changes it meanwhile
        customer.credit -= cents;
        let customer = customer.save(tx).await?;
        tx.with_postgres(async |conn| project_async::insert_order(conn, customer.id, cents).await).await
    })
    .await
}

async fn place_on_mariadb(db: &Database, customer: i64, cents: i64) -> orm::Result<usize> {
    db.transaction(async |tx| {
        let of_this = Customer::objects().filter(|c| c.id.eq(customer));
        let mut customer = of_this.for_update().get(tx).await?.edit();
        customer.credit -= cents;
        let customer = customer.save(tx).await?;
        tx.with_mysql(async |conn| project_async::insert_on_mariadb(conn, customer.id, cents).await).await
    })
    .await
}

async fn ask_alone(db: &Database) -> orm::Result<Vec<(String, i64)>> {
    // Outside of a transaction, too.
    let sales = db.with_sqlite(project::sales).await?;

    Ok(sales)
}

mod both {
    use super::{Customer, Failure, schema::orders};
    use diesel::prelude::*;
    use orm::prelude::*;

    pub fn orders_of(conn: &mut SqliteConnection, name: &str) -> Result<i64, Failure> {
        let of_name = Customer::objects().filter(|c| c.name.iexact(name));
        let customer = orm::on_sqlite(conn, async |db| of_name.get(db).await)?;
        Ok(orders::table.filter(orders::customer_id.eq(customer.id)).count().get_result(conn)?)
    }
}

behaviour! {
    async fn one_table_at_a_time(bed) {
        let db = &bed.db;
        let key = match bed.backend {
            Backend::Postgres => "BIGSERIAL PRIMARY KEY",
            Backend::MariaDb => "BIGINT AUTO_INCREMENT PRIMARY KEY",
            _ => "INTEGER PRIMARY KEY AUTOINCREMENT",
        };
        // As `up.sql` of Diesel's migrations has it.
        db.batch(format!("CREATE TABLE customers (id {key}, name varchar(100) NOT NULL, credit bigint NOT NULL)")).await?;
        db.batch(format!("CREATE TABLE orders (id {key}, customer_id bigint NOT NULL, cents bigint NOT NULL CHECK (cents > 0))"))
            .await?;
        let ada = Customer::draft().name("Ada").credit(100).create(db).await?;
        for (cents, code) in [(30, None), (90, Some(Code::OutOfRange)), (-5, Some(Code::CheckViolation))] {
            let placed = match bed.backend {
                Backend::Postgres => place_on_postgres(db, ada.id, cents).await.map(|_| ()),
                Backend::MariaDb => place_on_mariadb(db, ada.id, cents).await.map(|_| ()),
                _ => place(db, ada.id, cents).await.map(|order| assert_eq!(order.cents, 30)),
            };
            assert_eq!(placed.err().map(|error| error.code()), code);
            // What Diesel refused has taken the credit back as well.
            assert_eq!(Customer::get(ada.id, db).await?.credit, 70);
        }
        assert_eq!(orm::raw::<i64>("SELECT cents FROM orders").get(db).await?, 30);
        if !matches!(bed.backend, Backend::Postgres | Backend::MariaDb) {
            assert_eq!(ask_alone(db).await?, [("Ada".to_owned(), 30)]);
        }
        Ok(())
    }

    async fn one_table_at_a_time_on_the_project_s_own_connections(bed) {
        let db = &bed.db;
        let key = match bed.backend {
            Backend::Postgres => "BIGSERIAL PRIMARY KEY",
            Backend::MariaDb => "BIGINT AUTO_INCREMENT PRIMARY KEY",
            _ => "INTEGER PRIMARY KEY AUTOINCREMENT",
        };
        let tables = format!(
            "CREATE TABLE customers (id {key}, name varchar(100) NOT NULL, credit bigint NOT NULL);
            CREATE TABLE orders (id {key}, customer_id bigint NOT NULL, cents bigint NOT NULL CHECK (cents > 0))"
        );
        let cases = [(30, None), (90, Some("value.out_of_range")), (-5, Some("constraint"))];
        let told = |placed: Result<(), Failure>, wanted: Option<&str>| match (placed, wanted) {
            (Ok(()), None) => {}
            (Err(error), Some(wanted)) => {
                let text = error.to_string();
                assert!(text.to_lowercase().contains(&wanted.to_lowercase()), "{text}");
            }
            (placed, wanted) => panic!("{placed:?} {wanted:?}"),
        };
        match bed.backend {
            Backend::Postgres => {
                db.batch(tables).await?;
                let ada = Customer::draft().name("Ada").credit(100).create(db).await?.id;
                let pool = Pool::builder(AsyncDieselConnectionManager::new(&bed.url)).max_size(2).build().unwrap();
                for (cents, wanted) in cases {
                    told(place_by_the_pool(&pool, ada, cents).await.map(|_| ()), wanted);
                    assert_eq!(Customer::get(ada, db).await?.credit, 70);
                }
                assert_eq!(by_the_pool(&pool, ada).await.unwrap(), 1);
                assert_eq!((LETTERS.load(SeqCst), Customer::get(ada, db).await?.credit), (1, 75));
                pool.close();
            }
            Backend::MariaDb => {
                db.batch(tables).await?;
                let ada = Customer::draft().name("Ada").credit(100).create(db).await?.id;
                let mut conn = AsyncMysqlConnection::establish(&bed.url).await.unwrap();
                for (cents, wanted) in cases {
                    told(place_on_theirs(&mut conn, ada, cents).await.map(|_| ()), wanted);
                    assert_eq!(Customer::get(ada, db).await?.credit, 70);
                }
            }
            _ => {
                let mut conn = <SqliteConnection as diesel::Connection>::establish(":memory:").unwrap();
                let ada = orm::on_sqlite(&mut conn, async |db| {
                    db.batch(tables).await?;
                    Customer::draft().name("Ada").credit(100).create(db).await
                })?;
                for (cents, wanted) in cases {
                    told(place_in_the_project(&mut conn, ada.id, cents).map(|order| assert_eq!(order.cents, 30)), wanted);
                    let credit = orm::on_sqlite(&mut conn, async |db| Customer::get(ada.id, db).await)?.credit;
                    assert_eq!(credit, 70);
                }
                assert_eq!(project::sales(&mut conn).unwrap(), [("Ada".to_owned(), 30)]);
                assert_eq!(both::orders_of(&mut conn, "ADA").unwrap(), 1);
                assert!(both::orders_of(&mut conn, "Eve").is_err());
            }
        }
        Ok(())
    }
}
