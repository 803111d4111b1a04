//! A many-to-many that gets a model for the table it had keeps its rows.

use super::{
    moves::{described, make},
    one,
};
use crate::bed::{Bed, behaviour};
use orm::{
    migrate::{
        Migrator,
        engine::{MigrationSet, diff::Answers},
        engine_error,
    },
    prelude::*,
};

/// A shop of products; `$between` is what stands between them, `$through` how it is said.
macro_rules! shop {
    ($name:ident, { $($listed:ident),* }, $(#[$through:meta])?, $(#[$alike:meta])?, { $($between:item)* }) => {
        mod $name {
            use orm::prelude::*;

            orm::app! { pub shop { Product, Tag $(, $listed)* } }

            #[derive(Model, Debug, Clone)]
            pub struct Product {
                pub id: i64,
                #[field(max_length = 50)]
                pub title: String,
                $(#[$through])?
                pub tags: ManyToMany<Tag>,
                $(#[$alike])?
                pub alike: ManyToMany<Product>,
            }

            #[derive(Model, Debug, Clone)]
            pub struct Tag {
                pub id: i64,
                #[field(max_length = 20)]
                pub label: String,
            }

            $($between)*
        }
    };
}

shop!(before, {}, , , {});

// One keeps the names of the table and its columns; the other is called anew, restricts what the table let go, and has another key.
shop!(after, { ProductTag, Likeness }, #[field(through = ProductTag)], #[field(through = Likeness)], {
    #[derive(Model, Debug, Clone)]
    #[model(table = "shop_product_tags", unique(product, tag))]
    pub struct ProductTag {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub product: ForeignKey<Product>,
        #[field(on_delete = cascade)]
        pub tag: ForeignKey<Tag>,
        #[field(default = 1)]
        pub weight: i32,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Likeness {
        #[field(primary_key)]
        pub left: ForeignKey<Product>,
        #[field(primary_key)]
        pub right: ForeignKey<Product>,
    }
});

const ROWS: &str = "INSERT INTO shop_product (id, title) VALUES (1, 'pen'), (2, 'ink');
    INSERT INTO shop_tag (id, label) VALUES (1, 'new'), (2, 'blue');
    INSERT INTO shop_product_tags (product_id, tag_id) VALUES (1, 1), (1, 2), (2, 2);
    INSERT INTO shop_product_alike (from_product_id, to_product_id) VALUES (1, 2), (2, 1)";

behaviour! {
    async fn the_rows_between_stay(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, &[before::shop()], &mut Answers::new())?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch(ROWS).await?;

        // The key that the table had is not that of the new model.
        let mut answers = Answers::new();
        answers.remove("shop.Likeness.id").map_err(engine_error)?;
        let new = make(&mut set, &[after::shop()], &mut answers)?;
        let said = described(&new).join("; ");
        assert!(said.contains("Remove field tags from shop.Product; Create model shop.ProductTag"), "{said}");
        assert!(make(&mut set, &[after::shop()], &mut Answers::new())?.is_empty());
        Migrator::with_set(set.clone()).run(db).await?;
        let blue = after::Product::objects().filter(|p| p.tags.any(|t| t.label.eq("blue")));
        assert_eq!(blue.count(db).await?, 2);
        assert_eq!(after::ProductTag::objects().aggregate(|t| t.weight.sum()).get(db).await?, Some(3));
        let like = after::Product::objects().filter(|p| p.alike.any(|other| other.title.eq("ink")));
        assert_eq!(like.get(db).await?.title, "pen");
        assert_eq!(after::Likeness::objects().filter(|l| l.left.eq(2)).get(db).await?.right.key(), &1);
        let orphan = db.batch("INSERT INTO shop_likeness (left_id, right_id) VALUES (1, 99)").await.unwrap_err();
        assert_eq!(orphan.code(), orm::Code::ForeignKeyViolation);

        Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_product_tags").await?, 3);
        assert_eq!(before::Product::objects().filter(|p| p.alike.exists()).count(db).await?, 2);
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(after::Likeness::objects().count(db).await?, 2);
        let (schema, live) = (orm::migrate::schema(&[after::shop()])?, orm::migrate::introspect(db).await?);
        let wanted = orm::migrate::engine::introspect::as_stored(db.dialect().into(), &schema).unwrap();
        let different = orm::migrate::engine::introspect::differences(&wanted, &live);
        assert!(different.is_empty(), "{different:?}");
        Ok(())
    }
}
