//! Functions, windows, distinct rows, unions, order, slices, and how rows are fetched.

use super::{Pack, models::*, shown};
use crate::{bed::Bed, shop::dec};
use orm::{Code, cume_dist, percent_rank, prelude::*, row_number, window};
use serde_json::{Value as Json, json};

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    functions(&bed.db, pack).await?;
    windows(&bed.db, pack).await?;
    combined(&bed.db, pack).await?;
    ordered(&bed.db, pack).await?;
    fetched(bed, pack).await
}

async fn functions(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let genres = || Genre::objects().order_by(|g| g.genre_id.asc());
    let customers =
        |n: i64| Customer::objects().filter(move |c| c.customer_id.lte(n)).order_by(|c| c.customer_id.asc());
    let marked = genres().limit(6).values(|g| (g.genre_id, case().when(g.name.starts_with("R"), "R").or_null()));
    pack.check("C04", shown(marked.all(db).await?));
    let text = |text: &str| orm::value::<Customer, _>(text.to_owned());
    let one = customers(3).values(|c| {
        let full = c.first_name.concat(" ").concat(c.last_name);
        (c.customer_id, c.last_name.lower(), c.first_name.upper(), c.city.length(), full, c.email.substr(1, 5))
    });
    let two = customers(3).values(|c| {
        let padded = c.state.pad_start(4, "*");
        (
            c.email.left(3),
            c.email.right(4),
            c.country.replace("a", "_"),
            text("  x ").trim(),
            text("ab").repeat(3),
            padded,
        )
    });
    let rows = one.all(db).await?.into_iter().zip(two.all(db).await?).map(|((pk, lo, up, ln, cc, ss), (le, ri, re, tr, rp, lp))| {
        json!({"pk": pk, "lo": lo, "up": up, "ln": ln, "cc": cc, "ss": ss, "le": le, "ri": ri, "re_": re, "tr": tr, "rp": rp, "lp": lp})
    });
    pack.check("C05", rows.collect());
    let chosen = customers(6).values(|c| {
        let (greatest, least) = (c.first_name.greatest(c.last_name), c.first_name.least(c.last_name));
        (c.customer_id, c.state.or("-"), c.country.null_if("Brazil"), greatest, least)
    });
    pack.check("C06", shown(chosen.all(db).await?));
    let companies = customers(5).values(|c| c.first_name.concat("/").concat(c.company.or("")));
    pack.check("C07", shown(companies.all(db).await?));
    let long = Customer::objects().annotate(|c| c.last_name.length()).filter(|(_, length)| length.gte(11));
    let long =
        long.order_by(|(c, length)| (length.desc(), c.customer_id.asc())).values(|(c, length)| (c.last_name, length));
    pack.check("C12", shown(long.all(db).await?));
    Ok(())
}

async fn windows(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let numbered = Invoice::objects().filter(|i| i.customer.customer_id.is_in([1, 2, 3])).annotate(|i| {
        let per_customer = window().partition_by(i.customer.customer_id);
        row_number().over(per_customer.order_by((i.invoice_date.asc(), i.invoice_id.asc())))
    });
    let numbered = numbered.order_by(|(i, n)| (i.customer.customer_id.asc(), n.asc()));
    pack.check("W01", shown(numbered.values(|(i, n)| (i.customer.customer_id, i.invoice_id, n)).all(db).await?));
    let by_id = || window().order_by(Invoice::fields().invoice_id.asc());
    let of =
        |id: i64| Invoice::objects().filter(move |i| i.customer.customer_id.eq(id)).order_by(|i| i.invoice_id.asc());
    let beside =
        of(7).values(|i| (i.invoice_id, i.total, i.total.lag(1).over(by_id()).or(0), i.total.lead(1).over(by_id())));
    pack.check("W04", shown(beside.all(db).await?));
    let means = of(9).values(|i| (i.invoice_id, i.total.avg().over(by_id().rows(-1..=1))));
    pack.check("W05", shown(means.all(db).await?));
    let hired = || window().order_by(Employee::fields().hire_date.asc());
    let shares = Employee::objects().order_by(|e| (e.hire_date.asc(), e.employee_id.asc()));
    let shares = shares.values(|e| (e.employee_id, percent_rank().over(hired()), cume_dist().over(hired())));
    pack.check("W08", shown(shares.all(db).await?));
    Ok(())
}

