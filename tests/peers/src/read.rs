//! The same read in the words of the peers.

use crate::{
    ours::{Ours, Row, shelf_book},
    turns::Ways,
};
use diesel_async::{AsyncConnection as _, sync_connection_wrapper::SyncConnectionWrapper};

/// What sqlx reads.
#[derive(sqlx::FromRow)]
#[allow(dead_code, reason = "one column is looked at")]
struct SqlxRow {
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
    ours: Ours,
    sqlx: sqlx::SqlitePool,
    sea: sea_orm::DatabaseConnection,
    wrapper: SyncConnectionWrapper<diesel::SqliteConnection>,
}

impl Ways for All {
    const NAMES: &[&str] =
        &["Diesel, blocking", "orm", "orm, by text", "sqlx", "SeaORM", "diesel-async's SyncConnectionWrapper"];

    async fn open(path: &str) -> All {
        All {
            ours: Ours::open(path).await,
            sqlx: sqlx::SqlitePool::connect(&format!("sqlite://{path}")).await.expect("sqlx connects"),
            sea: sea_orm::Database::connect(format!("sqlite://{path}")).await.expect("SeaORM connects"),
            wrapper: SyncConnectionWrapper::establish(path).await.expect("diesel-async connects"),
        }
    }

    async fn one(&mut self, way: usize, id: i64) -> i64 {
        match way {
            0..=2 => self.ours.one(way, id).await,
            3 => {
                let query = sqlx::query_as::<_, SqlxRow>("SELECT id, title, views FROM shelf_book WHERE id = ?");
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
