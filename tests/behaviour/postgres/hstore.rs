//! Texts by their keys.

use super::extension;
use crate::bed::behaviour;
use orm::{Code, postgres::HStore, prelude::*};

orm::app! { pub goods { Item } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Item {
    pub id: i64,
    pub marks: HStore,
    pub more: Option<HStore>,
}

behaviour! {
    async fn texts_stand_under_their_keys(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        extension(&bed, "hstore").await?;
        orm::migrate::create_tables(db, &[goods()]).await?;
        let mut odd = HStore::from([("a \"b\" => \\", "it's, NULL"), ("", "")]);
        odd.insert("nothing".to_owned(), None);
        let made = Item::draft().marks(odd.clone()).create(db).await?;
        assert_eq!((&made.marks, &made.more), (&odd, &None));
        let red = HStore::from([("colour", "red"), ("size", "12")]);
        let others = [Item::draft().marks(red.clone()).more(HStore::new()), Item::draft().marks(HStore::new()).more(red.clone())];
        Item::objects().bulk_create(others, db).await?;
        let ids = async |query: QuerySet<Item>| query.order_by(|i| i.id.asc()).values(|i| i.id).all(db).await;
        assert_eq!(ids(Item::objects().filter(|i| i.marks.contains(HStore::from([("size", "12")])))).await?, [2]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.contains(HStore::from([("size", "13")])))).await?, Vec::<i64>::new());
        assert_eq!(ids(Item::objects().filter(|i| i.marks.contained_by(red.clone()))).await?, [2, 3]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.has_key("nothing"))).await?, [1]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.has_keys(["size", "colour"]))).await?, [2]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.has_keys([""; 0]))).await?, [1, 2, 3]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.has_any_keys(["size", ""]))).await?, [1, 2]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.key("colour").eq("red"))).await?, [2]);
        assert_eq!(ids(Item::objects().filter(|i| i.more.key("colour").icontains("RE"))).await?, [3]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.key("nothing").is_null())).await?, [1, 2, 3]);
        assert_eq!(ids(Item::objects().filter(|i| i.marks.eq(odd.clone()))).await?, [1]);
        let parts = Item::objects().filter(|i| i.id.eq(2)).values(|i| (i.marks.keys(), i.marks.texts(), i.more.keys()));
        let (keys, texts, none) = parts.get(db).await?;
        assert_eq!(keys, ["size", "colour"]);
        assert_eq!(texts, [Some("12".to_owned()), Some("red".to_owned())]);
        assert_eq!(none, Some(Vec::new()));
        let mut edit = made.edit();
        edit.marks.remove("nothing");
        assert_eq!(edit.save(db).await?.marks.len(), 2);
        Ok(())
    }

    async fn without_the_extension_it_is_asked_for(bed, requires(PostgresTypes)) {
        let error = orm::migrate::create_tables(&bed.db, &[goods()]).await.unwrap_err();
        assert_eq!(error.code(), Code::MissingExtension, "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("CREATE EXTENSION hstore")), "{error:?}");
        Ok(())
    }
}
