//! Fields that the database computes: read like any other, and never written.

use super::press::{dec, fields};
use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Code, Dialect, Input,
    dynamic::{Catalog, Create, Query, Update},
    prelude::*,
};

orm::app! { pub wares { Ware } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(index(total), unique(code, doubled), ordering(id))]
pub struct Ware {
    pub id: i64,
    #[field(unique, max_length = 10)]
    pub code: String,
    #[field(max_length = 20)]
    pub name: String,
    #[field(max_length = 20)]
    pub maker: Option<String>,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = 1)]
    pub stock: i32,
    #[field(max_digits = 12, decimal_places = 2, generated = |w| w.price * w.stock)]
    pub total: Decimal,
    #[field(max_digits = 12, decimal_places = 4, generated = |w| w.price / w.stock)]
    pub each: Option<Decimal>,
    #[field(generated = |w| w.stock / 2)]
    pub half: i32,
    #[field(generated = |w| w.stock * 2, unique)]
    pub doubled: i32,
    #[field(max_length = 60, generated = |w| w.name.concat(" by ").concat(w.maker))]
    pub label: Option<String>,
    #[field(generated = |w| w.name.length())]
    pub letters: i64,
    #[field(generated = |w| w.price.gt(100).as_value())]
    pub dear: bool,
    #[field(max_length = 20, generated = |w| case().when(w.stock.gt(5), "many").otherwise("few"))]
    pub amount: String,
}

mod unstored {
    use orm::prelude::*;

    orm::app! { pub wares { Ware } }

    #[derive(Model, Debug, Clone)]
    pub struct Ware {
        pub id: i64,
        pub stock: i32,
        #[field(generated = |w| w.stock + 1, stored = false)]
        pub next: i32,
    }
}

fn lamp() -> impl orm::write::IntoDraftRow<Ware> + Send {
    Ware::draft().code("a1").name("Lämp").maker("Ada").price(dec("0.10")).stock(3)
}

