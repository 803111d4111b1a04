//! Enums of a database that was taken over.

use crate::bed::behaviour;
use orm::{Code, prelude::*};

orm::app! { pub moods { Person } }

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(db_type = "mood")]
pub enum Mood {
    Sad,
    Plain,
    #[choice(value = "it's fine")]
    Fine,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub mood: Mood,
    pub before: Option<Mood>,
    pub others: Vec<Mood>,
}

behaviour! {
    async fn enums_of_the_database_are_choices(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        db.batch("CREATE TYPE mood AS ENUM ('sad', 'plain', 'it''s fine', 'unknown')").await?;
        orm::migrate::create_tables(db, &[moods()]).await?;
        let ada = Person::draft().name("Ada").mood(Mood::Fine).others([Mood::Sad, Mood::Fine]).create(db).await?;
        assert_eq!((ada.mood, ada.before, ada.others), (Mood::Fine, None, vec![Mood::Sad, Mood::Fine]));
        let more = [("Bob", Mood::Sad, Some(Mood::Plain)), ("Cy", Mood::Plain, None)];
        let more = more.map(|(name, mood, before)| Person::draft().name(name).mood(mood).before(before).others(vec![]));
        Person::objects().bulk_create(more, db).await?;
        let names = |query: QuerySet<Person>| query.order_by(|p| p.mood.asc()).values(|p| p.name);
        assert_eq!(names(Person::objects()).all(db).await?, ["Bob", "Cy", "Ada"]);
        assert_eq!(names(Person::objects().filter(|p| p.mood.gt(Mood::Sad))).all(db).await?, ["Cy", "Ada"]);
        assert_eq!(names(Person::objects().filter(|p| p.mood.is_in([Mood::Sad, Mood::Fine]))).all(db).await?, ["Bob", "Ada"]);
        assert_eq!(names(Person::objects().filter(|p| p.before.eq(Mood::Plain))).all(db).await?, ["Bob"]);
        assert_eq!(names(Person::objects().filter(|p| p.others.contains([Mood::Sad]))).all(db).await?, ["Ada"]);
        assert_eq!(names(Person::objects().filter(|p| p.others.any_eq(p.mood))).all(db).await?, ["Ada"]);
        let mut person = Person::objects().filter(|p| p.name.eq("Cy")).get(db).await?;
        person.before = Some(Mood::Sad);
        let mut edit = person.edit();
        edit.mood = Mood::Sad;
        edit.before = None;
        assert_eq!(edit.save(db).await?.mood, Mood::Sad);
        Person::objects().filter(|p| p.name.eq("Bob")).update(|p| (p.mood.set(Mood::Fine), p.before.set(p.mood)), db).await?;
        let bob = Person::objects().filter(|p| p.name.eq("Bob")).get(db).await?;
        assert_eq!((bob.mood, bob.before), (Mood::Fine, Some(Mood::Sad)));
        let known = Person::objects().values(|p| p.mood).distinct().order_by(|mood| mood.asc()).all(db).await?;
        assert_eq!(known, [Mood::Sad, Mood::Fine]);
        let first = Person::objects().aggregate(|p| (p.mood.min(), p.mood.array_agg().distinct())).get(db).await?;
        assert_eq!(first, (Some(Mood::Sad), Some(vec![Mood::Sad, Mood::Fine])));
        // What the enum of the database has and that of the program has not is an error, never a wrong variant.
        db.batch("UPDATE moods_person SET mood = 'unknown' WHERE name = 'Cy'").await?;
        let error = Person::objects().filter(|p| p.name.eq("Cy")).get(db).await.unwrap_err();
        assert_eq!(error.code(), Code::UnknownChoice);
        Ok(())
    }
}