async fn combined(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let countries = Invoice::objects().values(|i| i.billing_country).distinct().order_by(|country| country.asc());
    pack.check("D01", shown(countries.all(db).await?));
    let latest = Invoice::objects()
        .order_by(|i| (i.invoice_date.desc(), i.invoice_id.desc()))
        .distinct_on(|i| i.billing_country)
        .order_by(|i| i.billing_country.asc())
        .limit(8);
    pack.check("D03", shown(latest.values(|i| (i.billing_country, i.invoice_id)).all(db).await?));
    let cities = || Customer::objects().values(|c| c.city);
    let theirs = || Employee::objects().values(|e| e.city);
    let (all, different) = (cities().union_all(theirs()).count(db).await?, cities().union(theirs()).count(db).await?);
    pack.check("U02", json!([all, different]));
    pack.check("U03", shown(cities().intersection(theirs()).order_by(|city| city.asc()).all(db).await?));
    // Django refuses a filter after a union; here it is a query like any other.
    let first =
        Customer::objects().union(Customer::objects()).filter(|c| c.customer_id.eq(1)).values(|c| c.customer_id);
    pack.lifted("U05", "NotSupportedError", shown(first.all(db).await?), json!([1]));
    let south = Customer::objects()
        .filter(|c| c.country.eq("Brazil"))
        .union(Customer::objects().filter(|c| c.country.eq("Chile")));
    let south = south.order_by(|c| c.customer_id.desc()).limit(4).values(|c| (c.customer_id, c.country));
    pack.check("U06", shown(south.all(db).await?));
    Ok(())
}

async fn ordered(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let five = |query: QuerySet<Customer>| query.limit(5).values(|c| c.customer_id);
    let up = five(Customer::objects().order_by(|c| (c.company.asc(), c.customer_id.asc()))).all(db).await?;
    let down = five(Customer::objects().order_by(|c| (c.company.desc(), c.customer_id.asc()))).all(db).await?;
    pack.check("O02", json!([up, down]));
    let turned = Customer::objects().order_by(|c| (c.country.asc(), c.last_name.desc())).reverse().limit(5);
    let turned = turned.values(|c| (c.country, c.last_name)).all(db).await?;
    let nulls =
        Customer::objects().order_by(|c| (c.company.asc().nulls_last(), c.customer_id.asc())).reverse().limit(3);
    pack.check("O03", json!([shown(turned), shown(nulls.values(|c| c.customer_id).all(db).await?)]));
    let genres = || Genre::objects().order_by(|g| g.name.asc());
    let replaced = genres().order_by(|g| g.genre_id.desc()).limit(3).values(|g| g.genre_id).all(db).await?;
    let unordered = genres().unordered().to_sql(db.dialect())?.contains("ORDER BY");
    pack.check("O04", json!([replaced, unordered]));
    let names = |query: QuerySet<Genre>| query.values(|g| g.name);
    let first = names(genres().limit(3)).all(db).await?;
    let middle = names(genres().offset(5).limit(3)).all(db).await?;
    let third = names(genres().offset(2)).first(db).await?;
    let every_second: Vec<_> = names(genres().limit(6)).all(db).await?.into_iter().step_by(2).collect();
    pack.check("P01", json!([first, middle, third, every_second]));
    Ok(())
}