behaviour! {
    async fn what_the_database_computes_is_read_back(bed) {
        let Bed { db, .. } = &*bed;
        orm::migrate::create_tables(db, &[wares()]).await?;
        let ware = Ware::objects().create(lamp(), db).await?;
        assert_eq!((ware.total, ware.each), (dec("0.30"), Some(dec("0.0333"))));
        assert_eq!((ware.half, ware.doubled, ware.letters, ware.dear), (1, 6, 4, false));
        assert_eq!((ware.label.as_deref(), ware.amount.as_str()), (Some("Lämp by Ada"), "few"));
        // Exactly what was computed is found.
        assert_eq!(Ware::objects().filter(|w| w.total.eq(dec("0.30"))).get(db).await?, ware);
        assert_eq!(Ware::objects().filter(|w| w.label.eq("Lämp by Ada") & w.dear.eq(false)).count(db).await?, 1);

        let mut edit = ware.clone().edit();
        edit.price = dec("120.50");
        edit.maker = None;
        edit.stock = 0;
        let ware = edit.save(db).await?;
        assert_eq!((ware.total, ware.each, ware.label.as_deref(), ware.dear), (dec("0.00"), None, None, true));
        assert_eq!(ware, Ware::get(1, db).await?);

        Ware::objects().update(|w| w.stock.set(w.stock + 7), db).await?;
        let ware = Ware::get(1, db).await?;
        assert_eq!((ware.total, ware.half, ware.amount.as_str()), (dec("843.50"), 3, "many"));

        let more = (2..5).map(|n| Ware::draft().code(format!("b{n}")).name("Box").price(n).stock(n));
        let made = Ware::objects().bulk_create(more, db).await?;
        assert_eq!(made.iter().map(|w| (w.total, w.doubled)).collect::<Vec<_>>(), [(4, 4), (9, 6), (16, 8)].map(|(t, d)| (dec(&format!("{t}.00")), d)));
        let mut rows = Ware::objects().filter(|w| w.total.lt(100)).all(db).await?;
        for row in &mut rows {
            row.stock += 20;
        }
        assert_eq!(Ware::objects().bulk_update(&rows, |w| w.stock, db).await?, 3);
        let totals = Ware::objects().order_by(|w| w.total.desc()).values(|w| w.total).all(db).await?;
        assert_eq!(totals, ["843.50", "96.00", "69.00", "44.00"].map(dec));
        assert_eq!(Ware::objects().aggregate(|w| w.total.sum()).get(db).await?, Some(dec("1052.50")));

        let again = Ware::draft().code("b2").name("Bag").price(1).stock(40);
        let (ware, created) = again.update_or_create(|w| w.code, db).await?;
        assert_eq!((ware.total, created), (dec("40.00"), false));
        let ware = Ware::draft().code("b2").name("Bag").price(2).stock(40).upsert(|w| w.code, db).await?;
        assert_eq!(ware.total, dec("80.00"));
        let (ware, created) = Ware::draft().code("c").name("Cup").price(2).stock(9).get_or_create(|w| w.code, db).await?;
        assert_eq!((ware.total, created), (dec("18.00"), true));
        assert_eq!(Ware::objects().bulk_insert([Ware::draft().code("d").name("D").price(3).stock(50)], db).await?, 1);
        // A unique one is kept unique.
        let twice = Ware::draft().code("e").name("E").price(3).stock(50).create(db).await.unwrap_err();
        assert_eq!((twice.code(), fields(&twice)), (Code::UniqueViolation, vec!["doubled"]));
        Ok(())
    }

    async fn what_the_database_computes_cannot_be_written(bed) {
        let Bed { db, log, .. } = &*bed;
        orm::migrate::create_tables(db, &[wares()]).await?;
        let ware = Ware::objects().create(lamp(), db).await?;
        log.clear();
        let mut edit = ware.clone().edit();
        edit.price = dec("5");
        edit.total = dec("5");
        let error = edit.save(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::NotEditable, vec!["total"]));

        let row = serde_json::json!({"code": "x", "name": "X", "price": "1", "total": "7"});
        let error = Ware::draft_from(row.clone()).err().unwrap();
        assert_eq!((error.validation()[0].code, error.validation()[0].field.as_deref()), (Code::NotEditable, Some("total")));
        let mut edit = ware.edit();
        let error = edit.apply([("total", "5")]).unwrap_err();
        assert_eq!(error.validation()[0].code, Code::NotEditable);

        let catalog = Catalog::new().app(wares()).writable(["wares.Ware"])?;
        let set = Update::of(Query::of("wares.Ware")).set("total", 5);
        let error = catalog.check_change(&set.into()).unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::NotEditable, vec!["total"]));
        let error = catalog.check_change(&Create::of("wares.Ware").row(row.clone()).into()).unwrap_err();
        assert_eq!(error.validation()[0].code, Code::NotEditable);
        assert!(log.statements().is_empty());
        // Of data that has it already it is left out.
        let made = catalog.check_change(&Create::of("wares.Ware").row(row.clone()).with_automatic().into())?.run(db).await?;
        assert_eq!(made.created[0].to_json()["total"], "1.00");
        let copy = Input::from(row).set("code", "y").set("stock", 9).with_automatic();
        assert_eq!(Ware::draft_from(copy)?.create(db).await?.total, dec("9.00"));
        let found = catalog.check(&Query::of("wares.Ware").filter("total__gte", 9).values(["code"]))?.all(db).await?;
        assert_eq!(serde_json::to_value(&found).unwrap(), serde_json::json!([{"code": "y"}]));
        Ok(())
    }

    async fn computed_when_it_is_read(bed) {
        let Bed { db, log, backend, .. } = &*bed;
        log.clear();
        let made = orm::migrate::create_tables(db, &[unstored::wares()]).await;
        if *backend == Backend::Postgres {
            let error = made.unwrap_err();
            assert!(error.to_string().contains("M044") && error.to_string().contains("wares.Ware.next"), "{error}");
            assert!(!log.statements().iter().any(|statement| statement.sql.contains("CREATE TABLE")));
            return Ok(());
        }
        made?;
        let ware = unstored::Ware::draft().stock(4).create(db).await?;
        assert_eq!(ware.next, 5);
        unstored::Ware::objects().update(|w| w.stock.set(8), db).await?;
        assert_eq!(unstored::Ware::objects().filter(|w| w.next.eq(9)).get(db).await?.next, 9);
        Ok(())
    }
}

#[test]
fn a_draft_does_not_send_it() {
    let sql = Ware::draft().code("a").name("b").price(1).create_sql(Dialect::Postgres).unwrap();
    assert!(
        sql.starts_with(r#"INSERT INTO "wares_ware" ("code", "name", "maker", "price", "stock") VALUES "#),
        "{sql}"
    );
    assert!(sql.contains(r#"RETURNING "id", "code", "name", "maker", "price", "stock", "total""#), "{sql}");
}
