//! The examples of `docs/models.md`: every block of the document stands here as it stands there.

use crate::bed::behaviour;
use orm::{Dialect, Json, prelude::*};
use serde::{Deserialize, Serialize};

orm::app! { pub market { Comment, Country, Customer, Passport, Photo, Product, Tag, Order, Line, Seat, Invoice, Port, Ship } }

#[derive(Model, Debug, Clone)]
pub struct Product {
    pub id: i64, // the key: an automatic number
    #[field(max_length = 200)] // in characters; without it text is unlimited
    pub name: String,
    #[field(max_digits = 8, decimal_places = 2)] // 999999.99 at most; a `Decimal` has to say both
    pub price: Decimal,
    pub weight: Option<f64>, // can be NULL
    #[field(default = 0)] // drafts need not set it; rows that are there get it by the migration
    pub stock: i32,
    #[field(default = || "new".to_owned(), max_length = 20)]
    pub state: String,
    #[field(db_default = true)] // the database fills it in; also `now`, and `sql("..")`
    pub listed: bool,
    #[field(max_digits = 18, decimal_places = 2, generated = |p| p.price * p.stock)] // the database computes it
    pub worth: Decimal,
    #[field(unique, max_length = 30)] // and an upsert can name it: `|p| p.code`
    pub code: String,
    #[field(index)] // `index = false` for a foreign key, which has one by itself
    pub shelf: i32,
    #[field(column = "kind_of")] // the column's own name; a relation's is the field's with `_id`
    pub kind: Kind,
    #[field(auto_now_add)] // the time at which the row was made
    pub created: DateTime<Utc>,
    #[field(auto_now)] // the time of each save
    pub changed: DateTime<Utc>,
    pub details: Json<Details>, // anything with serde, as JSON
    #[field(help = "for the warehouse", verbose_name = "loading ramp", comment = "kept in the database")]
    pub ramp: Option<Ramp>,
    #[field(renamed_from = "remark")] // the old name, for the next migration
    pub note: Option<String>,
    pub tags: ManyToMany<Tag>, // through a table of its own; `table = ".."` names it
}

/// An enum is stored as text, `InStock` as `in_stock`; with discriminants, `Low = 1`, as numbers.
#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Book,
    Lamp,
}

/// A type of one's own, stored as what it holds.
#[derive(FieldType, Debug, Clone, PartialEq)]
pub struct Ramp(i32);

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct Details {
    colours: Vec<String>,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    #[field(primary_key, max_length = 40)] // a key of one's own, which drafts have to set
    pub slug: String,
    #[field(via = tags)] // the other side of `Product::tags`: the same table
    pub products: ManyToMany<Product>,
}

#[derive(Model, Debug, Clone)]
pub struct Seat {
    #[field(primary_key)] // two of them: the key is `(row, number)`
    pub row: i32,
    #[field(primary_key)]
    pub number: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Invoice {
    #[field(primary_key, auto)] // an automatic key that is not called `id`; a `Uuid` is a fresh one of version 7
    pub number: Uuid,
}

#[derive(Model, Debug, Clone)]
pub struct Country {
    pub id: i64,
    #[field(collation(sqlite = "NOCASE", mysql = "utf8mb4_unicode_ci"))] // how text is compared and ordered there
    pub name: String,
    pub customers: HasMany<Customer>, // the rows that point here: no column
}

#[derive(Model, Debug, Clone)]
pub struct Customer {
    pub id: i64,
    pub name: String,
    #[field(on_delete = set_null)] // also cascade, protect, restrict (the usual), set_default, do_nothing
    pub country: Option<ForeignKey<Country>>,
    pub passport: HasOne<Passport>, // the one row that points here, if there is one
    #[field(via = payer)] // which key, where there are several
    pub paid: HasMany<Order>,
}

#[derive(Model, Debug, Clone)]
pub struct Passport {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub holder: OneToOne<Customer>, // a foreign key that no two rows share
}

#[derive(Model, Debug, Clone)]
pub struct Order {
    pub id: i64,
    pub payer: ForeignKey<Customer>,
    pub receiver: ForeignKey<Customer>,
    #[field(through = Line, via = order, to = product)] // by a model that knows more about each pair
    pub products: ManyToMany<Product>,
    #[field(flatten)] // its columns stand among the model's: `o.stamps.made`
    pub stamps: Stamps,
}

/// `via` and `to` are needed where the model between has several keys to a side.
#[derive(Model, Debug, Clone)]
pub struct Line {
    pub id: i64,
    pub order: ForeignKey<Order>,
    pub product: ForeignKey<Product>,
    pub instead: Option<ForeignKey<Product>>,
    #[field(default = 1)]
    pub quantity: u32, // `u16`, `u32` and `u64` are never negative
}

/// Fields that several models share.
#[derive(ModelPart, Debug, Clone)]
pub struct Stamps {
    #[field(auto_now_add)]
    pub made: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
pub struct Comment {
    pub id: i64,
    #[field(on_delete = cascade)] // the usual of these; also protect, restrict, set_null, do_nothing
    pub about: GenericForeignKey, // two columns with an index: about_model, about_key
    pub text: String,
}

#[derive(Model, Debug, Clone)]
pub struct Photo {
    pub id: i64,
    #[field(via = about)] // comments on photos: a set like any other `HasMany`
    pub comments: HasMany<Comment>,
}

mod theatre {
    use orm::prelude::*;

