//! Foreign keys to a unique field that is not the key: countries have codes and numbers, and keys that nobody refers to.
#![allow(dead_code)]

use crate::bed::{Bed, behaviour};
use orm::{
    Code, Kind,
    dynamic::{Catalog, Change, Join, Prefetch, Query, Relate, Related, Term, Update, count_of},
    migrate::{engine, engine_error},
    model::{Models, NewField, NewModel},
    prelude::*,
};
use serde_json::json;

orm::app! { pub atlas { Country, City, Flag, Office, Visa, Club, Membership, Treaty } }

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
#[model(unique(number, name = "atlas_numbers"))]
pub struct Country {
    pub id: i64,
    #[field(unique, max_length = 2)]
    pub code: String,
    pub number: i32,
    #[field(max_length = 50)]
    pub name: String,
    /// Unique, and yet no name for every row: nothing can lead here by it.
    #[field(unique)]
    pub rank: Option<i32>,
    pub cities: HasMany<City>,
    pub flag: HasOne<Flag>,
    #[field(through = Membership)]
    pub clubs: ManyToMany<Club>,
}

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct City {
    pub id: i64,
    #[field(unique, max_length = 30)]
    pub name: String,
    #[field(on_delete = cascade)]
    pub country: ForeignKey<CountryByCode>,
    /// To another row of the same model.
    #[field(on_delete = set_null)]
    pub twin: Option<ForeignKey<CityByName>>,
    #[field(via = twin)]
    pub twins: HasMany<City>,
}

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct Flag {
    pub id: i64,
    #[field(on_delete = cascade, unique)]
    pub country: OneToOne<CountryByCode>,
    pub colours: i32,
}

/// By a number, which looks like a key.
#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct Office {
    pub id: i64,
    #[field(on_delete = set_null)]
    pub country: Option<ForeignKey<CountryByNumber>>,
    /// By a one-to-one that is itself by a code.
    #[field(on_delete = cascade)]
    pub flag: Option<ForeignKey<FlagByCountry>>,
}

/// Its key holds a code.
#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct Visa {
    #[field(primary_key, on_delete = restrict)]
    pub country: ForeignKey<CountryByCode>,
    #[field(primary_key)]
    pub number: i32,
}

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct Club {
    pub id: i64,
    #[field(unique, max_length = 20)]
    pub slug: String,
    #[field(through = Membership)]
    pub members: ManyToMany<Country>,
}

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
#[model(unique(country, club))]
pub struct Membership {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub country: ForeignKey<CountryByCode>,
    #[field(on_delete = cascade)]
    pub club: ForeignKey<ClubBySlug>,
}

#[derive(Model, Debug, Clone, PartialEq, serde::Serialize)]
pub struct Treaty {
    pub id: i64,
    #[field(on_delete = protect)]
    pub country: ForeignKey<CountryByCode>,
}

/// Four countries whose ids and numbers are each other's, so that to take one for the other would show; five cities.
async fn filled(bed: &Bed) -> orm::Result<()> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[atlas()]).await?;
    for (id, code, number, name) in
        [(826, "FR", 250, "France"), (250, "UK", 826, "Britain"), (3, "NZ", 4, "New Zealand"), (4, "TO", 3, "Tonga")]
    {
        Country::draft().id(id).code(code).number(number).name(name).create(db).await?;
    }
    let city = |name: &'static str, code: &'static str| City::draft().name(name).country(code);
    City::objects().bulk_create([city("Paris", "FR"), city("Leeds", "UK"), city("Dover", "UK")], db).await?;
    city("Calais", "FR").twin("Dover").create(db).await?;
    city("Lille", "FR").twin("Leeds").create(db).await?;
    Ok(())
}

fn names(cities: &[City]) -> Vec<&str> {
    cities.iter().map(|city| city.name.as_str()).collect()
}

async fn found(bed: &Bed, query: QuerySet<City>) -> orm::Result<String> {
    Ok(names(&query.order_by(|c| c.name.asc()).all(&bed.db).await?).join(" "))
}

fn joins<O: orm::QueryRow>(query: &QuerySet<City, O>) -> usize {
    query.to_sql(orm::Dialect::Sqlite).unwrap().matches("JOIN").count()
}

