//! Related rows that are made, models between with values of their own, and relations that go both ways.

use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Change, Code, Hooks,
    dynamic::{Catalog, Relate, Related},
    prelude::*,
};
use serde_json::json;

orm::app! { pub clubs { Person, Club, Membership, Badge, Note } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Person {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub name: String,
    #[field(symmetrical)]
    pub friends: ManyToMany<Person>,
    #[field(via = owner)]
    pub badges: HasMany<Badge>,
    pub notes: HasMany<Note>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Club {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub name: String,
    #[field(through = Membership)]
    pub members: ManyToMany<Person>,
    #[field(table = "clubs_patrons")]
    pub patrons: ManyToMany<Person>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Membership {
    pub id: i64,
    pub club: ForeignKey<Club>,
    pub person: ForeignKey<Person>,
    #[field(max = 10)]
    pub rank: i32,
    #[field(default = || "new".to_owned())]
    pub remark: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Badge {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub code: String,
    #[field(default = 0)]
    pub uses: i32,
    pub owner: Option<ForeignKey<Person>>,
    pub giver: Option<ForeignKey<Person>>,
}

/// Has something to say about its changes.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(validate = sane)]
pub struct Note {
    pub id: i64,
    pub text: String,
    pub person: Option<ForeignKey<Person>>,
}

fn sane(note: &mut Change<Note>) {
    if note.get(|n| n.text).is_some_and(|text| text.is_empty()) {
        note.refuse(|n| n.text, "note.empty", "say something");
    }
}

async fn people(bed: &Bed) -> orm::Result<Vec<Person>> {
    orm::migrate::create_tables(&bed.db, &[clubs()]).await?;
    let names = ["Ada", "Bob", "Cleo", "Dan"];
    Person::objects().bulk_create(names.map(|name| Person::draft().name(name)), &bed.db).await
}

async fn friends(person: &Person, db: &Database) -> orm::Result<String> {
    let rows = person.many(|p| p.friends).rows()?.order_by(|p| p.id.asc()).all(db).await?;
    Ok(rows.iter().map(|friend| friend.name.as_str()).collect::<Vec<_>>().join(" "))
}

behaviour! {
    async fn friends_go_both_ways(bed) {
        let people = people(&bed).await?;
        let db = &bed.db;
        let [ada, bob, cleo, dan] = &people[..] else { unreachable!() };
        assert_eq!(ada.many(|p| p.friends).add([bob, cleo], db).await?, 2);
        assert_eq!((friends(ada, db).await?, friends(bob, db).await?, friends(cleo, db).await?),
            ("Bob Cleo".into(), "Ada".into(), "Ada".into()));
        assert_eq!(bob.many(|p| p.friends).add([ada, dan], db).await?, 1);
        // As a condition and loaded beside, they are like any other.
        assert_eq!(Person::objects().filter(|p| p.friends.any(|f| f.name.eq("Ada"))).count(db).await?, 2);
        let loaded = Person::objects().prefetch(|p| p.friends).all(db).await?;
        assert_eq!(loaded.iter().map(|p| p.friends.get().unwrap().len()).collect::<Vec<_>>(), [2, 2, 1, 1]);
        assert_eq!(ada.many(|p| p.friends).set([dan, cleo], db).await?, 2);
        assert_eq!((friends(ada, db).await?, friends(bob, db).await?, friends(dan, db).await?),
            ("Cleo Dan".into(), "Dan".into(), "Ada Bob".into()));
        assert_eq!(cleo.many(|p| p.friends).remove([ada], db).await?, 1);
        assert_eq!((friends(ada, db).await?, friends(cleo, db).await?), ("Dan".into(), String::new()));
        // With oneself it is one row, and two of it would break the unique key.
        assert_eq!(ada.many(|p| p.friends).add([ada], db).await?, 1);
        assert_eq!(friends(ada, db).await?, "Ada Dan");
        assert_eq!(dan.many(|p| p.friends).clear(db).await?, 2);
        assert_eq!((friends(ada, db).await?, friends(bob, db).await?), ("Ada".into(), String::new()));
        // By name too.
        let catalog = Catalog::new().app(clubs()).writable(["clubs.Person"])?;
        let relate = Relate::of("clubs.Person", json!(cleo.id), "friends", Related::Add(vec![json!(bob.id)]));
        catalog.check_change(&orm::dynamic::Change::Relate(relate))?.run(db).await?;
        assert_eq!((friends(bob, db).await?, friends(cleo, db).await?), ("Cleo".into(), "Bob".into()));
        Ok(())
    }

    async fn friends_are_made_from_both_sides_at_once(bed) {
        let people = people(&bed).await?;
        for _ in 0..5 {
            let mut tasks = Vec::new();
            for (one, other) in [(0, 1), (1, 0), (0, 2), (2, 0)] {
                let (db, one, other) = (bed.db.clone(), people[one].clone(), people[other].clone());
                // InnoDB gives one of them up even so.
                let times = if bed.backend == Backend::MariaDb { 20 } else { 0 };
                tasks.push(tokio::spawn(async move {
                    let retried = db.build_transaction().retry(times);
                    retried.run(async |tx| one.many(|p| p.friends).add([&other], tx).await).await
                }));
            }
            for task in tasks {
                task.await.unwrap()?;
            }
            assert_eq!(friends(&people[0], &bed.db).await?, "Bob Cleo");
            assert_eq!((friends(&people[1], &bed.db).await?, friends(&people[2], &bed.db).await?), ("Ada".into(), "Ada".into()));
            people[0].many(|p| p.friends).clear(&bed.db).await?;
            assert_eq!(friends(&people[1], &bed.db).await?, "");
        }
        Ok(())
    }

    async fn rows_are_made_and_related_at_once(bed) {
        let people = people(&bed).await?;
        let db = &bed.db;
        let ada = &people[0];
        let chess = Club::draft().name("Chess").create(db).await?;
        let eve = chess.many(|c| c.patrons).create(Person::draft().name("Eve"), db).await?;
        let (bob, new) = chess.many(|c| c.patrons).get_or_create(Person::draft().name("Bob"), |p| p.name, db).await?;
        assert_eq!((bob.id, new), (people[1].id, false));
        let (_, new) = chess.many(|c| c.patrons).update_or_create(Person::draft().name("Fay"), |p| p.name, db).await?;
        assert!(new);
        assert_eq!(chess.many(|c| c.patrons).all(db).await?.iter().map(|p| &*p.name).collect::<Vec<_>>(), ["Bob", "Eve", "Fay"]);
        // Both or nothing.
        let twice = chess.many(|c| c.patrons).create(Person::draft().name("Eve"), db).await.unwrap_err();
        assert_eq!(twice.code(), Code::UniqueViolation);
        let lost = Club { id: 77, ..chess.clone() };
        let error = lost.many(|c| c.patrons).create(Person::draft().name("Gus"), db).await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation);
        assert!(!Person::objects().filter(|p| p.name.eq("Gus")).exists(db).await?);
        // The reverse of a foreign key: the draft's key is set, whatever it said.
        let badge = ada.many(|p| p.badges).create(Badge::draft().code("a"), db).await?;
        assert_eq!(badge.owner.as_ref().map(|owner| *owner.key()), Some(ada.id));
        let other = Badge::draft().code("b").owner(&eve).create(db).await?;
        let (moved, new) = ada.many(|p| p.badges).get_or_create(Badge::draft().code("b"), |b| b.code, db).await?;
        assert_eq!((moved.id, moved.owner.map(|owner| *owner.key()), new), (other.id, Some(ada.id), false));
        assert_eq!(ada.many(|p| p.badges).all(db).await?.len(), 2);
        Ok(())
    }

    async fn a_model_between_has_values_of_its_own(bed) {
        let people = people(&bed).await?;
        let db = &bed.db;
        let chess = Club::draft().name("Chess").create(db).await?;
        let members = || chess.many(|c| c.members);
        let error = members().add([&people[0]], db).await.unwrap_err();
        assert_eq!((error.code(), error.hint()), (Code::BadQuery, Some("give it, `.through::<Membership, _>(|row| row.rank.set(..))`")));
        let ranked = |rank: i32| members().through::<Membership, _>(move |m| m.rank.set(rank));
        assert_eq!(ranked(3).add(&people[..2], db).await?, 2);
        let member = ranked(5).create(Person::draft().name("Eve"), db).await?;
        let rows = Membership::objects().order_by(|m| m.id.asc()).all(db).await?;
        assert_eq!(rows.iter().map(|m| (m.rank, m.remark.as_str())).collect::<Vec<_>>(), [(3, "new"), (3, "new"), (5, "new")]);
        assert_eq!(*rows[2].person.key(), member.id);
        let both = members().through::<Membership, _>(|m| (m.rank.set(1), m.remark.set("old")));
        assert_eq!(both.set([&people[0], &people[3]], db).await?, 3);
        let rows = Membership::objects().order_by(|m| m.id.asc()).all(db).await?;
        assert_eq!(rows.iter().map(|m| (m.rank, m.remark.as_str())).collect::<Vec<_>>(), [(3, "new"), (1, "old")]);
        // What does not fit, and what does not stand between.
        assert_eq!(ranked(11).add([&people[2]], db).await.unwrap_err().code(), Code::OutOfRange);
        let code = |done: orm::Result<u64>| done.unwrap_err().code();
        assert_eq!(code(members().through::<Badge, _>(|b| b.uses.set(1)).add([&people[2]], db).await), Code::BadQuery);
        let keyed = members().through::<Membership, _>(|m| m.person.set(&people[1]));
        assert_eq!(code(keyed.add([&people[2]], db).await), Code::BadQuery);
        let computed = members().through::<Membership, _>(|m| m.rank.set(m.rank + 1));
        assert_eq!(code(computed.add([&people[2]], db).await), Code::BadQuery);
        let patrons = chess.many(|c| c.patrons).through::<Membership, _>(|m| m.rank.set(1));
        assert_eq!(code(patrons.add([&people[2]], db).await), Code::BadQuery);
        assert_eq!(Membership::objects().count(db).await?, 2);
        Ok(())
    }

    async fn what_looks_at_rows_is_not_passed_by(bed) {
        let people = people(&bed).await?;
        let db = &bed.db;
        let ada = &people[0];
        let note = Note::draft().text("x").create(db).await?;
        let error = ada.many(|p| p.notes).add([&note], db).await.unwrap_err();
        assert_eq!((error.code(), error.model()), (Code::Unvalidated, Some("Note")));
        assert_eq!(ada.many(|p| p.notes).skip_validation().add([&note], db).await?, 1);
        assert_eq!(ada.many(|p| p.notes).remove([&note], db).await.unwrap_err().code(), Code::Unvalidated);
        // What is made here was looked at.
        let made = ada.many(|p| p.notes).create(Note::draft().text("y"), db).await?;
        assert_eq!(made.person.map(|person| *person.key()), Some(ada.id));
        let error = ada.many(|p| p.notes).create(Note::draft().text(""), db).await.unwrap_err();
        assert_eq!(error.code(), Code::Own("note.empty"));
        Ok(())
    }
}

mod guarded {
    use super::*;

    orm::app! { pub guild { Smith, Guild, Entry } }

    #[derive(Model, Debug, Clone, PartialEq)]
    pub struct Smith {
        pub id: i64,
        pub name: String,
    }

    #[derive(Model, Debug, Clone, PartialEq)]
    pub struct Guild {
        pub id: i64,
        #[field(through = Entry)]
        pub smiths: ManyToMany<Smith>,
    }

    #[derive(Model, Debug, Clone, PartialEq)]
    #[model(hooks)]
    pub struct Entry {
        pub id: i64,
        pub guild: ForeignKey<Guild>,
        pub smith: ForeignKey<Smith>,
    }

    impl Hooks for Entry {}

    behaviour! {
        async fn hooks_of_a_model_between_are_not_passed_by(bed) {
            let db = &bed.db;
            orm::migrate::create_tables(db, &[guild()]).await?;
            let (guild, smith) = (Guild::draft().create(db).await?, Smith::draft().name("Ada").create(db).await?);
            let smiths = || guild.many(|g| g.smiths);
            let refused = [
                smiths().add([&smith], db).await,
                smiths().remove([&smith], db).await,
                smiths().set([&smith], db).await,
                smiths().clear(db).await,
            ];
            assert!(refused.into_iter().all(|done| done.unwrap_err().code() == Code::Unhooked));
            assert_eq!(smiths().skip_hooks().add([&smith], db).await?, 1);
            assert_eq!(smiths().skip_hooks().clear(db).await?, 1);
            Ok(())
        }
    }
}

mod owned {
    use super::*;

    orm::app! { pub owned { Author, Work, Mark } }

    #[derive(Model, Debug, Clone)]
    pub struct Author {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
        #[field(via = author)]
        pub works: HasMany<Work>,
        #[field(via = editor)]
        pub edited: HasMany<Work>,
        #[field(via = author)]
        pub marks: HasMany<Mark>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Work {
        pub id: i64,
        #[field(max_length = 20, unique)]
        pub title: String,
        pub author: ForeignKey<Author>,
        pub editor: ForeignKey<Author>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Mark {
        pub id: i64,
        #[field(max_length = 20, unique)]
        pub sign: String,
        pub author: ForeignKey<Author>,
        #[field(default = 0)]
        pub uses: i32,
    }

    behaviour! {
        async fn a_required_key_is_that_of_the_row(bed) {
            orm::migrate::create_tables(&bed.db, &[owned()]).await?;
            let db = &bed.db;
            let [ada, bob] = &Author::objects().bulk_create(["Ada", "Bob"].map(|name| Author::draft().name(name)), db).await?[..] else { unreachable!() };
            let mark = ada.many(|a| a.marks).create(Mark::draft().sign("+"), db).await?;
            assert_eq!(*mark.author.key(), ada.id);
            let (same, new) = ada.many(|a| a.marks).get_or_create(Mark::draft().sign("+"), |m| m.sign, db).await?;
            assert_eq!((same.id, new), (mark.id, false));
            let (changed, new) = ada.many(|a| a.marks).update_or_create(Mark::draft().sign("+").uses(3), |m| m.sign, db).await?;
            assert_eq!((changed.id, changed.uses, new), (mark.id, 3, false));
            // One that says another row is set to this one, as before.
            let set = ada.many(|a| a.marks).create(Mark::draft().sign("-").author(bob), db).await?;
            assert_eq!(*set.author.key(), ada.id);
            // Two keys to the model: the relation fills its own.
            let work = ada.many(|a| a.works).create(Work::draft().title("Notes").editor(bob), db).await?;
            assert_eq!((*work.author.key(), *work.editor.key()), (ada.id, bob.id));
            let work = ada.many(|a| a.edited).create(Work::draft().title("Sketches").author(bob), db).await?;
            assert_eq!((*work.author.key(), *work.editor.key()), (bob.id, ada.id));
            for refused in [
                ada.many(|a| a.works).create(Work::draft().title("None"), db).await,
                ada.many(|a| a.works).create(Work::draft().title("None").author(bob), db).await,
            ] {
                let error = refused.unwrap_err();
                assert_eq!((error.code(), error.fields()), (Code::MissingValue, &["editor".to_owned()][..]), "{error}");
            }
            assert_eq!(Work::objects().count(db).await?, 2);
            Ok(())
        }
    }
}
