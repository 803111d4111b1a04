//! Rows by a unique key.

use super::press::*;
use crate::bed::behaviour;
use orm::{Code, prelude::*};

behaviour! {
    async fn rows_are_read_or_made(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let draft = || Tag::draft().slug("rust").name("Rust");
        let (made, new) = draft().get_or_create(|t| t.slug, db).await?;
        assert!(new && made.slug == "rust");
        bed.log.clear();
        let (read, new) = Tag::draft().slug("rust").name("Other").get_or_create(|t| t.slug, db).await?;
        bed.log.assert_queries(1);
        assert_eq!((new, read.id, read.name.as_str()), (false, made.id, "Rust"));
        let error = Tag::draft().slug("x".repeat(51)).name("x").get_or_create(|t| t.slug, db).await.unwrap_err();
        assert_eq!(error.code(), Code::TooLong);
        // By a key of several fields.
        let ada = author("Ada", db).await?;
        let draft = || Book::draft().title("Notes").price(dec("1")).author(&ada);
        assert!(draft().get_or_create(|b| b.author_title, db).await?.1);
        assert!(!draft().get_or_create(|b| b.author_title, db).await?.1);
        Ok(())
    }

    async fn rows_are_changed_or_made(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let (made, new) = Tag::draft().slug("a").name("A").uses(3).update_or_create(|t| t.slug, db).await?;
        assert!(new);
        let (changed, new) = Tag::draft().slug("a").name("B").update_or_create(|t| t.slug, db).await?;
        assert_eq!((new, changed.id, changed.name.as_str(), changed.uses), (false, made.id, "B", 3));
        bed.log.clear();
        let upserted = Tag::draft().slug("a").name("C").upsert(|t| t.slug, db).await?;
        bed.log.assert_queries(1);
        assert_eq!((upserted.id, upserted.name.as_str(), upserted.uses), (made.id, "C", 3));
        let fresh = Tag::draft().slug("b").name("D").upsert(|t| t.slug, db).await?;
        assert_eq!((fresh.name.as_str(), fresh.uses), ("D", 0));
        let by_key = Tag::draft().id(made.id).slug("z").name("Z").upsert(|t| t.id, db).await?;
        assert_eq!((by_key.id, by_key.slug.as_str(), Tag::objects().count(db).await?), (made.id, "z", 2));
        let same = Ticket::draft().code("only a key").upsert(|t| t.code, db).await?;
        assert_eq!(same.code, Ticket::draft().code("only a key").upsert(|t| t.code, db).await?.code);
        Ok(())
    }

    async fn another_unique_key_is_an_error(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let member = |email: &str, nick: &str| Member::draft().email(email).nick(nick);
        member("a", "ann").create(db).await?;
        let error = member("b", "ann").get_or_create(|m| m.email, db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["nick"]), "{error}");
        let error = member("b", "ann").update_or_create(|m| m.email, db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["nick"]), "{error}");
        let error = member("b", "ann").upsert(|m| m.email, db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["nick"]), "{error}");
        assert_eq!(Member::objects().count(db).await?, 1);
        // Both keys of the one row: it is that row.
        assert!(!member("a", "ann").get_or_create(|m| m.email, db).await?.1);
        let changed = member("a", "ann").visits(4).upsert(|m| m.email, db).await?;
        assert_eq!(changed.visits, 4);
        Ok(())
    }

    async fn many_tasks_make_one_row(bed) {
        tables(&bed).await?;
        let mut tasks = Vec::new();
        for number in 0..64 {
            let db = bed.db.clone();
            tasks.push(tokio::spawn(async move {
                let draft = Tag::draft().slug("one").name(format!("n{number}"));
                let (tag, made) = draft.get_or_create(|t| t.slug, &db).await?;
                let member = Member::draft().email("one").nick("one").visits(number);
                let (member, new) = member.update_or_create(|m| m.email, &db).await?;
                let up = Tag::draft().slug("up").name("up").uses(number).upsert(|t| t.slug, &db).await?;
                Ok::<_, orm::Error>((tag.id, made, member.id, new, up.id))
            }));
        }
        let (mut made, mut new) = (0, 0);
        let mut ids = std::collections::HashSet::new();
        for task in tasks {
            let (tag, tag_made, member, member_new, up) = task.await.unwrap()?;
            made += usize::from(tag_made);
            new += usize::from(member_new);
            ids.insert((tag, member, up));
        }
        assert_eq!((made, new, ids.len()), (1, 1, 1));
        assert_eq!((Tag::objects().count(&bed.db).await?, Member::objects().count(&bed.db).await?), (2, 1));
        Ok(())
    }

    async fn inside_transactions(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        db.transaction(async |tx| {
            let member = |email: &str, nick: &str| Member::draft().email(email).nick(nick);
            member("a", "ann").create(tx).await?;
            // A violated key does not end the transaction where the database lets it go on.
            let error = tx.transaction(async |tx| member("b", "ann").get_or_create(|m| m.email, tx).await).await;
            assert_eq!(error.unwrap_err().code(), Code::UniqueViolation);
            assert!(member("c", "cid").update_or_create(|m| m.email, tx).await?.1);
            assert!(!member("c", "cee").update_or_create(|m| m.email, tx).await?.1);
            Ok(())
        }).await?;
        let nicks = Member::objects().order_by(|m| m.email.asc()).values(|m| m.nick).all(db).await?;
        assert_eq!(nicks, ["ann", "cee"]);
        Ok(())
    }
}

mod couples {
    use super::*;

    orm::app! { pub couples { User, Account } }

    #[derive(Model, Debug, Clone)]
    pub struct User {
        pub id: i64,
        #[field(max_length = 20, unique)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Account {
        pub id: i64,
        pub user: OneToOne<User>,
        pub helper: Option<OneToOne<User>>,
        #[field(max_length = 20)]
        pub plan: String,
        #[field(default = 0)]
        pub logins: i32,
    }

    behaviour! {
        async fn a_one_to_one_is_a_unique_key(bed) {
            orm::migrate::create_tables(&bed.db, &[couples()]).await?;
            let db = &bed.db;
            let ada = User::draft().name("Ada").create(db).await?;
            let bob = User::draft().name("Bob").create(db).await?;
            let (made, new) = Account::draft().user(&ada).plan("free").get_or_create(|a| a.user, db).await?;
            assert!(new);
            let (read, new) = Account::draft().user(&ada).plan("paid").get_or_create(|a| a.user, db).await?;
            assert_eq!((read.id, read.plan.as_str(), new), (made.id, "free", false));
            let (changed, new) = Account::draft().user(&ada).plan("paid").update_or_create(|a| a.user, db).await?;
            assert_eq!((changed.id, changed.plan.as_str(), new), (made.id, "paid", false));
            assert_eq!(Account::draft().user(&ada).plan("gold").upsert(|a| a.user, db).await?.id, made.id);
            let drafts = [Account::draft().user(&ada).plan("x").logins(2), Account::draft().user(&bob).plan("y")];
            Account::objects().bulk_upsert(drafts, |a| a.user, db).await?;
            let drafts = [Account::draft().user(&ada).plan("x").logins(5)];
            Account::objects().bulk_upsert_with(drafts, |a| a.user, |a, new| a.logins.set(a.logins + new.logins), db).await?;
            let plans = Account::objects().order_by(|a| a.id.asc()).values(|a| (a.plan, a.logins));
            assert_eq!(plans.all(db).await?, [("x".to_owned(), 7), ("y".to_owned(), 0)]);
            Ok(())
        }
    }
}
