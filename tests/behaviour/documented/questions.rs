//! The examples of `docs/questions.md`.

use crate::bed::{Bed, behaviour};
use orm::{At, Code, Q, prelude::*, rank, window};

orm::app! { pub records { Artist, Album, Track, Customer, Invoice, Line } }

#[derive(Model, Debug, Clone)]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub albums: HasMany<Album>,
}

#[derive(Model, Debug, Clone)]
pub struct Album {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
    pub artist: ForeignKey<Artist>,
    pub tracks: HasMany<Track>,
}

#[derive(Model, Debug, Clone)]
pub struct Track {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    #[field(max_length = 50)]
    pub genre: Option<String>,
    pub seconds: i64,
    #[field(max_digits = 6, decimal_places = 2)]
    pub price: Decimal,
    pub album: ForeignKey<Album>,
    pub lines: HasMany<Line>,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(name))]
pub struct Customer {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    #[field(max_length = 100, unique)]
    pub email: String,
    #[field(max_length = 50)]
    pub country: String,
    pub support: Option<ForeignKey<Customer>>,
    pub invoices: HasMany<Invoice>,
}

#[derive(Model, Debug, Clone)]
pub struct Invoice {
    pub id: i64,
    pub placed: DateTime<Utc>,
    #[field(max_digits = 8, decimal_places = 2)]
    pub total: Decimal,
    pub customer: ForeignKey<Customer>,
    pub lines: HasMany<Line>,
}

#[derive(Model, Debug, Clone)]
pub struct Line {
    pub id: i64,
    pub invoice: ForeignKey<Invoice>,
    pub track: ForeignKey<Track>,
    #[field(max_digits = 6, decimal_places = 2)]
    pub price: Decimal,
    pub quantity: i32,
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Two artists with three albums and five tracks; three customers; four invoices in three months.
async fn filled(bed: &Bed) -> orm::Result<()> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[records()]).await?;
    let acdc = Artist::draft().name("AC/DC").create(db).await?;
    let bach = Artist::draft().name("Bach").create(db).await?;
    let nobody = Artist::draft().name("Nobody").create(db).await?;
    assert_eq!(nobody.id, 3);
    let mut albums = Vec::new();
    for (title, artist) in [("Powerage", &acdc), ("Let There Be Rock", &acdc), ("Goldberg", &bach)] {
        albums.push(Album::draft().title(title).artist(artist).create(db).await?);
    }
    let mut tracks = Vec::new();
    for (name, genre, seconds, price, album) in [
        ("Sin City", Some("Rock"), 285, "0.99", 0),
        ("Riff Raff", Some("Rock"), 312, "0.99", 0),
        ("Overdose", Some("Rock"), 369, "0.99", 1),
        ("Aria", Some("Classical"), 120, "1.99", 2),
        ("Variatio 1", None, 45, "1.99", 2),
    ] {
        let track = Track::draft().name(name).genre(genre.map(str::to_owned)).seconds(seconds).price(dec(price));
        tracks.push(track.album(&albums[album]).create(db).await?);
    }
    let ada = Customer::draft().name("Ada").email("ada@example.org").country("UK").create(db).await?;
    let grace = Customer::draft().name("Grace").email("grace@navy.mil").country("US").support(&ada).create(db).await?;
    let alan =
        Customer::draft().name("Alan").email("alan@example.org").country("UK").support(&grace).create(db).await?;
    assert_eq!(alan.id, 3);
    for (customer, placed, lines) in [
        (&ada, "2026-01-05T10:00:00Z", vec![(0, 2), (3, 1)]),
        (&grace, "2026-01-20T12:00:00Z", vec![(1, 1)]),
        (&ada, "2026-02-10T09:30:00Z", vec![(3, 1), (4, 1)]),
        (&grace, "2026-03-01T23:00:00Z", vec![(0, 1)]),
    ] {
        let total = lines
            .iter()
            .map(|&(track, quantity): &(usize, i32)| tracks[track].price * Decimal::from(quantity))
            .sum::<Decimal>();
        let invoice = Invoice::draft()
            .placed(placed.parse::<DateTime<Utc>>().unwrap())
            .total(total)
            .customer(customer)
            .create(db)
            .await?;
        for (track, quantity) in lines {
            Line::draft()
                .invoice(&invoice)
                .track(&tracks[track])
                .price(tracks[track].price)
                .quantity(quantity)
                .create(db)
                .await?;
        }
    }
    Ok(())
}

