//! Many-to-many relations seen from both sides, and by a model between that has several keys to one side.

use crate::bed::{Bed, behaviour};
use orm::{
    dynamic::{Catalog, Query},
    prelude::*,
};

orm::app! { pub store { Product, Tag, User, Follow, Order, OrderLine, Team, Match } }

#[derive(Model, Debug, Clone)]
pub struct Product {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    pub tags: ManyToMany<Tag>,
    #[field(through = OrderLine, via = product, to = order)]
    pub orders: ManyToMany<Order>,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
    #[field(via = tags)]
    pub products: ManyToMany<Product>,
}

/// Blocks by an automatic table, follows by a model between; both seen from either end.
#[derive(Model, Debug, Clone)]
pub struct User {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    pub blocks: ManyToMany<User>,
    #[field(via = blocks)]
    pub blocked_by: ManyToMany<User>,
    #[field(through = Follow, via = follower, to = followed)]
    pub follows: ManyToMany<User>,
    #[field(via = follows)]
    pub followers: ManyToMany<User>,
}

#[derive(Model, Debug, Clone)]
pub struct Follow {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub followed: ForeignKey<User>,
    #[field(on_delete = cascade)]
    pub follower: ForeignKey<User>,
    #[field(on_delete = set_null)]
    pub introduced_by: Option<ForeignKey<User>>,
}

#[derive(Model, Debug, Clone)]
pub struct Order {
    pub id: i64,
    #[field(through = OrderLine, via = order, to = product)]
    pub products: ManyToMany<Product>,
    #[field(through = OrderLine, to = backup)]
    pub backups: ManyToMany<Product>,
}

#[derive(Model, Debug, Clone)]
pub struct OrderLine {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub backup: Option<ForeignKey<Product>>,
    #[field(on_delete = cascade)]
    pub order: ForeignKey<Order>,
    #[field(on_delete = cascade)]
    pub product: ForeignKey<Product>,
}

/// Teams play each other, in a model between that knows no third.
#[derive(Model, Debug, Clone)]
pub struct Team {
    pub id: i64,
    #[field(through = Match, to = home)]
    pub visited: ManyToMany<Team>,
}

#[derive(Model, Debug, Clone)]
pub struct Match {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub home: ForeignKey<Team>,
    #[field(on_delete = cascade)]
    pub guest: ForeignKey<Team>,
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[store()]).await
}

/// Lamp (bright, blue), Chair (blue) and Desk; the tag `free` is nobody's.
async fn shop(bed: &Bed) -> orm::Result<(Vec<Product>, Vec<Tag>)> {
    tables(bed).await?;
    let db = &bed.db;
    let products = ["Lamp", "Chair", "Desk"].map(|name| Product::draft().name(name));
    let products = Product::objects().bulk_create(products, db).await?;
    let tags = Tag::objects().bulk_create(["bright", "blue", "free"].map(|slug| Tag::draft().slug(slug)), db).await?;
    products[0].many(|p| p.tags).add([&tags[0], &tags[1]], db).await?;
    products[1].many(|p| p.tags).add([&tags[1]], db).await?;
    Ok((products, tags))
}

fn names(products: &[Product]) -> Vec<&str> {
    products.iter().map(|product| product.name.as_str()).collect()
}

