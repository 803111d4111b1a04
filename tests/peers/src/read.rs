//! The same read in the words of each library.

use diesel::{Connection as _, connection::SimpleConnection};
use diesel_async::{AsyncConnection as _, sync_connection_wrapper::SyncConnectionWrapper};
use orm::prelude::*;

orm::app! { pub shelf { Book } }

#[derive(Model, Debug, Clone)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub views: i64,
}

diesel::table! { shelf_book (id) { id -> BigInt, title -> Text, views -> BigInt, } }

#[derive(diesel::Queryable, sqlx::FromRow)]
#[allow(dead_code, reason = "one column is looked at")]
struct Row {
    id: i64,
    title: String,
    views: i64,
}

mod sea {
    //! SeaORM's model.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shelf_book")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub views: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A connection, or pool, of each library to one file.
pub struct All {
    diesel: diesel::SqliteConnection,
    orm: Database,
    sqlx: sqlx::SqlitePool,
    sea: sea_orm::DatabaseConnection,
    wrapper: SyncConnectionWrapper<diesel::SqliteConnection>,
}

impl All {
    pub async fn open(path: &str) -> All {
        let mut diesel = diesel::SqliteConnection::establish(path).expect("a connection");
        diesel
            .batch_execute(
                "PRAGMA journal_mode = WAL;
                CREATE TABLE shelf_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
                    title varchar(200) NOT NULL, views bigint NOT NULL);
                WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                    INSERT INTO shelf_book (title, views) SELECT 'title ' || n, n FROM n;",
            )
            .expect("a table");
        All {
            diesel,
            orm: Database::connect(format!("sqlite://{path}")).await.expect("orm connects"),
            sqlx: sqlx::SqlitePool::connect(&format!("sqlite://{path}")).await.expect("sqlx connects"),
            sea: sea_orm::Database::connect(format!("sqlite://{path}")).await.expect("SeaORM connects"),
            wrapper: SyncConnectionWrapper::establish(path).await.expect("diesel-async connects"),
        }
    }

    /// Reads the book of this key in the way of this number, and gives its views.
    pub async fn one(&mut self, way: usize, id: i64) -> i64 {
        match way {
            0 => {
                use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
                let query = shelf_book::table.filter(shelf_book::id.eq(id));
                query.get_result::<Row>(&mut self.diesel).expect("a row").views
            }
            1 => Book::get(id, &self.orm).await.expect("a row").views,
            2 => Book::objects().filter(|b| b.id.eq(id)).all(&self.orm).await.expect("a row")[0].views,
            3 => {
                let query = sqlx::query_as::<_, Row>("SELECT id, title, views FROM shelf_book WHERE id = ?");
                query.bind(id).fetch_one(&self.sqlx).await.expect("a row").views
            }
            4 => {
                use sea_orm::EntityTrait;
                let row = sea::Entity::find_by_id(id).one(&self.sea).await.expect("an answer");
                row.expect("a row").views
            }
            _ => {
                use diesel::{ExpressionMethods, QueryDsl};
                use diesel_async::RunQueryDsl;
                let query = shelf_book::table.filter(shelf_book::id.eq(id));
                query.get_result::<Row>(&mut self.wrapper).await.expect("a row").views
            }
        }
    }
}
