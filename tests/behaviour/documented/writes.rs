//! The examples of `docs/writes.md`: every block of the document stands here as it stands there.

use crate::bed::{Bed, behaviour};
use orm::{Code, Deleted, Input, prelude::*};

orm::app! { pub stock { Shelf, Item, Label, Note, Person, Loan, Card } }

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

/// Somebody, and their friends: if one is a friend of another, so is the other of the one.
#[derive(Model, Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub name: String,
    #[field(symmetrical)]
    pub friends: ManyToMany<Person>,
    #[field(through = Loan)]
    pub borrowed: ManyToMany<Item>,
}

#[derive(Model, Debug, Clone)]
pub struct Loan {
    pub id: i64,
    pub person: ForeignKey<Person>,
    pub item: ForeignKey<Item>,
    pub days: i32,
}

/// What one person has, and has one of.
#[derive(Model, Debug, Clone)]
pub struct Card {
    pub id: i64,
    pub person: OneToOne<Person>,
    #[field(max_length = 20)]
    pub number: String,
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

        // Only rows of the query: others stay as they are, and are not counted.
        let dear = Item::objects().filter(|i| i.price.gt(100) & i.shelf.name.ne("Cellar"));
        assert_eq!(dear.bulk_update(&items, |i| i.stock, db).await?, 0);

        // The same, made of what stands there and of what is given: nothing that others have written meanwhile is lost.
        items[0].stock = 4; // have come
        let came = Item::objects().bulk_update_with(&items, |i, new| (i.stock.set(i.stock + new.stock), i.price.set(new.price)), db);
        assert_eq!(came.await?, 1);
        assert_eq!(Item::get(lamp.id, db).await?.stock, 20);

        // New values are computed from what stands there: text, a value of a related row, a case, a query for one value.
        let items = Item::objects();
        assert_eq!(items.update(|i| i.remark.set(i.shelf.name.concat(": ").concat(i.name)), db).await?, 1);
        let few = |i: ItemFields<orm::At<Item>>| case::<Item, i32>().when(i.price.gt(100), 1).otherwise(i.stock);
        assert_eq!(Item::objects().update(|i| i.stock.set(few(i)), db).await?, 1);
        let first = |i: ItemFields<orm::At<Item>>| Shelf::objects().within(i.id).order_by(|s| s.name.asc()).scalar(|s| s.id);
        assert_eq!(Item::objects().update(|i| i.shelf.set_key(first(i).or(i.shelf.key())), db).await?, 1); // a relation by its key

        // A draft takes what the database computes beside values: an expression of no row, and a query for one value.
        let top = Shelf::objects().order_by(|s| s.name.desc()).values(|s| s.id);
        let vase = Item::draft().name(orm::value("VASE").lower()).price(orm::value(Decimal::from(10)) / 3).shelf(top).create(db).await?;
        assert_eq!((vase.name.as_str(), vase.price, *vase.shelf.key()), ("vase", Decimal::new(333, 2), shelf.id));
        vase.delete(db).await?;

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

        // Drafts are of one type once every required field is set, whatever else is: a list can hold different ones.
        let drafts = [draft("Rug", 70).stock(2), draft("Box", 5).remark("used"), draft("Bin", 9)];
        assert_eq!(Item::objects().bulk_create(drafts, db).await?[1].remark.as_deref(), Some("used"));

        // The two cheapest, on every database: an order and a slice say which rows.
        let cheapest = Item::objects().order_by(|i| i.price.asc()).limit(2);
        assert_eq!(cheapest.update(|i| i.remark.set("cheap"), db).await?, 2);

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

        // What is written over a row is said, and made of that row and of the new one.
        let delivered = [draft("Lamp", 15).stock(3), draft("Stool", 20).stock(4)];
        let add = Item::objects().bulk_upsert_with(delivered, |i| i.shelf_name, |i, new| i.stock.set(i.stock + new.stock), db);
        assert_eq!(add.await?, 2);
        // Or for one row: the draft's other values are for a new row only.
        let draft = draft("Lamp", 99).remark("never seen before");
        let (lamp, new) = draft.update_or_create_with(|i| i.shelf_name, |i, _| i.stock.set(i.stock + 1), db).await?;
        assert_eq!((lamp.stock, lamp.price, lamp.remark, new), (4, Decimal::from(14), None, false));
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

        // A row is made and related, both or nothing; or found by a unique key.
        let fragile = lamp.many(|i| i.labels).create(Label::draft().text("fragile"), db).await?;
        let (blue, new) = lamp.many(|i| i.labels).get_or_create(Label::draft().text("blue"), |l| l.text, db).await?;
        assert_eq!((blue.id, new), (labels[1].id, false));
        assert_eq!(fragile.text, "fragile");

        // The rows that point here, as a query.
        let dear = shelf.many(|s| s.items).rows()?.filter(|i| i.price.gt(10));
        assert_eq!(dear.count(db).await?, 1);

        // The other side of a foreign key: the draft can do without the key, which is that of the row.
        let desk = shelf.many(|s| s.items).create(Item::draft().name("Desk").price(Decimal::from(90)), db).await?;
        assert_eq!(*desk.shelf.key(), shelf.id);

        let (ada, grace) = (Person::draft().name("Ada").create(db).await?, Person::draft().name("Grace").create(db).await?);
        let borrowed = ada.many(|p| p.borrowed).through::<Loan, _>(|l| l.days.set(14));
        assert_eq!(borrowed.add([&lamp], db).await?, 1);
        assert_eq!(Loan::objects().get(db).await?.days, 14);

        ada.many(|p| p.friends).add([&grace], db).await?;
        assert_eq!(grace.many(|p| p.friends).all(db).await?[0].name, "Ada"); // in both directions

        // A one-to-one is a unique key by itself.
        let (card, new) = Card::draft().person(&ada).number("7").update_or_create(|c| c.person, db).await?;
        assert_eq!((card.number.as_str(), new), ("7", true));

        // The rows as they were: `DELETE .. RETURNING` where the database has it and nothing points to them.
        let gone: Vec<Label> = Label::objects().filter(|l| l.text.starts_with("o")).delete_returning(db).await?;
        assert_eq!(gone[0].text, "old");

        let raised = orm::raw::<()>("UPDATE stock_item SET price = price + ? WHERE price < ?");
        assert_eq!(raised.bind(Decimal::from(1)).bind(Decimal::from(20)).execute(db).await?, 1); // the number of rows
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