    orm::app! { pub theatre { Play } }

    #[derive(Model, Debug, Clone)]
    #[model(
        table = "plays",                                      // otherwise `theatre_play`
        ordering(-year, title),                               // of queries that name no order
        unique(title, year),                                  // an upsert names it `|p| p.title_year`
        unique(title, name = "one_on_stage", condition = |p| p.on_stage),
        index(year, title),
        index(|p| p.title.lower().asc(), name = "by_lower_title"),
        check("year_is_sane", |p| p.year.gte(-500)),
        verbose_name = "piece",
        comment = "kept in the database",
        renamed_from = "Piece"
    )]
    pub struct Play {
        pub id: i64,
        #[field(max_length = 100)]
        pub title: String,
        pub year: i32,
        pub on_stage: bool,
    }
}

#[derive(Model, Debug, Clone)]
pub struct Port {
    pub id: i64,
    #[field(unique, max_length = 5)] // and with it a type, `PortByCode`, by which foreign keys lead here
    pub code: String,
    pub name: String,
    pub ships: HasMany<Ship>,
}

#[derive(Model, Debug, Clone)]
pub struct Ship {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub port: ForeignKey<PortByCode>, // a column `port_id` with the code, and a constraint on it
}

mod season {
    use super::theatre::*;
    use orm::prelude::*;

    orm::app! { pub season { Performance } }

    #[derive(Model, Debug, Clone)]
    #[model(
        unique(room, place, deferrable = deferred),           // looked at when the transaction ends: two rows may exchange their places
        unique(code, name = "one_code", nulls_equal),         // NULL once only, where otherwise any number of rows may have it
        unique(|s| s.title.lower().asc(), name = "one_title"), // over expressions
        index(room, -place, include(title)),                  // the title stands in the index too, which then answers alone
        index(title, opclass = "varchar_pattern_ops"),        // a class of operators for all fields; `opclass("", "..")` for each
        index(|s| (s.code.desc().nulls_last(), s.place.asc()), name = "by_code")
    )]
    pub struct Performance {
        pub id: i64,
        pub room: i32,
        pub place: i32,
        #[field(max_length = 20)]
        pub code: Option<String>,
        #[field(max_length = 100)]
        pub title: String,
        #[field(db_constraint = false)] // the database does not look after this key
        pub play: ForeignKey<Play>,
    }
}