behaviour! {
    async fn rows_one_by_one(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // One row that is there: `get` with no row is `query.not_found`, with two it is `query.multiple_found`.
        let ada = Customer::objects().filter(|c| c.email.eq("ada@example.org")).get(db).await?;
        let missing = Customer::objects().filter(|c| c.name.eq("Nobody")).get(db).await.unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);
        let several = Customer::objects().get(db).await.unwrap_err();
        assert_eq!(several.code(), Code::MultipleFound);
        // Or none: `get_object_or_404` is this and a match.
        let maybe: Option<Customer> = Customer::objects().filter(|c| c.id.eq(99)).get(db).await.optional()?;
        assert!(maybe.is_none());

        // The first and the last in an order, or by the key where there is none.
        let longest = Track::objects().order_by(|t| t.seconds.desc()).first(db).await?;
        let last = Track::objects().order_by(|t| t.seconds.desc()).last(db).await?;
        assert_eq!((longest.unwrap().name.as_str(), last.unwrap().name.as_str()), ("Overdose", "Variatio 1"));
        // A negative index: turned round. The last but one.
        let last_but_one = Track::objects().order_by(|t| t.seconds.desc()).reverse().offset(1).first(db).await?;
        assert_eq!(last_but_one.unwrap().name, "Aria");

        // A row as a value.
        let hers = Invoice::objects().filter(|i| i.customer.eq(&ada));
        assert_eq!(hers.clone().count(db).await?, 2);
        assert!(hers.exists(db).await? && !Invoice::objects().none().exists(db).await?);

        // Without any order, where the model has one of its own: Django's `order_by()`.
        let names = Customer::objects().unordered().values(|c| c.name).all(db).await?;
        assert_eq!(names.len(), 3);
        Ok(())
    }

    async fn values_and_orders(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // values_list("name", flat=True) is one value; values(big=Upper("name")) has a place instead of a name.
        let names: Vec<String> = Artist::objects().order_by(|a| a.name.asc()).values(|a| a.name).all(db).await?;
        let big: Vec<(i64, String)> = Artist::objects().order_by(|a| a.id.asc()).values(|a| (a.id, a.name.upper())).all(db).await?;
        assert_eq!((names[1].as_str(), big[1].1.as_str()), ("Bach", "BACH"));

        // NULLs are last in an ascending order and first in a descending one, unless it says otherwise.
        let genres = Track::objects().order_by(|t| (t.genre.desc().nulls_last(), t.name.asc())).values(|t| t.genre);
        assert_eq!(genres.all(db).await?.last(), Some(&None));

        // In an order of one's own: Django's `order_by(Case(When(..)))`.
        let own = Customer::objects()
            .order_by(|c| (case().when(c.country.eq("US"), 0_i64).otherwise(1_i64).asc(), c.name.asc()))
            .values(|c| c.name);
        assert_eq!(own.all(db).await?, ["Grace", "Ada", "Alan"]);

        // A condition as a value: selected, counted, ordered by.
        let british = Customer::objects()
            .order_by(|c| (c.country.eq("UK").as_value().desc(), c.name.asc()))
            .values(|c| (c.name, c.country.eq("UK")));
        assert_eq!(british.all(db).await?[2], ("Grace".to_owned(), false));

        // `alias`: what is computed is filtered by, and left out of the rows again.
        let busy = Artist::objects()
            .annotate(|a| a.albums.count())
            .filter(|(_, albums)| albums.gt(1))
            .values(|(a, _)| a.name);
        assert_eq!(busy.all(db).await?, ["AC/DC"]);

        // A pattern with `%` and `_`; `starts_with` and the others take them as they are.
        let patterned = Track::objects().filter(|t| t.name.like("_i%")).order_by(|t| t.id.asc()).values(|t| t.name);
        assert_eq!(patterned.all(db).await?, ["Sin City", "Riff Raff"]);

        // The days or months that there are, the latest first: Django's `dates("placed", "month", order="DESC")`.
        let months = Invoice::objects().values(|i| i.placed.trunc(DateUnit::Month)).distinct().order_by(|month| month.desc());
        assert_eq!(months.all(db).await?.len(), 3);
        Ok(())
    }

    async fn sets_and_joins(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Of many rows a set: never multiplied, over as many hops as there are. What each customer paid, by lines.
        let paid = Customer::objects()
            .order_by(|c| c.id.asc())
            .values(|c| (c.name, c.invoices.count(), c.invoices.sum(|i| i.lines.sum(|l| l.price * l.quantity)).or(0)));
        assert_eq!(paid.all(db).await?[0], ("Ada".to_owned(), 2, dec("7.95")));
        // Conditions over two hops, and their opposite.
        let rock = Customer::objects()
            .filter(|c| c.invoices.any(|i| i.lines.any(|l| l.track.genre.eq("Rock"))))
            .exclude(|c| c.invoices.any(|i| i.total.lt(1)));
        assert_eq!(rock.values(|c| c.name).all(db).await?, ["Ada"]);
        // Different values over two hops: begin where they are.
        let genres = Customer::objects().order_by(|c| c.id.asc()).values(|c| {
            let bought = Line::objects().within(c.id).filter(|l| l.invoice.customer.eq(c.id));
            (c.name, bought.aggregate(|l| l.track.genre.count().distinct()))
        });
        assert_eq!(genres.all(db).await?[..2], [("Ada".to_owned(), 2), ("Grace".to_owned(), 1)]);

        // Pairs, where Django's `values("name", "albums__title")` repeats the artist for each album.
        let pairs = Artist::objects()
            .left_join(|a| a.albums)
            .order_by(|(a, album)| (a.name.asc(), album.title.asc()))
            .values(|(a, album)| (a.name, album.title));
        let rows: Vec<(String, Option<String>)> = pairs.all(db).await?;
        assert_eq!((rows.len(), &rows[3]), (4, &("Nobody".to_owned(), None)));
        // Only artists with albums, once for each: the duplicates of `filter(albums__title__contains="e")`.
        let repeated = Artist::objects().join(|a| a.albums.filter(|album| album.title.contains("e"))).values(|(a, _)| a.name);
        assert_eq!(repeated.count(db).await?, 3);
        // Groups by a value of many rows.
        let by_genre = Album::objects()
            .join(|a| a.tracks)
            .group_by(|(_, t)| t.genre)
            .annotate(|(a, t)| (a.id.count().distinct(), t.seconds.sum()))
            .order_by(|(genre, ..)| genre.asc().nulls_last());
        assert_eq!(by_genre.all(db).await?[1], (Some("Rock".to_owned()), 2, Some(966)));
        // What is joined goes on as values: windows, different ones, slices, unions.
        let longest = Album::objects()
            .join(|a| a.tracks)
            .annotate(|(a, t)| rank().over(window().partition_by(a.id).order_by(t.seconds.desc())))
            .values(|(a, t, place)| (a.title, t.name, place))
            .filter(|(.., place)| place.eq(1))
            .order_by(|(title, ..)| title.asc());
        assert_eq!(longest.values(|(_, name, _)| name).all(db).await?, ["Aria", "Overdose", "Riff Raff"]);

        // A many-to-many with what stands between, by two queries: its rows, each with the row that it leads to.
        let bought = Invoice::objects()
            .order_by(|i| i.id.asc())
            .prefetch(|i| i.lines.filter(|l| l.quantity.gt(0)).order_by(|l| l.track.name.asc()).select_related(|l| l.track));
        let invoice = bought.first(db).await?.unwrap();
        let lines = invoice.lines.get()?.iter().map(|line| Ok((line.quantity, line.track.get()?.name.as_str())));
        assert_eq!(lines.collect::<orm::Result<Vec<_>>>()?, [(1, "Aria"), (2, "Sin City")]);
        // From the other side, and only the largest of each.
        let tracks = Track::objects()
            .order_by(|t| t.id.asc())
            .prefetch(|t| t.lines.order_by(|l| l.quantity.desc()).limit(1).select_related(|l| l.invoice.customer));
        let tracks = tracks.all(db).await?;
        assert_eq!(tracks[0].lines.get()?[0].invoice.get()?.customer.get()?.name, "Ada");

        // The latest invoice of each customer, or `None`, in one query: of the set one row. One value of it is one beside the customer.
        let latest = Customer::objects()
            .left_join(|c| c.invoices.order_by(|i| i.placed.desc()).limit(1))
            .order_by(|(c, _)| c.id.asc());
        let rows: Vec<(Customer, Option<Invoice>)> = latest.clone().all(db).await?;
        assert_eq!((rows.len(), rows[0].1.as_ref().unwrap().id, rows[2].1.is_none()), (3, 3, true));
        let totals = Customer::objects()
            .order_by(|c| c.id.asc())
            .values(|c| (c.name, c.invoices.order_by(|i| i.placed.desc()).scalar(|i| i.total)));
        assert_eq!(totals.all(db).await?[2], ("Alan".to_owned(), None));
        // Several of each are lists, by one query more: here the two latest, beside their customers.
        let two = Customer::objects().order_by(|c| c.id.asc()).all_with(|c| c.invoices.order_by(|i| i.placed.desc()).limit(2), db);
        assert_eq!(two.await?.iter().map(|(_, invoices)| invoices.len()).collect::<Vec<_>>(), [2, 2, 0]);
        // Conditions on the same related rows, each for its own figure.
        let figures = Customer::objects().order_by(|c| c.id.asc()).annotate(|c| {
            (c.invoices.filter(|i| i.total.gt(3)).count(), c.invoices.filter(|i| i.total.lt(3)).sum(|i| i.total).or(0))
        });
        assert_eq!(figures.all(db).await?[1].2, dec("1.98"));
        Ok(())
    }

    async fn groups_and_windows(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Sales by country, and the rank of each: a window over groups.
        let countries = Invoice::objects()
            .group_by(|i| i.customer.country)
            .annotate(|i| i.total.sum())
            .annotate(|(_, sold)| rank().over(window().order_by(sold.desc())))
            .order_by(|(.., place)| place.asc());
        assert_eq!(countries.all(db).await?[0], ("UK".to_owned(), Some(dec("7.95")), 1));
        // Month by month, with what has come together so far.
        let running = Invoice::objects()
            .group_by(|i| i.placed.trunc(DateUnit::Month))
            .annotate(|i| i.total.sum())
            .annotate(|(month, sold)| sold.sum().over(window().order_by(month.asc())))
            .order_by(|(month, ..)| month.asc())
            .values(|(month, sold, so_far)| (month.month(), sold, so_far));
        assert_eq!(running.all(db).await?[2], (3, Some(dec("0.99")), Some(dec("9.93"))));
        // The month before; the first has none, and 0 instead.
        let before = Invoice::objects()
            .group_by(|i| i.placed.month())
            .annotate(|i| i.total.sum().or(0))
            .annotate(|(month, sold)| sold.lag(1).over(window().order_by(month.asc())).or(0))
            .order_by(|(month, ..)| month.asc());
        assert_eq!(before.all(db).await?[0], (1, dec("4.96"), dec("0")));
        // A sum of products of a decimal and a whole number.
        let sold = Line::objects().aggregate(|l| ((l.price * l.quantity).sum(), l.quantity.cast::<f64>().avg()));
        assert_eq!(sold.get(db).await?.0, Some(dec("9.93")));
        Ok(())
    }

    async fn queries_inside(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // `__in` with a query that looks at the row outside: tracks that cost what one of their lines cost.
        let same = Track::objects().filter(|t| {
            let prices = Line::objects().within(t.id).filter(|l| l.track.eq(t.id)).values(|l| l.price);
            t.price.is_in(prices)
        });
        assert_eq!(same.count(db).await?, 4);
        // The newest value of other rows, and whether there are any: `Subquery(.. OuterRef("pk"))`, `Exists`.
        let newest = Customer::objects().order_by(|c| c.id.asc()).values(|c| {
            let theirs = || Invoice::objects().within(c.id).filter(|i| i.customer.eq(c.id));
            (c.name, theirs().order_by(|i| i.placed.desc()).scalar(|i| i.total), theirs().has_rows())
        });
        assert_eq!(newest.all(db).await?[2], ("Alan".to_owned(), None, false));
        // `OuterRef(OuterRef("pk"))`: the handle of any query around is at hand, as deep as six.
        let no_bach = Customer::objects().filter(|c| {
            let bought = Artist::objects().within(c.id).filter(|a| {
                Album::objects().within(a.id).filter(|album| {
                    let theirs = Line::objects().within(album.id).filter(|l| {
                        l.track.album.eq(album.id) & l.invoice.customer.eq(c.id)
                    });
                    album.artist.eq(a.id) & theirs.has_rows()
                }).has_rows() & a.name.eq("Bach")
            });
            !bought.has_rows()
        });
        assert_eq!(no_bach.values(|c| c.name).all(db).await?, ["Alan", "Grace"]);
        Ok(())
    }

    async fn conditions_of_ones_own(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // A condition with a name, for wherever there is a track: Django's custom manager or `Q` constant.
        fn short<S: Scope>(t: &TrackFields<S>) -> Q<S::Root> {
            t.seconds.lt(200)
        }
        let tracks = Track::objects().filter(|t| short(&t)).count(db).await?;
        let albums = Album::objects().filter(|a| a.tracks.any(|t| short(&t))).count(db).await?;
        assert_eq!((tracks, albums), (2, 1));
        // A queryset with a name.
        fn rock() -> QuerySet<Track> {
            Track::objects().filter(|t| t.genre.eq("Rock"))
        }
        assert_eq!(rock().filter(|t| t.seconds.gt(300)).count(db).await?, 2);
        // `qs1 | qs2` and `qs1 & qs2` of Django are conditions: joined by `|` and `&`, or two filters one after the other.
        let either = Track::objects().filter(|t| short(&t) | t.genre.eq("Rock"));
        assert_eq!(either.count(db).await?, 5);
        // Where both exist as queries, the keys of one are a condition of the other.
        let both = rock().filter(|t| t.pk().is_in(Track::objects().filter(|t| t.seconds.gt(300))));
        assert_eq!(both.count(db).await?, 2);
        // A value that is computed, with a name.
        fn minutes(t: TrackFields<At<Track>>) -> orm::Ex<Track, f64> {
            (t.seconds.cast::<f64>() / 60.0).round(1)
        }
        assert_eq!(Track::objects().filter(|t| t.id.eq(4)).values(minutes).get(db).await?, 2.0);
        Ok(())
    }

    async fn rows_that_one_has(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Related rows for rows that are there already: `prefetch_related_objects`.
        let mut artists = Artist::objects().order_by(|a| a.id.asc()).all(db).await?;
        orm::prefetch_all(&mut artists, |a| a.albums.prefetch(|album| album.tracks), db).await?;
        let tracks: usize = artists[0].albums.get()?.iter().map(|album| album.tracks.get().unwrap().len()).sum();
        assert_eq!(tracks, 3);
        // The related rows of one row, as a query: `artist.albums.filter(..)`.
        let rocking = artists[0].rows_of(|a| a.albums).filter(|album| album.title.contains("Rock"));
        assert_eq!(rocking.get(db).await?.title, "Let There Be Rock");

        // Related rows with something computed beside each: a query of its own, gathered by the key.
        let mut albums = std::collections::HashMap::<i64, Vec<(Album, i64)>>::new();
        let counted = Album::objects().filter(|a| a.artist.is_in(&artists)).annotate(|a| a.tracks.count());
        for (album, tracks) in counted.order_by(|(a, _)| a.id.asc()).all(db).await? {
            albums.entry(*album.artist.key()).or_default().push((album, tracks));
        }
        assert_eq!(albums[&1].iter().map(|(_, tracks)| *tracks).collect::<Vec<_>>(), [2, 1]);

        // SQL of one's own, with rows of a model: its columns in their order.
        let long = orm::raw::<Artist>("SELECT id, name FROM records_artist WHERE LENGTH(name) > ? ORDER BY id").bind(4_i64);
        assert_eq!(long.all(db).await?.len(), 2);
        Ok(())
    }

    async fn locks(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // The rows are locked until the transaction ends; outside one the lock would end with the statement.
        db.transaction(async |tx| {
            let invoice = Invoice::objects().filter(|i| i.id.eq(1)).for_update().get(tx).await?;
            let mut edit = invoice.edit();
            edit.total = Decimal::from(0);
            edit.save(tx).await.map(drop)
        })
        .await?;
        assert_eq!(Invoice::get(1, db).await?.total, dec("0"));
        Ok(())
    }
}
