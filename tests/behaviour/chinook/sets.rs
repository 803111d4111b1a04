//! Sets of related rows, aggregates and subqueries.

use super::{Pack, models::*, shown};
use crate::bed::Bed;
use orm::prelude::*;
use serde_json::{Value as Json, json};

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    sets(&bed.db, pack).await?;
    aggregates(&bed.db, pack).await?;
    groups(&bed.db, pack).await?;
    subqueries(&bed.db, pack).await
}

async fn sets(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let artists = || Artist::objects().order_by(|a| a.artist_id.asc());
    let pairs = artists().join(|a| a.albums).filter(|(_, album)| album.title.icontains("live"));
    let pairs = pairs.order_by(|(a, _)| a.artist_id.asc()).values(|(a, _)| (a.artist_id, a.name));
    pack.check("R01", shown(pairs.all(db).await?));
    let live = artists().filter(|a| a.albums.any(|album| album.title.icontains("live")));
    pack.check("R02", shown(live.values(|a| (a.artist_id, a.name)).all(db).await?));
    let both =
        artists().filter(|a| a.albums.any(|b| b.title.starts_with("A")) & a.albums.any(|b| b.title.ends_with("s")));
    pack.check("R04", shown(both.values(|a| a.artist_id).all(db).await?));
    let without = artists().exclude(|a| a.albums.exists());
    let first = without.clone().limit(10).values(|a| (a.artist_id, a.name)).all(db).await?;
    pack.check("R05", json!({"count": without.count(db).await?, "first": shown(first)}));
    let one = |a: &ArtistFields<orm::At<Artist>>| a.albums.any(|b| b.title.starts_with("A") & b.title.ends_with("s"));
    let kept = Artist::objects().exclude(|a| one(&a));
    let count = kept.clone().count(db).await?;
    let excluded = artists().exclude(|a| a.artist_id.is_in(kept.clone().values(|k| k.artist_id)));
    let excluded = excluded.values(|a| a.artist_id).all(db).await?;
    match pack.right("R07").is_object() {
        true => pack.check("R07", json!({"count": count, "excluded": excluded})),
        false => pack.check("R07", shown(excluded)),
    }
    let of_list = Track::objects().filter(|t| t.playlists.any(|p| p.playlist_id.eq(18))).order_by(|t| t.track_id.asc());
    pack.check("M01", shown(of_list.values(|t| (t.track_id, t.name)).all(db).await?));
    let lists = || Playlist::objects().order_by(|p| p.playlist_id.asc());
    let with = lists().filter(|p| p.tracks.any(|t| t.track_id.eq(3403)));
    pack.check("M02", shown(with.values(|p| (p.playlist_id, p.name)).all(db).await?));
    let without_rock = lists().exclude(|p| p.tracks.any(|t| t.genre.name.eq("Rock")));
    pack.check("M05", shown(without_rock.values(|p| (p.playlist_id, p.name)).all(db).await?));
    let on = |t: &TrackFields<orm::At<Track>>, id: i64| t.playlists.any(|p| p.playlist_id.eq(id));
    let on_all = Track::objects().filter(|t| on(&t, 1) & on(&t, 5) & on(&t, 8)).order_by(|t| t.track_id.asc());
    let first = on_all.clone().limit(10).values(|t| t.track_id).all(db).await?;
    pack.check("M07", json!({"count": on_all.count(db).await?, "first": first}));
    let entries =
        PlaylistTrack::objects().filter(|e| e.playlist.name.eq("Grunge")).order_by(|e| e.track.track_id.asc());
    let entries = entries.values(|e| (e.track.track_id, e.track.name, e.track.album.artist.name));
    pack.check("M09", shown(entries.all(db).await?));
    let five =
        Track::objects().annotate(|t| t.playlists.count()).filter(|(_, n)| n.eq(5)).order_by(|(t, _)| t.track_id.asc());
    let first = five.clone().limit(10).values(|(t, n)| (t.track_id, n)).all(db).await?;
    pack.check("M10", json!({"count": five.count(db).await?, "first": shown(first)}));
    Ok(())
}