behaviour! {
    async fn relations_by_another_field(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[market()]).await?;
        let hull = Port::draft().code("GBHUL").name("Hull").create(db).await?;
        let ship = Ship::draft().port(&hull).create(db).await?; // a row, or what its field holds
        Ship::draft().port("GBHUL").create(db).await?;
        assert_eq!(ship.port.key(), "GBHUL");
        assert_eq!(ship.port.fetch(db).await?.name, "Hull");

        // The code is compared where it stands; what else the port has is joined.
        let here = Ship::objects().filter(|s| s.port.eq("GBHUL") & s.port.code.starts_with("GB"));
        assert!(!here.to_sql(Dialect::Sqlite)?.contains("JOIN"));
        assert_eq!(here.filter(|s| s.port.name.eq("Hull")).select_related(|s| s.port).all(db).await?.len(), 2);
        let busy = Port::objects().filter(|p| p.ships.count().gt(1)).prefetch(|p| p.ships);
        assert_eq!(busy.get(db).await?.ships.get()?.len(), 2);
        Ok(())
    }

    async fn models(bed, requires(PartialIndexes, ExpressionIndexes)) {
        orm::migrate::create_tables(&bed.db, &[theatre::theatre()]).await?;
        theatre::Play::draft().title("Antigone").year(-441).on_stage(true).create(&bed.db).await?;
        Ok(())
    }

    async fn keys_of_postgres(bed, requires(PostgresTypes)) {
        orm::migrate::create_tables(&bed.db, &[theatre::theatre(), season::season()]).await?;
        // The key is not looked after.
        let new = season::Performance::draft().room(1).place(1).title("Hamlet").play(77);
        assert_eq!(new.create(&bed.db).await?.id, 1);
        Ok(())
    }

    async fn relations_to_any_model(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[market()]).await?;
        let photo = Photo::draft().create(db).await?;
        let comment = Comment::draft().about(&photo).text("sharp").create(db).await?;
        Comment::draft().about(GenericForeignKey::to::<Product>(7)).text("dear").create(db).await?;
        assert_eq!(comment.about.key_of::<Photo>(), Some(photo.id));

        // By a row, by a model, and by what the rows of a model are like.
        assert_eq!(Comment::objects().filter(|c| c.about.eq(&photo)).count(db).await?, 1);
        assert_eq!(Comment::objects().filter(|c| c.about.is::<Product>()).count(db).await?, 1);
        let of_lamps = Comment::objects().filter(|c| c.about.of::<Product>().any(|p| p.name.contains("lamp")));
        assert_eq!(of_lamps.count(db).await?, 0);

        // What they are about, by one query for each model that is there; some of a model, and what is below.
        let comments = Comment::objects()
            .prefetch(|c| (c.about, c.about.of::<Photo>().filter(|p| p.id.gt(0)).prefetch(|p| p.comments)))
            .order_by(|c| c.id.asc())
            .all(db)
            .await?;
        assert_eq!(comments[0].about.get::<Photo>()?.unwrap().comments.get()?.len(), 1);
        assert!(comments[0].about.get::<Product>()?.is_none()); // another model
        assert!(comments[1].about.get::<Product>()?.is_none()); // no such row

        // From the other side.
        let counted = Photo::objects().annotate(|p| p.comments.count());
        assert_eq!(counted.get(db).await?.1, 1);
        Ok(())
    }

    async fn fields(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[market()]).await?;
        let lamp = Product::draft()
            .name("Lamp")
            .price(Decimal::new(1250, 2))
            .code("L-1")
            .shelf(3)
            .kind(Kind::Lamp)
            .details(Json(Details { colours: vec!["blue".to_owned()] }))
            .create(db)
            .await?;
        assert_eq!((lamp.stock, lamp.state.as_str(), lamp.listed), (0, "new", true));
        let (ann, ben) = (Customer::draft().name("Ann").create(db).await?, Customer::draft().name("Ben").create(db).await?);
        Passport::draft().holder(&ann).create(db).await?;
        let order = Order::draft().payer(&ann).receiver(&ben).create(db).await?;
        order.many(|o| o.products).add([&lamp], db).await?;
        let tag = Tag::draft().slug("bright").create(db).await?;
        tag.many(|t| t.products).add([&lamp], db).await?;
        Seat::draft().row(1).number(7).create(db).await?;
        Invoice::draft().create(db).await?;

        let found = Product::objects().filter(|p| p.tags.any(|t| t.slug.eq("bright")) & p.stock.eq(0));
        assert_eq!(found.get(db).await?.details.0.colours, ["blue"]);
        let customers = Customer::objects().select_related(|c| c.passport).prefetch(|c| c.paid).all(db).await?;
        let with_passport = customers.iter().filter(|c| c.passport.get().is_ok_and(|passport| passport.is_some()));
        assert_eq!(with_passport.count(), 1);
        assert_eq!(Seat::get((1, 7), db).await?.number, 7);
        Ok(())
    }
}
