//! The examples of `docs/from-diesel.md`: every block of the document stands here as it stands there.

use crate::bed::{Backend, behaviour};
use orm::{Code, prelude::*};

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
}
