//! Rules and hooks of models whose rows are rows of another model too: whose they are, and how often they are asked.

use crate::bed::behaviour;
use orm::{Change, Hooks, prelude::*, write::IntoDraftRow};
use serde_json::json;

orm::app! { pub lineage { Being, Animal, Dog, Ban, Seen } }

/// Its rule sets what it would set again: as a password that is hashed.
#[derive(Model, Debug, Clone)]
#[model(hooks, validate = Being::marked)]
pub struct Being {
    pub id: i64,
    #[field(max_length = 50, min_length = 2)]
    pub name: String,
    #[field(max_length = 50, unique)]
    pub tag: Option<String>,
}

#[derive(Model, Debug, Clone)]
#[model(validate = Animal::marked)]
pub struct Animal {
    #[field(primary_key, parent)]
    pub being: OneToOne<Being>,
    #[field(max_length = 50)]
    pub sound: String,
    #[field(min = 1, default = 4)]
    pub legs: i32,
}

#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Dog {
    #[field(primary_key, parent)]
    pub animal: OneToOne<Animal>,
    #[field(max_length = 50)]
    pub breed: String,
}

#[derive(Model, Debug, Clone)]
pub struct Ban {
    pub id: i64,
    #[field(max_length = 50)]
    pub tag: String,
}

/// What hooks have seen.
#[derive(Model, Debug, Clone)]
pub struct Seen {
    pub id: i64,
    #[field(max_length = 50)]
    pub what: String,
}

impl Being {
    fn marked(being: &mut Change<Being>) {
        if being.is_new() {
            let name = being.get(|b| b.name).unwrap_or_default();
            being.set(|b| b.name, format!("{name}!"));
        }
    }
}

impl Animal {
    fn marked(animal: &mut Change<Animal>) {
        if animal.is_new() {
            let sound = animal.get(|a| a.sound).unwrap_or_default();
            animal.set(|a| a.sound, format!("{sound}?"));
        }
    }
}

impl Hooks for Being {
    async fn validate(being: &mut Change<Being>, tx: &Transaction) -> orm::Result<()> {
        if let Some(tag) = being.get(|b| b.tag) {
            let tag = tag.to_lowercase();
            being.set(|b| b.tag, tag.clone());
            if Ban::objects().filter(|b| b.tag.eq(tag)).exists(tx).await? {
                being.refuse(|b| b.tag, "being.banned", "nobody has this tag");
            }
        }
        // What a question writes is gone after it.
        Seen::draft().what("asked").create(tx).await.map(drop)
    }

    async fn after_create(_: &Being, tx: &Transaction) -> orm::Result<()> {
        Seen::draft().what("being made").create(tx).await.map(drop)
    }

    async fn after_update(_: &Change<Being>, tx: &Transaction) -> orm::Result<()> {
        Seen::draft().what("being changed").create(tx).await.map(drop)
    }
}

impl Hooks for Dog {
    async fn validate(dog: &mut Change<Dog>, _: &Transaction) -> orm::Result<()> {
        if dog.get(|d| d.breed).is_some_and(|breed| breed.contains("cat")) {
            dog.refuse(|d| d.breed, "dog.cat", "this is no dog");
        }
        Ok(())
    }

    async fn after_create(_: &Dog, tx: &Transaction) -> orm::Result<()> {
        Seen::draft().what("dog made").create(tx).await.map(drop)
    }
}

async fn tables(db: &Database) -> orm::Result<()> {
    orm::migrate::create_tables(db, &[lineage()]).await?;
    Ban::draft().tag("eve").create(db).await.map(drop)
}

async fn seen(db: &Database) -> orm::Result<Vec<String>> {
    let seen = Seen::objects().order_by(|s| s.id.asc()).values(|s| s.what).all(db).await?;
    Seen::objects().delete(db).await?;
    Ok(seen)
}

fn told(mistakes: &[orm::ValidationError]) -> Vec<(&str, Option<&str>)> {
    mistakes.iter().map(|mistake| (mistake.code.as_str(), mistake.field.as_deref())).collect()
}

