//! Rows that count: a model's own filter, in queries, sets, prefetched rows and by name, and the way past it.

use crate::bed::{Bed, behaviour};
use orm::{Code, dynamic, prelude::*};
use std::cell::Cell;

orm::app! { pub archive { Folder, Paper, Room } }

thread_local! {
    /// Who is asking.
    static TENANT: Cell<i64> = const { Cell::new(1) };
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Folder {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    pub papers: HasMany<Paper>,
}

/// Papers are never thrown away.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(filter = |p| p.shredded.is_null(), ordering(id))]
pub struct Paper {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub title: String,
    pub shredded: Option<NaiveDate>,
    pub folder: ForeignKey<Folder>,
    pub kept_in: Option<ForeignKey<Paper>>,
}

/// Everybody sees their own.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(filter = |r| r.tenant.eq(TENANT.get()))]
pub struct Room {
    pub id: i64,
    pub tenant: i64,
}

impl Paper {
    /// A named query.
    pub fn about(word: &str) -> QuerySet<Paper> {
        Paper::objects().filter(|p| p.title.contains(word))
    }
}

/// Names that go on.
trait Papers {
    fn in_folder(self, name: &str) -> Self;
}

impl Papers for QuerySet<Paper> {
    fn in_folder(self, name: &str) -> Self {
        self.filter(|p| p.folder.name.eq(name))
    }
}

async fn filled(bed: &Bed) -> orm::Result<(Folder, Paper)> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[archive()]).await?;
    let folder = Folder::draft().name("Taxes").create(db).await?;
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let gone = Paper::draft().title("old").shredded(day).folder(&folder).create(db).await?;
    for title in ["new", "newer"] {
        Paper::draft().title(title).folder(&folder).kept_in(&gone).create(db).await?;
    }
    bed.log.clear();
    Ok((folder, gone))
}

behaviour! {
    async fn every_way_in_leaves_the_others_out(bed) {
        let (folder, gone) = filled(&bed).await?;
        let db = &bed.db;
        assert_eq!(gone.title, "old"); // what was made is given, whether it counts or not
        assert_eq!(Paper::objects().values(|p| p.title).all(db).await?, ["new", "newer"]);
        assert_eq!(Paper::get(gone.id, db).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(Paper::objects().in_bulk([gone.id], db).await?.len(), 0);
        assert_eq!(folder.many(|f| f.papers).all(db).await?.len(), 2);
        assert_eq!(folder.rows_of(|f| f.papers).count(db).await?, 2);
        let folders = Folder::objects().prefetch(|f| f.papers).all(db).await?;
        assert_eq!(folders[0].papers.get()?.len(), 2);
        let old = Folder::objects().filter(|f| f.papers.any(|p| p.title.eq("old")));
        assert_eq!(old.count(db).await?, 0);
        let row = Folder::objects().values(|f| (f.papers.count(), f.papers.filter(|p| p.title.eq("new")).count()));
        assert_eq!(row.get(db).await?, (2, 1));
        assert_eq!(Folder::objects().join(|f| f.papers).all(db).await?.len(), 2);
        assert_eq!(Folder::objects().left_join(|f| f.papers.filter(|p| p.title.eq("old"))).all(db).await?[0].1, None);
        let catalog = dynamic::Catalog::new().app(archive());
        assert_eq!(catalog.check(&dynamic::Query::of("archive.Paper"))?.count(db).await?, 2);
        let by_name = dynamic::Query::of("archive.Folder").filter("papers__title", "old");
        assert_eq!(catalog.check(&by_name)?.count(db).await?, 0);
        Ok(())
    }

    async fn there_is_a_way_past_it(bed) {
        let (folder, gone) = filled(&bed).await?;
        let db = &bed.db;
        assert_eq!(Paper::unfiltered().count(db).await?, 3);
        assert_eq!(Paper::unfiltered().filter(|p| p.id.eq(gone.id)).get(db).await?, gone);
        let row = Folder::objects().values(|f| (f.papers.count(), f.papers.unfiltered().count()));
        assert_eq!(row.get(db).await?, (2, 3));
        let folders = Folder::objects().prefetch(|f| f.papers.unfiltered()).all(db).await?;
        assert_eq!(folders[0].papers.get()?.len(), 3);
        assert_eq!(folder.rows_of(|f| f.papers.unfiltered()).count(db).await?, 3);
        Ok(())
    }

    async fn a_relation_to_one_row_leads_there(bed) {
        let (_, gone) = filled(&bed).await?;
        let db = &bed.db;
        let papers = Paper::objects().select_related(|p| p.kept_in).all(db).await?;
        assert_eq!(papers[0].kept_in.as_ref().unwrap().get()?.title, "old");
        assert_eq!(papers[0].kept_in.as_ref().unwrap().fetch(db).await?, gone);
        let papers = Paper::objects().prefetch(|p| p.kept_in).all(db).await?;
        assert_eq!(papers[1].kept_in.as_ref().unwrap().get()?.title, "old");
        Ok(())
    }

    async fn writes_keep_to_the_rows_that_count(bed) {
        let (folder, gone) = filled(&bed).await?;
        let db = &bed.db;
        let day = gone.shredded;
        assert_eq!(Paper::objects().update(|p| p.title.set(p.title.concat("!")), db).await?, 2);
        let mut edit = Paper::unfiltered().filter(|p| p.id.eq(gone.id)).get(db).await?.edit();
        edit.title = "older".into();
        assert_eq!(edit.save(db).await?.title, "older");
        assert_eq!(Paper::about("new!").update(|p| p.shredded.set(day), db).await?, 1);
        assert_eq!(Paper::objects().count(db).await?, 1);
        // Keys are taken by all rows, and all of them go where their folder goes.
        let taken = Paper::draft().title("older").folder(&folder).validated(db).await.err().unwrap();
        assert_eq!(taken.validation()[0].code, Code::UniqueViolation);
        assert_eq!(Paper::objects().delete(db).await?.total, 1);
        assert_eq!(folder.delete(db).await.unwrap_err().code(), Code::Protected);
        Ok(())
    }

    async fn it_is_worked_out_for_each_query(bed) {
        orm::migrate::create_tables(&bed.db, &[archive()]).await?;
        Room::objects().bulk_insert([1, 2, 2].map(|tenant| Room::draft().tenant(tenant)), &bed.db).await?;
        let rooms = |tenant| {
            TENANT.set(tenant);
            Room::objects()
        };
        let (one, two) = (rooms(1), rooms(2));
        assert_eq!((one.count(&bed.db).await?, two.count(&bed.db).await?, rooms(3).count(&bed.db).await?), (1, 2, 0));
        Ok(())
    }

    async fn queries_have_names(bed) {
        filled(&bed).await?;
        assert_eq!(Paper::about("new").in_folder("Taxes").count(&bed.db).await?, 2);
        assert_eq!(Paper::unfiltered().in_folder("Letters").count(&bed.db).await?, 0);
        Ok(())
    }
}