async fn fetched(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let db = &bed.db;
    let name = |code: Code| match code {
        Code::NotFound => "DoesNotExist",
        Code::MultipleFound => "MultipleObjectsReturned",
        _ => "another error",
    };
    let missing = name(Artist::get(0, db).await.unwrap_err().code());
    let several = name(Playlist::objects().filter(|p| p.name.eq("Music")).get(db).await.unwrap_err().code());
    pack.check("E01", json!([missing, several, Artist::get(1, db).await?.name]));
    let earliest = Invoice::objects().order_by(|i| (i.invoice_date.asc(), i.invoice_id.asc())).first(db).await?;
    let latest = Invoice::objects().latest(|i| i.invoice_date, db).await?;
    let cheapest = Invoice::objects().order_by(|i| (i.total.desc(), i.invoice_id.asc())).last(db).await?;
    let none = match Invoice::objects().none().latest(|i| i.invoice_id, db).await? {
        None => "DoesNotExist",
        Some(_) => "a row",
    };
    let id = |invoice: Option<Invoice>| invoice.map(|invoice| invoice.invoice_id);
    pack.check("E03", json!([id(earliest), id(latest), id(cheapest), none]));
    let bulk = Genre::objects().in_bulk([1, 3, 999], db).await?;
    let bulk: Json =
        bulk.iter().map(|(id, genre)| (id.to_string(), json!(genre.name))).collect::<serde_json::Map<_, _>>().into();
    bed.log.clear();
    assert!(Genre::objects().in_bulk(Vec::<i64>::new(), db).await?.is_empty());
    bed.log.assert_queries(0);
    pack.check("E04", json!([bulk, {"queries": 0, "result": {}}]));
    let albums = || Album::objects().order_by(|a| a.album_id.asc()).limit(2);
    let named = albums().values(|a| (a.artist.artist_id, a.artist.name, a.title.upper())).all(db).await?;
    let named: Json =
        named.into_iter().map(|(id, name, t)| json!({"artist": id, "artist__name": name, "t": t})).collect();
    let lengths = albums().values(|a| (a.artist.artist_id, a.title.length())).all(db).await?;
    pack.check("E05", json!([named, shown(lengths)]));

    bed.log.clear();
    let some =
        Track::objects().order_by(|t| t.track_id.asc()).limit(3).values(|t| (t.name, t.composer)).all(db).await?;
    pack.counted("E06", bed, shown(some));
    let rock = Genre::objects().filter(|g| g.name.eq("Rock")).exists(db).await?;
    let few = || Genre::objects().filter(|g| g.genre_id.lt(5));
    let (third, seventh) = (Genre::get(3, db).await?, Genre::get(7, db).await?);
    bed.log.clear();
    let (has, has_not) = (few().contains_row(&third, db).await?, few().contains_row(&seventh, db).await?);
    let all = Genre::objects().count(db).await?;
    pack.counted("E07", bed, json!([rock, has, has_not, all]));
    bed.log.clear();
    let employees =
        Employee::objects().order_by(|e| e.employee_id.asc()).select_related(|e| e.reports_to).all(db).await?;
    let boss =
        |e: &Employee| e.reports_to.as_ref().map(|boss| boss.get().map(|boss| boss.last_name.clone())).transpose();
    let rows = employees.iter().map(|e| Ok((e.last_name.clone(), boss(e)?))).collect::<orm::Result<Vec<_>>>()?;
    pack.counted("E09", bed, shown(rows));
    bed.log.clear();
    let lists = Playlist::objects().filter(|p| p.playlist_id.gte(16)).order_by(|p| p.playlist_id.asc());
    let lists = lists.prefetch(|p| p.tracks.order_by(|t| t.track_id.asc())).all(db).await?;
    let ids = |p: &Playlist| p.tracks.get().map(|tracks| tracks.iter().map(|t| t.track_id).collect::<Vec<_>>());
    let rows = lists.iter().map(|p| Ok((p.playlist_id, ids(p)?))).collect::<orm::Result<Vec<_>>>()?;
    pack.counted("E11", bed, shown(rows));
    bed.log.clear();
    let customers = Customer::objects().filter(|c| c.customer_id.lte(6)).order_by(|c| c.customer_id.asc());
    let big = customers
        .prefetch(|c| c.invoices.filter(|i| i.total.gt(dec("8"))).order_by(|i| (i.total.desc(), i.invoice_id.asc())));
    let ids = |c: &Customer| c.invoices.get().map(|all| all.iter().map(|i| i.invoice_id).collect::<Vec<_>>());
    let rows = big.all(db).await?.iter().map(|c| Ok((c.customer_id, ids(c)?))).collect::<orm::Result<Vec<_>>>()?;
    pack.counted("E12", bed, shown(rows));
    let pairs = Artist::objects().filter(|a| a.artist_id.is_in([1, 2, 25])).left_join(|a| a.albums);
    let pairs = pairs.order_by(|(a, b)| (a.artist_id.asc(), b.album_id.asc())).values(|(a, b)| (a.name, b.title));
    pack.check("E18", shown(pairs.all(db).await?));
    Ok(())
}