behaviour! {
    async fn the_reverse_side_is_the_same_table(bed) {
        let (products, tags) = shop(&bed).await?;
        let db = &bed.db;
        // Queries, prefetches and rows beside.
        let of_lamp = Tag::objects().filter(|t| t.products.any(|p| p.name.eq("Lamp"))).order_by(|t| t.slug.asc());
        assert_eq!(of_lamp.values(|t| t.slug).all(db).await?, ["blue", "bright"]);
        let counted = Tag::objects().values(|t| (t.slug, t.products.count())).order_by(|(slug, _)| slug.asc());
        let expected = [("blue".to_owned(), 2), ("bright".to_owned(), 1), ("free".to_owned(), 0)];
        assert_eq!(counted.all(db).await?, expected);
        let read = Tag::objects()
            .prefetch(|t| t.products.order_by(|p| p.name.asc()).prefetch(|p| p.tags))
            .order_by(|t| t.slug.asc())
            .all(db)
            .await?;
        assert_eq!(names(read[0].products.get()?), ["Chair", "Lamp"]);
        assert_eq!(read[0].products.get()?[1].tags.get()?.len(), 2);
        assert!(read[2].products.get()?.is_empty());
        let beside = Tag::objects().filter(|t| t.slug.eq("blue"));
        let beside = beside.all_with(|t| t.reverse_via(Product::fields().tags), db).await?;
        assert_eq!(beside[0].1.len(), 2);
        let unused = Tag::objects().exclude(|t| t.reverse_via(Product::fields().tags).exists());
        assert_eq!(unused.get(db).await?.slug, "free");

        // Changes from the other end.
        let blue = &tags[1];
        assert_eq!(blue.many(|t| t.products).add([&products[0], &products[2]], db).await?, 1);
        assert_eq!(blue.many(|t| t.products).remove([&products[0]], db).await?, 1);
        assert_eq!(products[0].many(|p| p.tags).rows()?.get(db).await?.slug, "bright");
        assert_eq!(blue.many(|t| t.products).set([&products[0]], db).await?, 3);
        assert_eq!(names(&blue.many(|t| t.products).all(db).await?), ["Lamp"]);
        assert_eq!(blue.many(|t| t.reverse_via(Product::fields().tags)).remove([&products[0]], db).await?, 1);
        assert_eq!(blue.many(|t| t.reverse_via(Product::fields().tags)).add([&products[1]], db).await?, 1);
        assert_eq!(tags[0].many(|t| t.products).clear(db).await?, 1);

        // The rows between go with a row of either end, and the other end stays.
        let between = async || {
            let rows = Product::objects().values(|p| p.tags.count()).all(db).await?;
            orm::Result::Ok(rows.iter().sum::<i64>())
        };
        assert_eq!(between().await?, 1);
        Tag::objects().filter(|t| t.slug.eq("blue")).delete(db).await?;
        assert_eq!((between().await?, Product::objects().count(db).await?), (0, 3));
        Ok(())
    }

    async fn the_reverse_side_by_name(bed) {
        shop(&bed).await?;
        let catalog = Catalog::new().app(store());
        let query: Query = serde_json::from_str(
            r#"{"model": "store.Tag", "calls": [
                {"filter": {"where": ["products__name__startswith", "L"]}},
                {"annotate": {"n": {"aggregate": {"function": "count", "of": {"path": "products"}}}}},
                {"join": {"relation": "products", "as": "p"}},
                {"order_by": ["slug", "p__name"]},
                {"values": ["slug", "n", "p__name"]}
            ]}"#,
        )
        .unwrap();
        let rows = catalog.check(&query)?.all(&bed.db).await?;
        let rows: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
        let expected = [
            r#"{"slug":"blue","n":2,"p__name":"Chair"}"#,
            r#"{"slug":"blue","n":2,"p__name":"Lamp"}"#,
            r#"{"slug":"bright","n":1,"p__name":"Lamp"}"#,
        ];
        assert_eq!(rows, expected);
        Ok(())
    }

    async fn a_model_to_itself_from_both_ends(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let people = User::objects().bulk_create(["Ann", "Ben", "Cid"].map(|name| User::draft().name(name)), db).await?;
        let [ann, ben, cid] = &people[..] else { panic!("three rows") };
        ann.many(|u| u.blocks).add([ben, cid], db).await?;
        assert_eq!(ben.many(|u| u.blocked_by).all(db).await?[0].name, "Ann");
        assert_eq!(ben.many(|u| u.blocks).rows()?.count(db).await?, 0);
        cid.many(|u| u.blocked_by).set([ben], db).await?;
        let blocked = User::objects().values(|u| (u.name, u.blocks.count(), u.blocked_by.count()));
        let blocked = blocked.order_by(|(name, ..)| name.asc()).all(db).await?;
        assert_eq!(blocked.iter().map(|(_, to, by)| (*to, *by)).collect::<Vec<_>>(), [(1, 0), (1, 1), (0, 1)]);

        ann.many(|u| u.follows).add([ben, cid], db).await?;
        ben.many(|u| u.followers).add([ann, cid], db).await?;
        let read = User::objects().prefetch(|u| u.followers.order_by(|f| f.name.asc())).order_by(|u| u.name.asc());
        let read = read.prefetch(|u| u.follows).all(db).await?;
        let followers: Vec<_> = read[1].followers.get()?.iter().map(|user| user.name.as_str()).collect();
        assert_eq!((followers, read[0].follows.get()?.len(), read[2].follows.get()?.len()), (vec!["Ann", "Cid"], 2, 1));
        assert_eq!(Follow::objects().filter(|f| f.followed.eq(ben) & f.follower.eq(ann)).count(db).await?, 1);
        Ok(())
    }

    async fn a_model_between_with_two_keys_to_one_side(bed) {
        let (products, _) = shop(&bed).await?;
        let db = &bed.db;
        let orders = Order::objects().bulk_create([Order::draft(), Order::draft()], db).await?;
        let line = |order: &Order, product: &Product| OrderLine::draft().order(order).product(product);
        line(&orders[0], &products[0]).backup(&products[1]).create(db).await?;
        line(&orders[0], &products[2]).backup(&products[1]).create(db).await?;
        orders[1].many(|o| o.products).add([&products[1]], db).await?;

        let read = Order::objects()
            .prefetch(|o| o.products.order_by(|p| p.name.asc()))
            .prefetch(|o| o.backups)
            .order_by(|o| o.id.asc())
            .all(db)
            .await?;
        assert_eq!(names(read[0].products.get()?), ["Desk", "Lamp"]);
        assert_eq!(names(read[0].backups.get()?), ["Chair", "Chair"]);
        assert_eq!((names(read[1].products.get()?), read[1].backups.get()?.len()), (vec!["Chair"], 0));
        let with_chair = Order::objects().filter(|o| o.products.any(|p| p.name.eq("Chair")));
        assert_eq!(with_chair.get(db).await?.id, orders[1].id);
        let as_backup = Order::objects().filter(|o| o.backups.any(|p| p.name.eq("Chair")));
        assert_eq!(as_backup.get(db).await?.id, orders[0].id);
        assert_eq!(products[1].many(|p| p.orders).rows()?.get(db).await?.id, orders[1].id);
        assert_eq!(orders[0].many(|o| o.products).remove([&products[0]], db).await?, 1);
        assert_eq!(names(&orders[0].many(|o| o.products).all(db).await?), ["Desk"]);

        let (home, guest) = (Team::draft().create(db).await?, Team::draft().create(db).await?);
        guest.many(|t| t.visited).add([&home], db).await?;
        assert_eq!(Match::objects().get(db).await?.home.key(), &home.id);
        Ok(())
    }
}

