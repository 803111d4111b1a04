//! Lookups, expressions, conditions and joins.

use super::{Pack, models::*, shown};
use crate::{
    bed::Bed,
    shop::{day, dec},
};
use orm::prelude::*;
use serde_json::json;

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    lookups(&bed.db, pack).await?;
    dates(&bed.db, pack).await?;
    conditions(&bed.db, pack).await
}

async fn lookups(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let artists = || Artist::objects().order_by(|a| a.artist_id.asc());
    let tracks = || Track::objects().order_by(|t| t.track_id.asc());
    let rows = artists().filter(|a| a.name.eq("AC/DC")).values(|a| (a.artist_id, a.name)).all(db).await?;
    pack.check("L01", rows.into_iter().map(|(id, name)| json!({"artist_id": id, "name": name})).collect());
    let rows =
        Artist::objects().filter(|a| a.name.istarts_with("the ")).order_by(|a| (a.name.asc(), a.artist_id.asc()));
    pack.check("L06", shown(rows.values(|a| a.name).all(db).await?));
    pack.check("L09", shown(tracks().filter(|t| t.name.contains("%")).values(|t| (t.track_id, t.name)).all(db).await?));
    let slashes = tracks().filter(|t| t.name.contains("\\") | t.composer.contains("\\"));
    pack.check("L11", shown(slashes.values(|t| t.track_id).all(db).await?));
    pack.check(
        "L12",
        shown(artists().filter(|a| a.name.contains("é")).values(|a| (a.artist_id, a.name)).all(db).await?),
    );
    pack.check(
        "L13",
        shown(artists().filter(|a| a.name.icontains("É")).values(|a| (a.artist_id, a.name)).all(db).await?),
    );
    pack.check(
        "L15",
        shown(artists().filter(|a| a.name.iregex("^(the|die) ")).values(|a| (a.artist_id, a.name)).all(db).await?),
    );
    let quoted = tracks().filter(|t| t.name.eq("Don't Look To The Eyes Of A Stranger"));
    pack.check("L16", shown(quoted.values(|t| (t.track_id, t.name)).all(db).await?));
    let injected = Artist::objects().filter(|a| a.name.eq("x'; DROP TABLE Artist; --"));
    pack.check("L17", shown(injected.count(db).await?));
    let totals = Invoice::objects()
        .filter(|i| i.total.gte(13) & i.total.lt(15))
        .order_by(|i| (i.total.asc(), i.invoice_id.asc()));
    pack.check("L19", shown(totals.limit(20).values(|i| (i.invoice_id, i.total)).all(db).await?));
    let short =
        Track::objects().filter(|t| t.milliseconds.lte(10_000)).order_by(|t| (t.milliseconds.asc(), t.track_id.asc()));
    pack.check("L20", shown(short.values(|t| (t.track_id, t.name, t.milliseconds)).all(db).await?));
    let listed = tracks().filter(|t| t.track_id.is_in([1, 5, 5, 999_999, 3]));
    pack.check("L22", shown(listed.values(|t| (t.track_id, t.name)).all(db).await?));
    let none = tracks().filter(|t| t.track_id.is_in(Vec::<i64>::new())).values(|t| t.track_id).all(db).await?;
    pack.check("L23", json!({"queries": 0, "result": none}));
    let maiden = Album::objects().filter(|a| a.artist.name.contains("Iron Maiden")).values(|a| a.album_id);
    let of_maiden = tracks().filter(|t| t.album.album_id.is_in(maiden));
    let first = of_maiden.clone().limit(10).values(|t| (t.track_id, t.name)).all(db).await?;
    pack.check("L25", json!({"count": of_maiden.count(db).await?, "first": shown(first)}));
    pack.check("L27", shown(Track::objects().filter(|t| t.unit_price.eq(dec("1.99"))).count(db).await?));
    Ok(())
}

