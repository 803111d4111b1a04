//! The examples of `docs/writes.md` about rows that serde wrote.

use crate::bed::behaviour;
use orm::{Code, Input, prelude::*};
use serde::Serialize;
use serde_json::json;

orm::app! { pub dispatch { Client, Order } }

#[derive(Model, Serialize, Debug, Clone)]
pub struct Client {
    pub id: i64,
    pub name: String,
    pub orders: HasMany<Order>,
}

#[derive(Model, Serialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: i64,
    pub sent_on: Option<NaiveDate>,
    pub state: OrderState,
    pub client: ForeignKey<Client>,
    #[field(version)]
    pub version: i32,
}

#[derive(Choices, Serialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    InStock,
    Sent,
}

behaviour! {
    async fn rows_that_serde_wrote(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[dispatch()]).await?;
        let ada = Client::draft().name("Ada").create(db).await?;
        Order::draft().state(OrderState::InStock).client(&ada).create(db).await?;

        // What goes to a browser, a queue or a cache: a related row that is loaded is written whole, rows that are not are null.
        let order = Order::objects().select_related(|o| o.client).get(db).await?;
        let mut body = serde_json::to_value(&order).unwrap();
        let ada = json!({"id": 1, "name": "Ada", "orders": null});
        assert_eq!(body, json!({"id": 1, "sentOn": null, "state": "InStock", "client": ada, "version": 1}));

        // And what comes back: an edit of that row ..
        body["state"] = "Sent".into();
        let mut edit = order.edit();
        edit.apply(Input::of_row(body.clone()).only(["state", "sent_on"]))?;
        assert_eq!(edit.changed()?, ["state"]);
        let order = edit.save(db).await?;
        assert_eq!((order.state, order.version), (OrderState::Sent, 2));

        // .. which somebody has changed meanwhile ..
        let error = order.clone().edit().apply(Input::of_row(body.clone())).unwrap_err();
        assert_eq!(error.validation()[0].code, Code::Stale);

        // .. or a new row, with a key of its own; the same row, with everything that it had, once it is gone.
        let twin = Order::draft_from(Input::of_row(body.clone()))?.create(db).await?;
        assert_eq!((twin.id, twin.client), (2, order.client.clone()));
        order.delete(db).await?;
        assert_eq!(Order::draft_from(Input::of_row(body).with_automatic())?.create(db).await?.id, 1);
        Ok(())
    }
}
