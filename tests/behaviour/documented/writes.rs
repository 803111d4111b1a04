//! The examples of `docs/writes.md`: every block of the document stands here as it stands there.

use crate::bed::{Bed, behaviour};
use orm::{Code, Deleted, Input, prelude::*};

orm::app! { pub stock { Shelf, Item, Label, Note } }

#[derive(Model, Debug, Clone)]
pub struct Shelf {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub name: String,
    pub items: HasMany<Item>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(shelf, name))]
pub struct Item {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = 0)]
    pub stock: i32,
    pub remark: Option<String>,
    #[field(on_delete = cascade)]
    pub shelf: ForeignKey<Shelf>,
    pub labels: ManyToMany<Label>,
}

#[derive(Model, Debug, Clone)]
pub struct Label {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub text: String,
    #[field(via = labels)]
    pub items: ManyToMany<Item>,
}

/// A note that several people write at.
#[derive(Model, Debug, Clone)]
pub struct Note {
    pub id: i64,
    pub text: String,
    #[field(version)] // begins at 1; every change of the row counts it up
    pub version: i32,
}

async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[stock()]).await
}

behaviour! {
    async fn new_rows_and_changed_ones(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // A draft: without a required field it does not compile. What has a default, or is an `Option`, may be left out.
        let shelf = Shelf::draft().name("A").create(db).await?;
        let lamp = Item::draft().name("Lamp").price(Decimal::new(1250, 2)).shelf(&shelf).create(db).await?;
        assert_eq!((lamp.stock, lamp.remark.is_none()), (0, true));

        // An edit: change the fields, then save. Only what has changed is written.
        let mut lamp = lamp.edit();
        lamp.stock = 5;
        lamp.remark = Some("bright".to_owned());
        lamp.shelf = ForeignKey::to(shelf.id); // a relation by its key; `(&shelf).into()` by a row
        let lamp = lamp.save(db).await?; // UPDATE .. SET stock = .., remark = .. WHERE id = ..

        // Many rows in one statement, by what stands in the database.
        let cheap = Item::objects().filter(|i| i.price.lt(20));
        assert_eq!(cheap.update(|i| (i.stock.set(i.stock + 1), i.remark.set(None)), db).await?, 1);

        // Rows that were read and changed, written back together: these fields of them.
        let mut items = Item::objects().all(db).await?;
        items.iter_mut().for_each(|item| item.stock += 10);
        assert_eq!(Item::objects().bulk_update(&items, |i| i.stock, db).await?, 1);
        assert_eq!(Item::get(lamp.id, db).await?.stock, 16);

        let note = Note::draft().text("Buy milk").create(db).await?;
        let (mut mine, mut yours) = (note.clone().edit(), note.edit());
        mine.text = "Buy milk and bread".to_owned();
        yours.text = "Buy nothing".to_owned();
        assert_eq!(mine.save(db).await?.version, 2); // UPDATE .. SET text = .., version = version + 1 WHERE id = .. AND version = 1
        assert_eq!(yours.save(db).await.unwrap_err().code(), Code::Stale); // written by nobody: read it again, and decide

        // Deletion follows `on_delete`, and tells what went: the item goes with its shelf.
        let gone: Deleted = shelf.delete(db).await?;
        assert_eq!((gone.total, Item::objects().count(db).await?), (2, 0));
        assert_eq!(Item::objects().filter(|i| i.stock.lt(0)).delete(db).await?.total, 0);
        Ok(())
    }

    async fn many_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let shelf = Shelf::draft().name("A").create(db).await?;

        // Any number of drafts, a few statements.
        let draft = |name: &'static str, price: i64| Item::draft().name(name).price(Decimal::from(price)).shelf(&shelf);
        let items = Item::objects().bulk_create([draft("Lamp", 12), draft("Chair", 40)], db).await?;
        assert_eq!(Item::objects().bulk_insert([draft("Desk", 90)], db).await?, 1); // does not read the rows back

        // Those that have the unique key already are changed instead: the prices of two, and a new row.
        let prices = [draft("Lamp", 13), draft("Chair", 41), draft("Sofa", 300)];
        Item::objects().bulk_upsert(prices, |i| i.shelf_name, db).await?;
        assert_eq!(Item::get(items[0].id, db).await?.price, Decimal::from(13));
        assert_eq!(Item::objects().bulk_insert_ignore([draft("Lamp", 99)], db).await?, 0); // is there, and stays

        // One row by its unique key: as it is, or changed, or new.
        let (lamp, new) = draft("Lamp", 99).get_or_create(|i| i.shelf_name, db).await?;
        assert_eq!((lamp.price, new), (Decimal::from(13), false));
        let (lamp, new) = draft("Lamp", 14).update_or_create(|i| i.shelf_name, db).await?;
        assert_eq!((lamp.price, new), (Decimal::from(14), false));
        Ok(())
    }

    async fn related_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let shelf = Shelf::draft().name("A").create(db).await?;
        let lamp = Item::draft().name("Lamp").price(Decimal::from(12)).shelf(&shelf).create(db).await?;
        let labels = Label::objects().bulk_create(["new", "blue", "old"].map(|text| Label::draft().text(text)), db).await?;

        // A many-to-many, from either side; each takes rows or keys.
        lamp.many(|i| i.labels).add([&labels[0], &labels[1]], db).await?;
        lamp.many(|i| i.labels).remove([labels[0].id], db).await?;
        lamp.many(|i| i.labels).set([&labels[1], &labels[2]], db).await?; // exactly these
        assert_eq!(labels[2].many(|l| l.items).all(db).await?[0].name, "Lamp");
        lamp.many(|i| i.labels).clear(db).await?;

        // The rows that point here, as a query.
        let dear = shelf.many(|s| s.items).rows()?.filter(|i| i.price.gt(10));
        assert_eq!(dear.count(db).await?, 1);
        Ok(())
    }

    async fn values_from_outside(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let shelf = Shelf::draft().name("A").create(db).await?;

        // From JSON or a form. Every mistake is found, and told by field: `error.validation()`.
        let body = serde_json::json!({"name": "Lamp", "price": "12.50", "shelf": shelf.id});
        let lamp = Item::draft_from(Input::from(body).only(["name", "price", "shelf"]))?.create(db).await?;
        let mut lamp = lamp.edit();
        lamp.apply([("price", "13.50"), ("remark", "")])?; // pairs, as a form has them
        assert_eq!(lamp.save(db).await?.price, Decimal::new(1350, 2));
        let Err(error) = Item::draft_from([("price", "cheap")]) else { panic!("it lacks a name") };
        assert_eq!(error.validation().len(), 3);
        Ok(())
    }
}