async fn dates(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let invoices = || Invoice::objects().order_by(|i| i.invoice_id.asc());
    let that_day = invoices().filter(|i| i.invoice_date.date().eq(day(2021, 1, 3)));
    pack.check("L36", shown(that_day.values(|i| i.invoice_id).all(db).await?));
    let (mut sundays, mut mondays) = (Vec::new(), Vec::new());
    for number in 1..=7 {
        sundays.push(Invoice::objects().filter(|i| i.invoice_date.week_day().eq(number)).count(db).await?);
        mondays.push(Invoice::objects().filter(|i| i.invoice_date.iso_week_day().eq(number)).count(db).await?);
    }
    pack.check("L37", shown(sundays));
    pack.check("L38", shown(mondays));
    let late = invoices().filter(|i| i.invoice_date.week().gte(52));
    let late = late.values(|i| (i.invoice_id, i.invoice_date, i.invoice_date.iso_year(), i.invoice_date.week()));
    pack.check("L39", shown(late.all(db).await?));
    let (from, to) = (day(2022, 3, 1), day(2022, 3, 8));
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let week = Invoice::objects().filter(|i| i.invoice_date.gte(midnight(from)) & i.invoice_date.lt(midnight(to)));
    let week = week.order_by(|i| (i.invoice_date.asc(), i.invoice_id.asc()));
    pack.check("L41", shown(week.values(|i| (i.invoice_id, i.invoice_date)).all(db).await?));
    let midnights = Invoice::objects()
        .filter(|i| i.invoice_date.hour().eq(0) & i.invoice_date.minute().eq(0) & i.invoice_date.second().eq(0));
    let later = Invoice::objects().filter(|i| i.invoice_date.hour().gt(0));
    pack.check("L42", json!([midnights.count(db).await?, later.count(db).await?]));
    let old = Employee::objects().filter(|e| e.birth_date.year().lt(1970));
    let old = old.order_by(|e| (e.birth_date.year().asc(), e.employee_id.asc()));
    pack.check("L43", shown(old.values(|e| (e.employee_id, e.birth_date.year())).all(db).await?));
    let due = invoices().annotate(|i| i.invoice_date + TimeDelta::days(30));
    let due = due.filter(|(_, due)| due.gte(midnight(day(2022, 1, 1))) & due.lt(midnight(day(2022, 1, 15))));
    pack.check("C15", shown(due.values(|(i, due)| (i.invoice_id, due)).all(db).await?));
    let months = Invoice::objects().filter(|i| i.invoice_date.year().eq(2021));
    let weeks = months.clone().values(|i| i.invoice_date.trunc(DateUnit::Week).date()).distinct();
    let months =
        months.values(|i| i.invoice_date.trunc(DateUnit::Month).date()).distinct().order_by(|month| month.asc());
    let years =
        Invoice::objects().values(|i| i.invoice_date.trunc(DateUnit::Year)).distinct().order_by(|year| year.desc());
    let weeks = weeks.order_by(|week| week.asc()).limit(5);
    pack.check("C11", json!([shown(months.all(db).await?), shown(years.all(db).await?), shown(weeks.all(db).await?)]));
    Ok(())
}

async fn conditions(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let customers = || Customer::objects().order_by(|c| c.customer_id.asc());
    let other_price = InvoiceLine::objects().exclude(|l| l.unit_price.eq(l.track.unit_price));
    pack.check("F02", shown(other_price.count(db).await?));
    let sevens = Track::objects()
        .annotate(|t| t.track_id % 500)
        .filter(|(_, rest)| rest.eq(7))
        .order_by(|(t, _)| t.track_id.asc());
    pack.check("F04", shown(sevens.values(|(t, _)| t.track_id).all(db).await?));
    let named = customers().filter(|c| c.email.istarts_with(c.first_name));
    pack.check("F06", shown(named.values(|c| (c.customer_id, c.first_name, c.email)).all(db).await?));
    let west = |c: &CustomerFields<orm::At<Customer>>| {
        c.country.eq("USA") & c.state.eq("CA") | c.country.eq("Canada") & !c.state.eq("ON")
    };
    let west = customers().filter(|c| west(&c)).values(|c| (c.customer_id, c.country, c.state));
    pack.check("Q01", shown(west.all(db).await?));
    let one = customers().filter(|c| c.company.is_not_null().as_value().ne(c.fax.is_not_null().as_value()));
    pack.check("Q03", shown(one.values(|c| c.customer_id).all(db).await?));
    let all = Genre::objects().filter(|g| !g.genre_id.is_in(Vec::<i64>::new())).count(db).await?;
    let rock = Genre::objects().filter(|g| g.genre_id.is_in(Vec::<i64>::new()) | g.name.eq("Rock")).count(db).await?;
    pack.check("Q06", json!([all, rock]));
    let letters = ('A'..='Y')
        .fold(Q::<Track>::nothing(), |any, letter| any | Q::<Track>::new(|t| t.name.starts_with(letter.to_string())));
    pack.check("Q07", shown(Track::objects().filter(|_| letters).count(db).await?));
    let queen = Track::objects().filter(|t| t.album.artist.name.eq("Queen"));
    let queen = queen.order_by(|t| (t.album.title.asc(), t.track_id.asc())).limit(20);
    pack.check("J01", shown(queen.values(|t| (t.track_id, t.name, t.album.title)).all(db).await?));
    let employees = || Employee::objects().order_by(|e| e.employee_id.asc());
    let bosses = employees().values(|e| (e.employee_id, e.last_name, e.reports_to.last_name));
    pack.check("J04", shown(bosses.all(db).await?));
    let second = employees().filter(|e| !e.reports_to.is_null() & e.reports_to.reports_to.is_null());
    pack.check("J05", shown(second.values(|e| e.employee_id).all(db).await?));
    pack.check("J07", shown(Track::objects().filter(|t| t.album.artist.artist_id.eq(1)).count(db).await?));
    let served = Customer::objects().order_by(|c| (c.support_rep.last_name.asc(), c.last_name.desc())).limit(10);
    pack.check("J09", shown(served.values(|c| (c.support_rep.last_name, c.last_name)).all(db).await?));
    Ok(())
}