async fn aggregates(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let all =
        |i: InvoiceFields<orm::At<Invoice>>| (count(), i.total.sum(), i.total.avg(), i.total.min(), i.total.max());
    let (n, s, a, mi, ma) = Invoice::objects().aggregate(all).get(db).await?;
    pack.check("G01", json!({"n": n, "s": s, "a": a, "mi": mi, "ma": ma}));
    let (sum, max) = Track::objects().aggregate(|t| (t.milliseconds.sum(), t.album.title.max())).get(db).await?;
    pack.check("G02", json!({"milliseconds__sum": sum, "album__title__max": max}));
    let none = Invoice::objects().filter(|i| i.invoice_id.lt(0));
    let (n, s, d, m) =
        none.aggregate(|i| (count(), i.total.sum(), i.total.sum().or(0), i.invoice_date.max())).get(db).await?;
    pack.check("G03", json!({"n": n, "s": s, "d": d, "m": m}));
    let beginning = Artist::objects().annotate(|a| a.albums.filter(|b| b.title.starts_with("A")).count());
    let beginning = beginning.filter(|(_, n)| n.gt(0)).order_by(|(a, n)| (n.desc(), a.artist_id.asc())).limit(12);
    pack.check("G08", shown(beginning.values(|(a, n)| (a.artist_id, n)).all(db).await?));
    let sold = Employee::objects()
        .annotate(|e| (e.customers.sum(|c| c.invoices.sum(|i| i.total)), e.reports.count()))
        .order_by(|(e, _, _)| e.employee_id.asc());
    pack.check("G15", shown(sold.values(|(e, s, r)| (e.employee_id, s, r)).all(db).await?));
    let lists = Playlist::objects()
        .filter(|p| p.playlist_id.is_in([5, 16, 17]))
        .annotate(|p| (p.tracks.sum(|t| t.milliseconds), p.tracks.sum(|t| t.lines.count())))
        .order_by(|(p, _, _)| p.playlist_id.asc());
    pack.check("G17", shown(lists.values(|(p, ms, sold)| (p.playlist_id, ms, sold)).all(db).await?));
    let over = Artist::objects().annotate(|a| a.albums.count()).aggregate(|(_, n)| (n.avg(), n.max(), n.sum()));
    let (a, m, s) = over.get(db).await?;
    pack.check("G18", json!({"a": a, "m": m, "s": s}));
    pack.check("G20", shown(Track::objects().values(|t| t.composer).distinct().count(db).await?));
    let spread = |i: InvoiceFields<orm::At<Invoice>>| {
        (i.total.std_dev(), i.total.std_dev_sample(), i.total.variance(), i.total.variance_sample())
    };
    let (sp, ss, vp, vs) = Invoice::objects().aggregate(spread).get(db).await?;
    pack.check("G21", json!({"sp": sp, "ss": ss, "vp": vp, "vs": vs}));
    let either = Artist::objects().annotate(|a| a.albums.count()).filter(|(a, n)| n.gte(14) | a.name.eq("AC/DC"));
    let either = either.order_by(|(a, _)| a.artist_id.asc()).values(|(a, n)| (a.name, n));
    pack.check("G22", shown(either.all(db).await?));
    let long = Genre::objects().annotate(|g| g.tracks.avg(|t| t.milliseconds)).filter(|(_, mean)| mean.gt(300_000.0));
    let long = long.order_by(|(g, mean)| (mean.desc(), g.genre_id.asc())).values(|(g, mean)| (g.name, mean));
    pack.check("G24", shown(long.all(db).await?));
    let largest = Album::objects().annotate(|a| (a.tracks.count(), a.tracks.sum(|t| t.milliseconds)));
    let largest =
        largest.order_by(|(a, n, _)| (n.desc(), a.album_id.asc())).limit(6).values(|(a, n, ms)| (a.title, n, ms));
    let rows = largest.all(db).await?.into_iter().map(|(title, n, ms)| json!({"title": title, "n": n, "ms": ms}));
    pack.check("G25", rows.collect());
    Ok(())
}

async fn groups(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let countries = Invoice::objects().group_by(|i| i.billing_country).annotate(|i| (count(), i.total.sum()));
    let best = countries.order_by(|(country, _, sum)| (sum.desc(), country.asc())).limit(10).all(db).await?;
    let rows: Json =
        best.into_iter().map(|(country, n, s)| json!({"billing_country": country, "n": n, "s": s})).collect();
    pack.check("G10", rows);
    // What Django adds to the groups because it is ordered by is a key here.
    let places = Invoice::objects().group_by(|i| (i.billing_country, i.billing_city)).annotate(|_| count());
    pack.check("G12", shown(places.count(db).await?));
    let year = |i: &InvoiceFields<orm::At<Invoice>>, year: i32| {
        case().when(i.invoice_date.year().eq(year), i.total).otherwise(0).sum()
    };
    let years = Invoice::objects().group_by(|i| i.billing_country).annotate(|i| (year(&i, 2021), year(&i, 2022)));
    let years = years.order_by(|(country, _, y22)| (y22.desc(), country.asc())).limit(5).all(db).await?;
    let rows: Json =
        years.into_iter().map(|(c, y21, y22)| json!({"billing_country": c, "y21": y21, "y22": y22})).collect();
    pack.check("C02", rows);
    Ok(())
}

async fn subqueries(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let unsold = Track::objects().filter(|t| !t.lines.any(|l| l.quantity.gte(0))).count(db).await?;
    let unsold_too = Track::objects().exclude(|t| t.lines.exists()).count(db).await?;
    pack.check("S02", json!([unsold, unsold_too]));
    let video = Genre::objects().order_by(|g| g.genre_id.asc());
    let video = video.values(|g| (g.name, g.tracks.any(|t| t.media_type.name.icontains("video"))));
    pack.check("S03", shown(video.all(db).await?));
    // Artists with an album of which every track was sold.
    let sold_out = Artist::objects().filter(|a| a.albums.any(|b| b.tracks.all(|t| t.lines.exists())));
    let sold_out = sold_out.order_by(|a| a.artist_id.asc()).limit(30).values(|a| a.artist_id);
    pack.check("S06", shown(sold_out.all(db).await?));
    let last = Album::objects().order_by(|a| a.album_id.desc()).limit(5).values(|a| a.album_id);
    let of_last = Track::objects().filter(|t| t.album.album_id.is_in(last)).order_by(|t| t.track_id.asc());
    pack.check("S08", shown(of_last.values(|t| (t.track_id, t.album.album_id)).all(db).await?));
    let highest = Invoice::objects().filter(|i| {
        let same = Invoice::objects().within(i.invoice_id).filter(|other| other.billing_country.eq(i.billing_country));
        i.invoice_id
            .eq(same.order_by(|other| (other.total.desc(), other.invoice_id.asc())).scalar(|other| other.invoice_id))
    });
    let highest = highest.order_by(|i| i.billing_country.asc()).limit(12);
    pack.check("S09", shown(highest.values(|i| (i.billing_country, i.invoice_id, i.total)).all(db).await?));
    Ok(())
}