behaviour! {
    // What `validate` of a parent sets is set once, whoever has looked at the draft before.
    async fn what_a_parents_rule_sets_is_set_once(bed) {
        let db = &bed.db;
        tables(db).await?;
        let animal = |name: &'static str| Animal::draft().being(Being::draft().name(name)).sound("woof");
        let dog = |name: &'static str| Dog::draft().animal(animal(name)).breed("terrier");
        let rex = dog("Rex").create(db).await?;
        let (above, top) = (rex.animal.get()?, rex.animal.get()?.being.get()?);
        assert_eq!((above.sound.as_str(), top.name.as_str()), ("woof?", "Rex!"));
        let many = Dog::objects().bulk_create([dog("Ada"), dog("Bob")], db).await?;
        assert_eq!(many[1].animal.get()?.being.get()?.name, "Bob!");
        assert_eq!(many[1].animal.get()?.sound, "woof?");
        let asked = dog("Cleo").validated(db).await?.create(db).await?;
        assert_eq!((asked.animal.get()?.sound.as_str(), asked.animal.get()?.being.get()?.name.as_str()), ("woof?", "Cleo!"));
        Ok(())
    }

    // A question asks the rules of the parents that ask the database, with what they set; and leaves nothing behind.
    async fn questions_ask_the_parents_rules_too(bed) {
        let db = &bed.db;
        tables(db).await?;
        let dog = |tag: &'static str| Dog::draft().animal(Animal::draft().being(Being::draft().name("Rex").tag(tag)).sound("woof")).breed("terrier");
        let mistakes = dog("EVE").breed("cat").mistakes(db).await?;
        assert_eq!(told(&mistakes), [("being.banned", Some("tag")), ("dog.cat", Some("breed"))]);
        assert!(dog("Rex").mistakes(db).await?.is_empty());
        assert!(seen(db).await?.is_empty());
        let rex = dog("Rex").validated(db).await?.create(db).await?;
        assert_eq!(rex.animal.get()?.being.get()?.tag.as_deref(), Some("rex"));
        assert_eq!(seen(db).await?, ["asked", "being made", "dog made"]);
        // What the rule sets is what the unique key is asked about.
        assert_eq!(told(&dog("REX").mistakes(db).await?), [("constraint.unique", Some("tag"))]);
        let bob = dog("bob").create(db).await?;
        seen(db).await?;

        let mut edit = bob.edit();
        assert!(edit.mistakes(db).await?.is_empty());
        edit.parent()?.parent()?.tag = Some("EVE".to_owned());
        edit.breed = "cat".to_owned();
        assert_eq!(told(&edit.mistakes(db).await?), [("being.banned", Some("tag")), ("dog.cat", Some("breed"))]);
        edit.breed = "poodle".to_owned();
        edit.parent()?.parent()?.tag = Some("REX".to_owned());
        assert_eq!(told(&edit.mistakes(db).await?), [("constraint.unique", Some("tag"))]);
        // In a transaction the same, which goes on.
        db.transaction(async |tx| {
            assert_eq!(edit.mistakes(tx).await?.len(), 1);
            Ban::draft().tag("mallory").create(tx).await
        }).await?;
        assert_eq!((seen(db).await?.len(), Ban::objects().count(db).await?), (0, 2));
        Ok(())
    }

    // A row that stays what it is is not asked about, as it is not when it is saved.
    async fn nothing_is_asked_where_nothing_differs(bed) {
        let db = &bed.db;
        tables(db).await?;
        let being = Being::draft().name("Eve").tag("eve").skip_validation().create(db).await?;
        let mut edit = being.edit();
        bed.log.clear();
        assert!(edit.mistakes(db).await?.is_empty());
        assert!(bed.log.statements().is_empty());
        edit.name = "Eva".to_owned();
        assert_eq!(told(&edit.mistakes(db).await?), [("being.banned", Some("tag"))]);
        Ok(())
    }

    // Each mistake says which row it is of, of all that were given.
    async fn mistakes_of_many_rows_say_which(bed) {
        let db = &bed.db;
        tables(db).await?;
        let there = Being::draft().name("Old").create(db).await?;
        let with = |tag: &'static str| Animal::draft().being(Being::draft().name("New").tag(tag)).sound("woof");
        let row = |there: &Being| Animal::draft().being(there).sound("woof");
        let rows = |error: orm::Error| -> Vec<serde_json::Value> {
            error.validation().iter().map(|mistake| mistake.params["row"].clone()).collect()
        };
        let error = Animal::objects().bulk_create([row(&there), with("eve")], db).await.unwrap_err();
        assert_eq!(rows(error), [json!(1)]);
        let error = Animal::objects().bulk_create([row(&there), with("eve"), with("ok"), with("EVE")], db).await.unwrap_err();
        assert_eq!(rows(error), [json!(1), json!(3)]);
        assert_eq!((Being::objects().count(db).await?, Animal::objects().count(db).await?), (1, 0));

        let many = ["a", "b", "c"].map(|tag| Being::draft().name("Many").tag(tag));
        let mut many = Being::objects().bulk_create(many, db).await?;
        many[0].tag = Some("eve".to_owned());
        many[2].tag = Some("EVE".to_owned());
        let error = Being::objects().bulk_update(&many, |b| b.tag, db).await.unwrap_err();
        assert_eq!(rows(error), [json!(0), json!(2)]);
        Ok(())
    }

    // `skip_hooks` of a draft is about its own row, that of a query about all of them, and that of an edit is handed up.
    async fn hooks_of_parents_are_passed_by_where_that_is_said(bed) {
        let db = &bed.db;
        tables(db).await?;
        let animal = |being| Animal::draft().being(being).sound("woof");
        let being = || Being::draft().name("Rex").into_row();
        animal(being().skip_hooks()).create(db).await?;
        assert!(seen(db).await?.is_empty());
        animal(being()).skip_hooks().create(db).await?;
        assert_eq!(seen(db).await?, ["asked", "being made"]);
        let named = |name: &'static str| Being::draft().name(name).into_row();
        let rows = [animal(named("Aa").skip_hooks()), animal(named("Bb")), animal(named("Cc").skip_hooks())];
        let rows = Animal::objects().bulk_create(rows, db).await?;
        assert_eq!(rows.iter().map(|row| row.being.get().unwrap().name.as_str()).collect::<Vec<_>>(), ["Aa!", "Bb!", "Cc!"]);
        assert_eq!(seen(db).await?, ["asked", "being made"]);
        let dog = Dog::draft().animal(animal(being())).breed("terrier");
        let dog = Dog::objects().skip_hooks().bulk_create([dog], db).await?.remove(0);
        assert!(seen(db).await?.is_empty());
        let mut edit = dog.clone().edit().skip_hooks();
        edit.parent()?.parent()?.name = "Max".to_owned();
        edit.save(db).await?;
        assert!(seen(db).await?.is_empty());
        let mut edit = dog.edit();
        edit.parent()?.parent()?.name = "Moritz".to_owned();
        edit.save(db).await?;
        assert_eq!(seen(db).await?, ["asked", "being changed"]);
        Ok(())
    }
}