#[test]
fn the_reverse_side_makes_no_table() {
    let schema = orm::migrate::schema(&[store()]).unwrap();
    let many = |model: &str| {
        let model = schema.model("store", model).unwrap();
        let names = model.fields.iter().filter(|field| field.relation.is_some()).map(|field| field.name.as_str());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        (many("Product"), many("Tag"), many("User")),
        (vec!["tags", "orders"], vec![], vec!["blocks", "follows"])
    );
}

/// What the compiler of one model does not see: fields of parts.
mod parts {
    use orm::prelude::*;

    pub mod fit {
        use orm::prelude::*;

        orm::app! { pub fit { Page, Label } }

        #[derive(ModelPart, Debug, Clone)]
        pub struct Labelled {
            pub labels: ManyToMany<Label>,
        }

        #[derive(Model, Debug, Clone)]
        pub struct Page {
            pub id: i64,
            #[field(flatten)]
            pub labelled: Labelled,
        }

        #[derive(Model, Debug, Clone)]
        pub struct Label {
            pub id: i64,
            #[field(via = labels)]
            pub pages: ManyToMany<Page>,
        }
    }

    /// Pages with labels in a part; `$way` says how labels lead back.
    macro_rules! labelled {
        ($name:ident, $(#[$way:meta])?) => {
            pub mod $name {
                use orm::prelude::*;

                orm::app! { pub $name { Page, Label } }

                #[derive(ModelPart)]
                pub struct Labelled {
                    pub labels: ManyToMany<Label>,
                }

                #[derive(Model)]
                pub struct Page {
                    pub id: i64,
                    #[field(flatten)]
                    pub labelled: Labelled,
                }

                #[derive(Model)]
                pub struct Label {
                    pub id: i64,
                    $(#[$way])?
                    pub pages: ManyToMany<Page>,
                }
            }
        };
    }

    labelled!(misnamed, #[field(via = label)]);
    labelled!(doubled,);

    pub mod two_keys {
        use orm::prelude::*;

        orm::app! { pub two_keys { Product, Order, Line } }

        #[derive(Model)]
        pub struct Product {
            pub id: i64,
        }

        #[derive(Model)]
        pub struct Order {
            pub id: i64,
            #[field(through = Line)]
            pub products: ManyToMany<Product>,
        }

        #[derive(ModelPart)]
        pub struct Wares {
            pub product: ForeignKey<Product>,
            pub backup: ForeignKey<Product>,
        }

        #[derive(Model)]
        pub struct Line {
            pub id: i64,
            pub order: ForeignKey<Order>,
            #[field(flatten)]
            pub wares: Wares,
        }
    }

    /// What is refused, and the way out.
    pub fn refused(app: orm::App) -> String {
        let error = orm::migrate::schema(&[app]).unwrap_err();
        assert_eq!(error.code(), orm::Code::BadModel);
        format!("{}: {}", error.message(), error.hint().unwrap())
    }

    pub async fn labels(db: &Database) -> orm::Result<i64> {
        orm::migrate::create_tables(db, &[fit::fit()]).await?;
        let (page, label) = (fit::Page::draft().create(db).await?, fit::Label::draft().create(db).await?);
        label.many(|l| l.pages).add([&page], db).await?;
        page.many(|p| p.labelled.labels).rows()?.count(db).await.map(|count| count as i64)
    }
}

behaviour! {
    async fn a_side_in_a_part(bed) {
        assert_eq!(parts::labels(&bed.db).await?, 1);
        Ok(())
    }
}

#[test]
fn sides_in_parts_are_checked_when_the_program_starts() {
    let misnamed = parts::refused(parts::misnamed::misnamed());
    assert_eq!(
        misnamed,
        "`misnamed.Label.pages` has `via = label`, and `misnamed.Page` has no such many-to-many to `misnamed.Label`: \
         write #[field(via = labels)]"
    );
    let doubled = parts::refused(parts::doubled::doubled());
    assert!(doubled.contains("these are two relations: for the reverse side, write #[field(via = "), "{doubled}");
    let two_keys = parts::refused(parts::two_keys::two_keys());
    assert!(two_keys.contains("several foreign keys to `two_keys.Product`: product, backup"), "{two_keys}");
    assert!(two_keys.contains("`to = product`"), "{two_keys}");
}
