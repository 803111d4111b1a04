//! JSON has no form for a span of time.

use orm::prelude::*;

orm::app! { pub shop { Order } }

#[derive(Model)]
pub struct Order {
    pub id: i64,
    pub took: TimeDelta,
}

fn main() {
    let _ = Order::objects().values(|o| orm::json_object([("took", o.took)]));
}