behaviour! {
    async fn a_fetch_is_asked_again_where_its_connection_has_ended(bed, requires(ArrayBinds)) {
        filled(&bed).await?;
        let one = Database::builder(&bed.url).pool_size(1).connect().await?;
        let city = City::draft().name("Hastings").country("NZ").create(&one).await?;
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
        bed.db.batch(ended).await?;
        assert_eq!(city.country.fetch(&one).await?.name, "New Zealand");
        one.close().await;
        Ok(())
    }

    async fn the_value_of_the_field_is_held(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let uk = Country::objects().filter(|c| c.code.eq("UK")).get(db).await?;
        let york = City::draft().name("York").country(&uk).create(db).await?;
        assert_eq!((york.country.key().as_str(), york.country.is_loaded()), ("UK", false));
        assert_eq!(york.country, ForeignKey::from(&uk));
        assert_eq!(york.country.fetch(db).await?.number, 826);
        assert_eq!(format!("{:?}", york.country), "Country(\"UK\")");
        let hull = City::draft().name("Hull").country(&york.country).twin(Some(&york)).create(db).await?;
        assert_eq!(hull.twin.as_ref().unwrap().key(), "York");
        assert_eq!(hull.twin.unwrap().fetch(db).await?.id, york.id);
        let nowhere = ForeignKey::<CountryByCode>::to("XX".to_owned());
        assert_eq!(nowhere.fetch(db).await.unwrap_err().code(), Code::NotFound);

        let flag = Flag::draft().country(&uk).colours(3).create(db).await?;
        let office = Office::draft().country(&uk).flag(&flag).create(db).await?;
        let (by_number, by_flag) = (office.country.unwrap(), office.flag.unwrap());
        assert_eq!((*by_number.key(), by_flag.key().as_str()), (826, "UK"));
        assert_eq!(by_number.fetch(db).await?.id, 250);
        assert_eq!(by_flag.fetch(db).await?.colours, 3);

        let visa = Visa::draft().country(&uk).number(7).create(db).await?;
        assert_eq!(visa.key(), ("UK".to_owned(), 7));
        assert_eq!(Visa::get(("UK", 7), db).await?.country, visa.country);
        Ok(())
    }

    async fn conditions_speak_of_the_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let uk = Country::objects().filter(|c| c.code.eq("UK")).get(db).await?;
        let cities = City::objects;
        let plain = [
            (cities().filter(|c| c.country.eq("UK")), "Dover Leeds"),
            (cities().filter(|c| c.country.eq(&uk)), "Dover Leeds"),
            (cities().filter(|c| c.country.ne("UK")), "Calais Lille Paris"),
            (cities().filter(|c| c.country.is_in(["UK", "NZ"])), "Dover Leeds"),
            (cities().filter(|c| c.country.is_in([&uk])), "Dover Leeds"),
            (cities().filter(|c| c.country.code.icontains("r")), "Calais Lille Paris"),
            (cities().filter(|c| c.country.key().lt("G")), "Calais Lille Paris"),
            (cities().filter(|c| c.twin.is_null()), "Dover Leeds Paris"),
            (cities().filter(|c| c.twin.eq(None)), "Dover Leeds Paris"),
            (cities().filter(|c| c.twin.is_not_null()), "Calais Lille"),
            (cities().filter(|c| c.twin.name.eq("Dover")), "Calais"),
            (cities().filter(|c| c.twin.eq(c.name)), ""),
        ];
        for (query, wanted) in plain {
            assert_eq!((joins(&query), &*found(&bed, query).await?), (0, wanted));
        }
        let joined = [
            (cities().filter(|c| c.country.id.eq(826)), 1, "Calais Lille Paris"),
            (cities().filter(|c| c.country.pk().eq(250)), 1, "Dover Leeds"),
            (cities().filter(|c| c.country.number.eq(826)), 1, "Dover Leeds"),
            (cities().filter(|c| c.twin.country.eq("UK")), 1, "Calais Lille"),
            (cities().filter(|c| c.twin.country.name.eq("Britain")), 2, "Calais Lille"),
            (cities().filter(|c| c.twin.country.is_same(c.country)), 1, ""),
            (cities().filter(|c| c.country.matches(&Q::<Country>::new(|c| c.name.eq("France")))), 1, "Calais Lille Paris"),
        ];
        for (query, count, wanted) in joined {
            assert_eq!((joins(&query), &*found(&bed, query).await?), (count, wanted));
        }
        let named = Country::objects().filter(|c| c.name.starts_with("B"));
        assert_eq!(found(&bed, cities().filter(|c| c.country.is_in(named))).await?, "Dover Leeds");
        let last = Country::objects().order_by(|c| c.name.asc()).limit(1);
        assert_eq!(found(&bed, cities().filter(|c| c.country.is_in(last))).await?, "Dover Leeds");
        let with = Country::objects().filter(|c| {
            City::objects().within(c.id).filter(|city| city.country.eq(c.code) & city.twin.is_not_null()).has_rows()
        });
        assert_eq!(with.get(db).await?.code, "FR");
        let office = Office::draft().country(250).create(db).await?;
        assert_eq!(Office::objects().filter(|o| o.country.eq(250) & o.country.name.eq("France")).get(db).await?, office);
        assert_eq!(Office::objects().filter(|o| o.country.eq(826)).count(db).await?, 0);
        let ordered = cities().order_by(|c| (c.country.code.desc(), c.name.asc()));
        assert_eq!((joins(&ordered), names(&ordered.all(db).await?)), (0, vec!["Dover", "Leeds", "Calais", "Lille", "Paris"]));
        let counted = cities().group_by(|c| c.country.code).annotate(|_| count());
        assert_eq!(joins(&counted), 0);
        let mut counted = counted.all(db).await?;
        counted.sort();
        assert_eq!(counted, [("FR".to_owned(), 3), ("UK".to_owned(), 2)]);
        let rows = cities().values(|c| (c.name, c.country.name, c.twin.id)).order_by(|(name, ..)| name.asc());
        let twin = City::objects().filter(|c| c.name.eq("Dover")).get(db).await?.id;
        assert_eq!(rows.first(db).await?.unwrap(), ("Calais".to_owned(), "France".to_owned(), Some(twin)));
        Ok(())
    }

    async fn related_rows_are_loaded(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        Flag::draft().country("UK").colours(3).create(db).await?;
        let cities = City::objects().select_related(|c| (c.country.flag, c.twin.country)).order_by(|c| c.name.asc());
        let cities = cities.all(db).await?;
        assert_eq!((names(&cities)[0], cities[0].country.get()?.number), ("Calais", 250));
        assert!(cities[0].country.get()?.flag.get()?.is_none());
        let dover = cities[0].twin.as_ref().unwrap().get()?;
        assert_eq!((dover.name.as_str(), dover.country.get()?.name.as_str()), ("Dover", "Britain"));
        assert_eq!(cities[1].country.get()?.flag.get()?.unwrap().colours, 3);

        bed.log.clear();
        let countries = Country::objects().prefetch(|c| {
            (c.cities.order_by(|c| c.name.asc()).prefetch(|c| (c.twin, c.country, c.twins)), c.flag)
        });
        let countries = countries.order_by(|c| c.code.asc()).all(db).await?;
        bed.log.assert_queries(6);
        assert_eq!(countries.iter().map(|country| country.cities.get().unwrap().len()).collect::<Vec<_>>(), [3, 0, 0, 2]);
        let french = countries[0].cities.get()?;
        assert_eq!(names(french), ["Calais", "Lille", "Paris"]);
        assert_eq!(french[1].twin.as_ref().unwrap().get()?.name, "Leeds");
        assert_eq!(french[1].country.get()?.code, "FR");
        assert_eq!(names(countries[3].cities.get()?[0].twins.get()?), ["Calais"]);
        assert_eq!(countries[3].flag.get()?.unwrap().colours, 3);
        assert!(countries[0].flag.get()?.is_none());

        let one = Country::objects().prefetch(|c| c.cities.order_by(|c| c.name.desc()).limit(1)).order_by(|c| c.code.asc());
        assert_eq!(names(one.first(db).await?.unwrap().cities.get()?), ["Paris"]);
        let uk = Country::objects().filter(|c| c.code.eq("UK")).get(db).await?;
        assert_eq!(uk.rows_of(|c| c.cities).filter(|c| c.name.gt("E")).get(db).await?.name, "Leeds");
        assert_eq!(uk.rows_of(|c| c.flag).get(db).await?.colours, 3);
        let calais = City::objects().filter(|c| c.name.eq("Calais")).get(db).await?;
        assert_eq!(calais.rows_of(|c| c.country).get(db).await?.id, 826);

        let counts = Country::objects().annotate(|c| (c.cities.count(), c.cities.filter(|c| c.twin.is_not_null()).count()));
        let counts = counts.order_by(|(c, ..)| c.code.asc()).all(db).await?;
        assert_eq!(counts.iter().map(|(_, all, some)| (*all, *some)).collect::<Vec<_>>(), [(3, 2), (0, 0), (0, 0), (2, 0)]);
        let pairs = Country::objects().join(|c| c.cities).order_by(|(_, city)| city.name.asc()).all(db).await?;
        assert_eq!(pairs.iter().map(|(country, _)| country.code.as_str()).collect::<Vec<_>>().join(" "), "FR UK UK FR FR");
        let flagged = Country::objects().filter(|c| c.flag.colours.gt(2));
        assert_eq!(flagged.get(db).await?.code, "UK");
        let back = Country::objects().filter(|c| c.reverse::<Treaty>().exists() | c.reverse_via(City::fields().country).any(|c| c.name.eq("Leeds")));
        assert_eq!(back.get(db).await?.code, "UK");
        Ok(())
    }

    async fn rows_are_written(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let nz = Country::objects().filter(|c| c.code.eq("NZ")).get(db).await?;
        let moved = City::objects().filter(|c| c.name.eq("Paris")).update(|c| (c.country.set(&nz), c.twin.set("Lille")), db).await?;
        assert_eq!(moved, 1);
        let mut paris = City::objects().filter(|c| c.country.eq("NZ")).get(db).await?.edit();
        assert_eq!(paris.twin.as_ref().unwrap().key(), "Lille");
        paris.country = ForeignKey::to("TO".to_owned());
        paris.twin = None;
        let paris = paris.save(db).await?;
        assert_eq!((paris.country.key().as_str(), paris.twin.is_none()), ("TO", true));
        let sql = City::objects().filter(|c| c.country.name.eq("Tonga")).update(|c| c.name.set(c.country.name), db).await?;
        assert_eq!((sql, City::get(paris.id, db).await?.name.as_str()), (1, "Tonga"));

        let error = City::draft().name("Oz").country("OZ").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::ForeignKeyViolation, &["country".to_owned()][..]));
        let error = City::draft().name("Oz").country("UK").twin("Nowhere").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::ForeignKeyViolation, &["twin".to_owned()][..]));
        let flag = || Flag::draft().country("UK").colours(3);
        flag().create(db).await?;
        let error = flag().create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["country".to_owned()][..]));
        let (same, made) = flag().colours(9).get_or_create(|f| f.country, db).await?;
        assert_eq!((same.colours, made), (3, false));
        Flag::objects().bulk_upsert([flag().colours(4), Flag::draft().country("FR").colours(3)], |f| f.country, db).await?;
        assert_eq!(Flag::objects().order_by(|f| f.country.code.asc()).values(|f| f.colours).all(db).await?, [3, 4]);
        let mut cities = City::objects().order_by(|c| c.name.asc()).all(db).await?;
        cities.iter_mut().for_each(|city| city.country = ForeignKey::from(&nz));
        assert_eq!(City::objects().bulk_update(cities, |c| c.country, db).await?, 5);

        assert_eq!(nz.many(|c| c.cities).all(db).await?.len(), 5);
        let fr = Country::objects().filter(|c| c.code.eq("FR")).get(db).await?;
        assert_eq!(fr.many(|c| c.cities).add([paris.id, paris.id + 999], db).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(fr.many(|c| c.cities).add([&paris], db).await?, 1);
        assert_eq!(found(&bed, City::objects().filter(|c| c.country.eq("FR"))).await?, "Tonga");
        let leeds = City::objects().filter(|c| c.name.eq("Leeds")).get(db).await?;
        assert_eq!(leeds.many(|c| c.twins).set([paris.id], db).await?, 2);
        assert_eq!(City::get(paris.id, db).await?.twin.unwrap().key(), "Leeds");
        Ok(())
    }

    async fn many_to_many_go_by_the_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // Keys that are each other's.
        for (id, slug) in [(826, "un"), (250, "eu"), (3, "g7")] {
            Club::draft().id(id).slug(slug).create(db).await?;
        }
        let country = |code: &'static str| Country::objects().filter(move |c| c.code.eq(code));
        let (fr, uk) = (country("FR").get(db).await?, country("UK").get(db).await?);
        assert_eq!(fr.many(|c| c.clubs).add([826, 250], db).await?, 2);
        assert_eq!(uk.many(|c| c.clubs).add([826], db).await?, 1);
        assert_eq!(uk.many(|c| c.clubs).add([826], db).await?, 0);
        assert_eq!(uk.many(|c| c.clubs).add([99], db).await.unwrap_err().code(), Code::NotFound);
        let held = Membership::objects().order_by(|m| (m.country.code.asc(), m.club.slug.asc())).all(db).await?;
        let held: Vec<_> = held.iter().map(|m| format!("{} {}", m.country.key(), m.club.key())).collect();
        assert_eq!(held, ["FR eu", "FR un", "UK un"]);
        let slugs = |clubs: &[Club]| clubs.iter().map(|club| club.slug.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(slugs(&uk.many(|c| c.clubs).all(db).await?), "un");
        let un = Club::get(826, db).await?;
        assert_eq!(un.many(|c| c.members).rows()?.count(db).await?, 2);
        assert_eq!(country("FR").filter(|c| c.clubs.any(|c| c.slug.eq("eu"))).count(db).await?, 1);
        assert_eq!(Country::objects().filter(|c| c.clubs.count().eq(1)).get(db).await?.code, "UK");
        let all = Country::objects().prefetch(|c| c.clubs.order_by(|c| c.slug.asc())).order_by(|c| c.code.asc()).all(db).await?;
        assert_eq!(all.iter().map(|c| slugs(c.clubs.get().unwrap())).collect::<Vec<_>>(), ["eu un", "", "", "un"]);
        let joined = Club::objects().join(|c| c.members.filter(|c| c.name.eq("France"))).count(db).await?;
        assert_eq!(joined, 2);
        assert_eq!(fr.rows_of(|c| c.clubs).filter(|c| c.slug.eq("un")).count(db).await?, 1);
        assert_eq!(fr.many(|c| c.clubs).set([3, 250], db).await?, 2);
        assert_eq!(fr.many(|c| c.clubs).remove([3, 826], db).await?, 1);
        assert_eq!(fr.many(|c| c.clubs).clear(db).await?, 1);
        assert_eq!(Membership::objects().count(db).await?, 1);
        Ok(())
    }

    async fn deleting_collects_by_the_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let country = |code: &'static str| Country::objects().filter(move |c| c.code.eq(code));
        let uk = country("UK").get(db).await?;
        let flag = Flag::draft().country(&uk).colours(3).create(db).await?;
        Office::draft().country(250).flag(&flag).create(db).await?;
        Office::draft().country(250).create(db).await?;
        Membership::draft().country("UK").club(&Club::draft().slug("un").create(db).await?).create(db).await?;
        let treaty = Treaty::draft().country("UK").create(db).await?;
        assert_eq!(uk.delete(db).await.unwrap_err().code(), Code::Protected);
        treaty.delete(db).await?;
        let visa = Visa::draft().country("UK").number(1).create(db).await?;
        assert_eq!(uk.delete(db).await.unwrap_err().code(), Code::Protected);
        visa.delete(db).await?;
        let gone = uk.delete(db).await?;
        let counts: Vec<(&str, u64)> = gone.per_model.iter().map(|(model, count)| (model.as_str(), *count)).collect();
        let wanted = [("atlas.City", 2), ("atlas.Country", 1), ("atlas.Flag", 1), ("atlas.Membership", 1), ("atlas.Office", 1)];
        assert_eq!(counts, wanted);
        // Twins of cities that went are pointed nowhere.
        assert_eq!(found(&bed, City::objects().filter(|c| c.twin.is_null())).await?, "Calais Lille Paris");

        Country::draft().id(9).code("GB").number(826).name("Great Britain").create(db).await?;
        assert_eq!(country("FR").delete(db).await?.per_model["atlas.City"], 3);
        assert!(Office::objects().get(db).await?.country.is_none());

        // Rows of one model that point to each other go together.
        let city = |name: &'static str| City::draft().name(name).country("TO");
        for name in ["A", "B"] {
            city(name).create(db).await?;
        }
        for (name, twin) in [("A", "B"), ("B", "A")] {
            City::objects().filter(|c| c.name.eq(name)).update(|c| c.twin.set(twin), db).await?;
        }
        assert_eq!(City::objects().delete(db).await?.total, 2);
        Ok(())
    }

    async fn values_from_outside_and_serde(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let nice = City::draft_from(json!({"name": "Nice", "country": "FR", "twin": "Dover"}))?.create(db).await?;
        assert_eq!((nice.country.key().as_str(), nice.twin.as_ref().unwrap().key().as_str()), ("FR", "Dover"));
        let brest = City::draft_from([("name", "Brest"), ("country", "FR")])?.create(db).await?;
        assert_eq!(brest.country, nice.country);
        let refused = City::draft_from(json!({"name": "Nice", "country": 826})).err().unwrap();
        let mistake = &refused.validation()[0];
        assert_eq!((mistake.field.as_deref(), mistake.code), (Some("country"), Code::InvalidValue));
        let office = Office::draft_from([("country", "250")])?.create(db).await?;
        assert_eq!(*office.country.unwrap().key(), 250);
        let shown = serde_json::to_value(&nice).unwrap();
        assert_eq!((&shown["country"], &shown["twin"]), (&json!("FR"), &json!("Dover")));
        let again = City::draft_from(json!({"name": "Nizza", "country": shown["country"], "twin": shown["twin"]}))?;
        assert_eq!(again.create(db).await?.twin, nice.twin);
        let loaded = City::objects().filter(|c| c.name.eq("Nice")).select_related(|c| c.country).get(db).await?;
        assert_eq!(serde_json::to_value(&loaded).unwrap()["country"]["name"], "France");
        Ok(())
    }

    async fn queries_by_name(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let catalog = Catalog::new().app(atlas()).writable(["atlas.City"])?;
        let of = |query: Query| {
            let catalog = catalog.clone();
            async move { Ok::<_, orm::Error>(serde_json::to_value(catalog.check(&query)?.all(db).await?).unwrap()) }
        };
        let cities = || Query::of("atlas.City").order_by(["name"]).values(["name"]);
        let named = |names: &[&str]| json!(names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>());
        let british = named(&["Dover", "Leeds"]);
        let lookups: [(&str, Term); 8] = [
            ("country", "UK".into()),
            ("country_id", "UK".into()),
            ("country__in", ["UK", "NZ"].into()),
            ("country__startswith", "U".into()),
            ("country__code", "UK".into()),
            ("country__pk", 250.into()),
            ("country__id__in", [250].into()),
            ("country__number", 826.into()),
        ];
        for (lookup, value) in lookups {
            assert_eq!(of(cities().filter(lookup, value)).await?, british, "{lookup}");
        }
        let inner = Query::of("atlas.Country").filter("name", "Britain");
        assert_eq!(of(cities().filter("country__in", inner)).await?, british);
        assert_eq!(of(cities().filter("twin__isnull", false)).await?, named(&["Calais", "Lille"]));
        assert_eq!(of(cities().filter("twin__country__name", "Britain")).await?, named(&["Calais", "Lille"]));
        let value = Query::of("atlas.City").filter("name", "Lille").values(["country", "twin", "twin__pk"]);
        let leeds = City::objects().filter(|c| c.name.eq("Leeds")).get(db).await?.id;
        assert_eq!(of(value).await?, json!([{"country": "FR", "twin": "Leeds", "twin__pk": leeds}]));
        let counted = Query::of("atlas.Country").annotate("n", count_of("cities")).order_by(["-n", "code"]);
        assert_eq!(of(counted.values(["code", "n"]).limit(2)).await?, json!([{"code": "FR", "n": 3}, {"code": "UK", "n": 2}]));
        let with = Query::of("atlas.Country").filter("cities__name", "Leeds").prefetch([Prefetch::of("cities").rows(Query::of("atlas.City").order_by(["name"]).values(["name"]))]);
        assert_eq!(of(with).await?[0]["cities"], british);
        let related = Query::of("atlas.City").filter("name", "Leeds").select_related(["country"]);
        assert_eq!(of(related).await?[0]["country__name"], "Britain");
        let joined = Query::of("atlas.City").join(Join::inner("country", "c")).filter("c__name", "Britain").order_by(["name"]).values(["name"]);
        assert_eq!(of(joined).await?, british);
        let rows = Query::of("atlas.City").filter("name", "Leeds");
        catalog.check_change(&Update::of(rows).set("country", "NZ").into())?.run(db).await?;
        assert_eq!(City::get(leeds, db).await?.country.key(), "NZ");
        let cities = Change::Relate(Relate::of("atlas.Country", 250, "cities", Related::Add(vec![json!(leeds)])));
        catalog.check_change(&cities)?.run(db).await?;
        assert_eq!(City::get(leeds, db).await?.country.key(), "UK");
        Ok(())
    }

    async fn the_database_is_as_the_models_say(bed) {
        filled(&bed).await?;
        let schema = orm::migrate::schema(&[atlas()])?;
        let city = schema.model("atlas", "City").unwrap();
        let to_field = |field: &str| city.field(field).unwrap().relation.as_ref().unwrap().to_field.clone();
        assert_eq!((to_field("country").as_deref(), to_field("twin").as_deref()), (Some("code"), Some("name")));
        let live = orm::migrate::introspect(&bed.db).await?;
        let wanted = engine::introspect::as_stored(bed.db.dialect().into(), &schema).map_err(engine_error)?;
        let different: Vec<String> = engine::introspect::differences(&wanted, &live).iter().map(ToString::to_string).collect();
        assert_eq!(different, Vec::<String>::new());
        Ok(())
    }

    async fn models_without_structs_too(bed) {
        filled(&bed).await?;
        let models = Models::describe([
            NewModel::new("atlas", "Country")
                .field(NewField::column("id", Kind::I64).auto())
                .field(NewField::column("code", Kind::Text).max_length(2).unique())
                .field(NewField::column("name", Kind::Text).max_length(50))
                .field(NewField::has_many("cities", "atlas.City", "country"))
                .key(["id"]),
            NewModel::new("atlas", "City")
                .field(NewField::column("id", Kind::I64).auto())
                .field(NewField::column("name", Kind::Text).max_length(30))
                .field(NewField::foreign_key("country", "atlas.Country").to_field("code"))
                .key(["id"]),
        ])?;
        let catalog = models.iter().fold(Catalog::new(), Catalog::model);
        let query = Query::of("atlas.Country").filter("cities__name", "Dover").values(["name", "cities__country__id"]);
        assert_eq!(catalog.check(&query).unwrap_err().code(), Code::BadQuery);
        let query = Query::of("atlas.City").filter("country__name", "Britain").order_by(["name"]).values(["name", "country", "country__id"]);
        let rows = serde_json::to_value(catalog.check(&query)?.all(&bed.db).await?).unwrap();
        assert_eq!(rows[0], json!({"name": "Dover", "country": "UK", "country__id": 250}));
        let wrong = NewModel::new("x", "Node")
            .field(NewField::column("id", Kind::I64))
            .field(NewField::column("code", Kind::Text))
            .field(NewField::foreign_key("parent", "x.Node").to_field("code"))
            .key(["id"]);
        let error = Models::describe([wrong]).unwrap_err();
        assert_eq!(error.message(), "`x.Node` leads to `x.Node` by `code`, which is not unique");
        Ok(())
    }
}
