//! The cases.

use super::models::*;
use crate::{
    bed::Bed,
    pack::{Pack, shown},
};
use orm::{
    postgres::{SearchQuery, search_vector},
    prelude::*,
};
use serde_json::json;

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    own_types(&bed.db, pack).await?;
    search(&bed.db, pack).await?;
    related(bed, pack).await?;
    others(bed, pack).await
}

async fn own_types(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let both = || Film::objects().filter(|f| f.special_features.contains(["Trailers", "Deleted Scenes"]));
    let first = both().order_by(|f| f.film_id.asc()).values(|f| (f.film_id, f.special_features)).limit(5);
    pack.check("PG01", json!([both().count(db).await?, shown(first.all(db).await?)]));
    let only = Film::objects().filter(|f| f.special_features.contained_by(["Trailers"]));
    pack.check("PG02", json!(only.count(db).await?));
    let three = Film::objects().filter(|f| f.special_features.len().eq(3)).count(db).await?;
    let none = Film::objects().filter(|f| f.special_features.is_null()).count(db).await?;
    pack.check("PG04", json!([three, none]));
    let rated = Film::objects().group_by(|f| f.rating).annotate(|_| count()).order_by(|(rating, _)| rating.asc());
    let rated = rated.all(db).await?.into_iter().map(|(rating, n)| json!({"rating": rating, "n": n}));
    pack.check("PG07", rated.collect());
    let mild = Film::objects().filter(|f| f.rating.is_in([Rating::General, Rating::Guidance]));
    pack.check("PG08", json!(mild.count(db).await?));
    let pictures = Staff::objects().order_by(|s| s.staff_id.asc()).all(db).await?;
    let sizes = pictures.iter().map(|s| json!([s.staff_id, s.picture.as_ref().map(Vec::len)]));
    pack.check("PG28", sizes.collect());
    Ok(())
}

async fn search(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let words = SearchQuery::plain("documentary crocodile").config("english");
    let ranked = Film::objects()
        .filter(|f| f.fulltext.search(words.clone()))
        // Django ranks the words of the vector's text, not the vector.
        .order_by(|f| (search_vector(f.fulltext).rank(words.clone()).desc(), f.film_id.asc()))
        .values(|f| f.film_id)
        .limit(10);
    pack.check("PG10", shown(ranked.all(db).await?));
    let sharks = Film::objects().filter(|f| {
        search_vector((f.title, f.description)).config("english").search(SearchQuery::plain("shark").config("english"))
    });
    pack.check("PG11", json!(sharks.count(db).await?));
    Ok(())
}

async fn related(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let db = &bed.db;
    let names = Category::objects()
        .filter(|c| c.films.any(|f| f.actors.any(|a| a.actor_id.eq(2))))
        .aggregate(|c| c.name.join(", ").distinct().order_by(c.name.asc()));
    pack.check("PG13", json!([names.get(db).await?]));
    let in_space = Actor::objects()
        .annotate(|a| a.films.filter(|f| f.categories.any(|c| c.name.eq("Sci-Fi"))).count())
        .filter(|(_, n)| n.gt(5))
        .order_by(|(a, n)| (n.desc(), a.actor_id.asc()))
        .values(|(a, n)| (a.actor_id, a.last_name, n));
    pack.check("PG15", shown(in_space.all(db).await?));
    let sums = Customer::objects()
        .annotate(|c| (c.payments.sum(|p| p.amount), c.rentals.count()))
        .order_by(|(c, ..)| c.customer_id.asc())
        .values(|(c, sum, n)| (c.customer_id, sum, n))
        .limit(4);
    pack.check("PG26", shown(sums.all(db).await?));
    let idle = || Film::objects().filter(|f| !f.inventory.exists());
    let titles = idle().order_by(|f| f.film_id.asc()).values(|f| f.title).limit(5);
    pack.check("PG29", json!([idle().count(db).await?, titles.all(db).await?]));
    let favourite = Rental::objects()
        .filter(|r| r.customer.customer_id.eq(1))
        .join(|r| r.inventory.film.categories)
        .group_by(|(_, category)| category.name)
        .annotate(|(rental, _)| rental.rental_id.count_distinct())
        .order_by(|(name, n)| (n.desc(), name.asc()))
        .limit(3);
    pack.check("PG30", shown(favourite.all(db).await?));
    bed.log.clear();
    let films = Film::objects().order_by(|f| f.film_id.asc()).limit(3).prefetch(|f| (f.actors, f.categories));
    let mut rows = Vec::new();
    for film in films.all(db).await? {
        let mut actors: Vec<&str> = film.actors.get()?.iter().map(|actor| &*actor.last_name).collect();
        actors.sort_unstable();
        let categories: Vec<&str> = film.categories.get()?.iter().map(|category| &*category.name).collect();
        rows.push(json!([film.title, actors, categories]));
    }
    pack.counted("PG31", bed, rows.into());
    Ok(())
}

async fn others(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let db = &bed.db;
    let latest = Rental::objects()
        .order_by(|r| (r.rental_date.desc(), r.rental_id.desc()))
        .distinct_on(|r| r.customer.customer_id)
        .order_by(|r| r.customer.customer_id.asc())
        .limit(6)
        .values(|r| (r.customer.customer_id, r.rental_id, r.rental_date));
    pack.check("PG14", shown(latest.all(db).await?));
    let hours =
        Rental::objects().group_by(|r| r.rental_date.hour()).annotate(|_| count()).order_by(|(hour, _)| hour.asc());
    pack.check("PG18", shown(hours.all(db).await?));
    let out = Rental::objects().filter(|r| r.return_date.is_null()).count(db).await?;
    let late = Rental::objects().filter(|r| {
        let allowed = orm::value::<Rental, _>(TimeDelta::days(1)) * r.inventory.film.rental_duration.cast::<i64>();
        r.return_date.since(r.rental_date).gt(allowed)
    });
    pack.check("PG20", json!([out, late.count(db).await?]));
    let sales = SalesByStore::objects().order_by(|s| s.store.asc()).values(|s| (s.store, s.manager, s.total_sales));
    let films =
        FilmList::objects().order_by(|f| f.fid.asc()).limit(2).values(|f| (f.fid, f.title, f.category, f.price));
    let listed = FilmList::objects().count(db).await?;
    pack.check("PG21", json!([shown(sales.all(db).await?), listed, shown(films.all(db).await?)]));
    let stores = Store::objects().order_by(|s| s.store_id.asc()).values(|s| {
        let manager = s.manager_staff;
        (s.store_id, manager.last_name, manager.store.store_id, s.address.city.country.country)
    });
    pack.check("PG23", shown(stores.all(db).await?));
    let locked = db
        .transaction(async |tx| {
            let waiting = Customer::objects().select_related(|c| c.store).filter(|c| c.customer_id.lte(2));
            let first = waiting.order_by(|c| c.customer_id.asc()).for_update_skip_locked().all(tx).await?;
            let third = Customer::objects().filter(|c| c.customer_id.eq(3)).for_update_nowait().all(tx).await?;
            let ids = |customers: Vec<Customer>| customers.iter().map(|c| c.customer_id).collect::<Vec<_>>();
            Ok::<_, orm::Error>(json!([ids(first), ids(third)]))
        })
        .await?;
    pack.check("PG32", locked);
    Ok(())
}
