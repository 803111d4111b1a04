//! What the library writes beside Django: the far ends of each kind again, related rows, changes and deletions.

use crate::models::{self, Kind, Level};
use orm::prelude::*;
use serde::Serialize;

/// A row made of another one: what can be read can be written.
macro_rules! copied {
    ($model:path, $row:ident, $($field:ident)+) => {
        <$model>::draft()$(.$field($row.$field.clone()))+
    };
}

/// What a row serialises as, but for its key.
fn held(row: &impl Serialize) -> serde_json::Value {
    let mut held = serde_json::to_value(row).expect("rows serialise");
    held["id"] = 0.into();
    held
}

/// Rows with the values of Django's, which differ in their keys.
async fn copies(db: &Database) -> orm::Result<()> {
    for row in models::Plain::objects().all(db).await? {
        let copy = copied!(models::Plain, row, char text slug email url small integer big positive_small positive positive_big boolean money
            exact float date time moment duration uuid ip ipv4 json binary file path);
        assert_eq!(held(&copy.create(db).await?), held(&row));
    }
    for row in models::Maybe::objects().all(db).await? {
        let copy = copied!(models::Maybe, row, char text slug email url small integer big positive_small positive positive_big boolean money
            exact float date time moment duration ip ipv4 json binary file path);
        // No two may have the same.
        let copy = copy.uuid(row.uuid.map(|_| Uuid::new_v4())).create(db).await?;
        assert_eq!(held(&models::Maybe { uuid: row.uuid, ..copy }), held(&row));
    }
    models::Maybe::draft().create(db).await?;
    // A row that is there gets the values of the one before, by an edit.
    let rows = models::Plain::objects().order_by(|p| p.id.asc()).all(db).await?;
    let mut edit = rows[rows.len() - 1].clone().edit();
    let from = rows[1].clone();
    (edit.text, edit.big, edit.exact, edit.float, edit.moment) = (from.text, from.big, from.exact, from.float, from.moment);
    (edit.duration, edit.uuid, edit.ip, edit.json, edit.binary) = (from.duration, from.uuid, from.ip, from.json, from.binary);
    edit.save(db).await?;
    Ok(())
}

async fn people(db: &Database) -> orm::Result<models::Person> {
    let readers = models::Group::objects().filter(|g| g.name.eq("readers")).get(db).await?;
    let group = models::Group::draft().name("written").create(db).await?;
    let permissions = models::Permission::objects().filter(|p| p.content_type.app_label.eq("store")).all(db).await?;
    group.many(|g| g.permissions).add(&permissions[..3], db).await?;
    let user = models::User::draft().username("orm").password("!").is_staff(true).create(db).await?;
    user.many(|u| u.groups).set([&readers, &group], db).await?;
    user.many(|u| u.user_permissions).add([permissions[0].id], db).await?;

    let (france, _) = models::Country::draft().code("FR").name("France").update_or_create(|c| c.code, db).await?;
    let ada = models::Person::objects().filter(|p| p.name.eq("Ada")).get(db).await?;
    let person = models::Person::draft().name("Orm ü").country(&france).user(&user).mentor(&ada).born(NaiveDate::from_ymd_opt(2026, 2, 28));
    let person = person.create(db).await?;
    person.many(|p| p.friends).add([&ada], db).await?;
    assert_eq!(ada.many(|p| p.friends).rows()?.count(db).await?, 3);
    person.many(|p| p.follows).add([&ada, &person], db).await?;
    person.many(|p| p.groups).add([&group], db).await?;
    Ok(person)
}

async fn books(person: &models::Person, db: &Database) -> orm::Result<()> {
    let publisher = models::Publisher::draft().slug("orm-press").r#type(Kind::Other).create(db).await?;
    let tag = models::Tag::draft().slug("日本").get_or_create(|t| t.slug, db).await?.0;
    let new = models::Tag::draft().slug("neu").create(db).await?;
    let book = models::Book::draft().title("By orm").kind(Kind::Other).level(Level::High).price(Decimal::new(99_999_999, 2)).count(7);
    let book = book.publisher(&publisher).imprint(&publisher).buyer(1_000_000).keeper(person).cover("covers/ü.png".parse::<String>().expect("text"));
    let book = book.create(db).await?;
    assert_eq!((book.total.map(|total| total.to_string()).as_deref(), book.shout.as_deref()), (Some("6999999.93"), Some("BY ORM")));
    assert_eq!(book.label.as_deref(), Some("By orm / "));
    book.many(|b| b.tags).add([&tag, &new], db).await?;
    let notes = models::Book::objects().filter(|b| b.title.eq("Notes")).get(db).await?;
    book.many(|b| b.similar).add([&notes], db).await?;
    models::Credit::draft().book(&book).person(person).share(0.1)._order(0).create(db).await?;
    let about = models::ContentType::objects().filter(|c| c.app_label.eq("store") & c.model.eq("book")).get(db).await?;
    models::Note::draft().content_type(&about).object_id(book.id as u64).text("about a book").create(db).await?;
    // A row like this goes with its publisher.
    let other = models::Publisher::objects().filter(|p| p.slug.eq("other")).get(db).await?;
    let going = models::Book::draft().title("gone").price(Decimal::ONE).publisher(&other).create(db).await?;
    models::Credit::draft().book(&going).person(person)._order(0).create(db).await?;
    going.many(|b| b.tags).add([&tag], db).await?;
    assert_eq!(other.delete(db).await?.total, 4);
    let lamp = models::Book::objects().filter(|b| b.kind.eq(Kind::Lamp) & !b.active);
    assert_eq!(lamp.update(|b| (b.price.set(b.price + Decimal::new(5, 1)), b.count.set(b.count + 1)), db).await?, 1);
    Ok(())
}

async fn others(db: &Database) -> orm::Result<()> {
    models::Place::draft().name("by orm").create(db).await?;
    let place = models::Place::draft().name("Chez Orm").address("fe80::1".parse::<IpAddr>().ok());
    let restaurant = models::Restaurant::draft().place_ptr(place).seats(1_u32);
    models::Pizzeria::draft().restaurant_ptr(restaurant).oven("gas").create(db).await?;
    models::Restaurant::draft().place_ptr(models::Place::draft().name("Orm's")).seats(2_u32).create(db).await?;
    models::Seat::draft().row(7).number("ü").taken(true).create(db).await?;
    let small = models::Small::draft().r#match(i32::MIN).selfish("s").camelCase(true).create(db).await?;
    models::Middle::draft().small(&small).create(db).await?;
    let given = models::Given::draft().create(db).await?;
    let django = models::Given::objects().order_by(|g| g.id.asc()).first(db).await?.expect("Django's");
    let given = models::Given { moment: django.moment, ..given };
    assert_eq!(held(&given), held(&django));
    Ok(())
}

pub async fn write(db: &Database) -> orm::Result<()> {
    copies(db).await?;
    let person = people(db).await?;
    books(&person, db).await?;
    others(db).await?;
    #[cfg(feature = "own")]
    rooms(db).await?;
    Ok(())
}

#[cfg(feature = "own")]
async fn rooms(db: &Database) -> orm::Result<()> {
    use crate::models::Room;
    for row in Room::objects().all(db).await? {
        // No two may overlap.
        let nights = row.nights.clone().filter(|nights| nights.is_empty());
        let copy = copied!(Room, row, words short numbers days prices moments small big costs notes search);
        let copy = copy.nights(nights).create(db).await?;
        assert_eq!(held(&Room { nights: row.nights.clone(), ..copy }), held(&row));
    }
    Ok(())
}
