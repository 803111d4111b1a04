//! What is done around changes of many-to-many relations, and which rows they may lead to.

use crate::bed::behaviour;
use orm::{
    Change as Row, Code, Hooks, LinkHooks, Links, Transaction,
    dynamic::{Catalog, Change, Relate, Related},
    prelude::*,
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::task::JoinSet;

orm::app! { pub press { Paper, Topic, Referee, Reader, Reading, Note, Stand, Issue, Copy } }

#[derive(Model, Debug, Clone)]
pub struct Paper {
    pub id: i64,
    #[field(max_length = 40)]
    pub title: String,
    #[field(hooks = Topics)]
    pub topics: ManyToMany<Topic>,
    #[field(symmetrical, hooks = Kin)]
    pub akin: ManyToMany<Paper>,
    #[field(choices_from = |r| r.retired.eq(false))]
    pub referees: ManyToMany<Referee>,
}

#[derive(Model, Debug, Clone)]
pub struct Topic {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub name: String,
    #[field(via = topics)]
    pub papers: ManyToMany<Paper>,
}

#[derive(Model, Debug, Clone)]
pub struct Referee {
    pub id: i64,
    pub retired: bool,
    #[field(via = referees)]
    pub papers: ManyToMany<Paper>,
}

/// Its relation goes by a model of its own, which holds something else than its key.
#[derive(Model, Debug, Clone)]
pub struct Reader {
    pub id: i64,
    #[field(max_length = 10, unique)]
    pub code: String,
    #[field(through = Reading, hooks = Readings)]
    pub papers: ManyToMany<Paper>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(reader, paper))]
pub struct Reading {
    pub id: i64,
    pub reader: ForeignKey<ReaderByCode>,
    pub paper: ForeignKey<Paper>,
    #[field(default = 0)]
    pub minutes: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Note {
    pub id: i64,
    #[field(max_length = 200)]
    pub text: String,
}

/// The model between has hooks.
#[derive(Model, Debug, Clone)]
pub struct Stand {
    pub id: i64,
    #[field(through = Copy)]
    pub issues: ManyToMany<Issue>,
}

#[derive(Model, Debug, Clone)]
pub struct Issue {
    pub id: i64,
}

#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Copy {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub stand: ForeignKey<Stand>,
    #[field(on_delete = cascade)]
    pub issue: ForeignKey<Issue>,
}

impl Hooks for Copy {
    async fn after_create(copy: &Copy, tx: &Transaction) -> orm::Result<()> {
        note(format!("issue {} stands at {}", copy.issue.key(), copy.stand.key()), tx).await
    }

    async fn before_update(_: &mut Row<Copy>, _: &Transaction) -> orm::Result<()> {
        Ok(())
    }

    async fn after_delete(copy: &Copy, tx: &Transaction) -> orm::Result<()> {
        note(format!("issue {} has left {}", copy.issue.key(), copy.stand.key()), tx).await
    }
}

async fn note(text: String, tx: &Transaction) -> orm::Result<()> {
    Note::draft().text(text).create(tx).await.map(drop)
}

/// What was told after a commit, of every test of this process.
static CERTAIN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static KEYS: AtomicI64 = AtomicI64::new(0);

fn said<O: Model, T: Model>(what: &str, links: &Links<O, T>) -> String
where
    O::Key: std::fmt::Debug + Ord,
    T::Key: std::fmt::Debug + Ord,
{
    let mut pairs: Vec<_> = links.iter().collect();
    pairs.sort();
    let from = if links.is_from_far_side() { " from the far side" } else { "" };
    assert_eq!(pairs.len(), links.count());
    format!("{what} {pairs:?}{from}")
}

pub struct Topics;

impl LinkHooks<Paper, Topic> for Topics {
    async fn before_add(links: &Links<Paper, Topic>, tx: &Transaction) -> orm::Result<()> {
        let forbidden = Topic::objects().filter(|t| t.name.eq("forbidden")).values(|t| t.id).first(tx).await?;
        if links.iter().any(|(_, topic)| Some(*topic) == forbidden) {
            return Err(orm::Error::new(Code::Own("topic.forbidden"), "nobody writes about that"));
        }
        note(said("will add", links), tx).await
    }

    async fn after_add(links: &Links<Paper, Topic>, tx: &Transaction) -> orm::Result<()> {
        let linked = Paper::objects().filter(|p| p.topics.count().gt(0)).count(tx).await?;
        assert!(linked > 0);
        note(said("added", links), tx).await?;
        let text = said("added", links);
        tx.on_commit(async move || CERTAIN.lock().unwrap().push(text));
        Ok(())
    }

    async fn before_remove(links: &Links<Paper, Topic>, tx: &Transaction) -> orm::Result<()> {
        note(said("will remove", links), tx).await
    }

    async fn after_remove(links: &Links<Paper, Topic>, tx: &Transaction) -> orm::Result<()> {
        note(said("removed", links), tx).await
    }
}

pub struct Kin;

impl LinkHooks<Paper, Paper> for Kin {
    async fn after_add(links: &Links<Paper, Paper>, tx: &Transaction) -> orm::Result<()> {
        note(said("akin", links), tx).await
    }

    async fn after_remove(links: &Links<Paper, Paper>, tx: &Transaction) -> orm::Result<()> {
        note(said("not akin", links), tx).await
    }
}

pub struct Readings;

impl LinkHooks<Reader, Paper> for Readings {
    async fn after_add(links: &Links<Reader, Paper>, tx: &Transaction) -> orm::Result<()> {
        note(said("read", links), tx).await
    }

    async fn after_remove(links: &Links<Reader, Paper>, tx: &Transaction) -> orm::Result<()> {
        note(said("forgotten", links), tx).await
    }
}

/// Two papers and three topics, whose keys begin at 1.
async fn filled(db: &Database) -> orm::Result<(Vec<Paper>, Vec<Topic>)> {
    orm::migrate::create_tables(db, &[press()]).await?;
    let papers = Paper::objects().bulk_create(["One", "Two"].map(|title| Paper::draft().title(title)), db).await?;
    let topics = Topic::objects().bulk_create(["a", "b", "c"].map(|name| Topic::draft().name(name)), db).await?;
    Ok((papers, topics))
}

async fn notes<E: Executor>(ex: &E) -> orm::Result<Vec<String>> {
    let notes = Note::objects().order_by(|n| n.id.asc()).values(|n| n.text).all(ex).await?;
    Note::objects().delete(ex).await?;
    Ok(notes)
}

behaviour! {
    async fn links_that_come_and_go_are_told(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        let paper = &papers[0];
        assert_eq!(paper.many(|p| p.topics).add([&topics[0], &topics[1]], db).await?, 2);
        assert_eq!(notes(db).await?, ["will add [(1, 1), (1, 2)]", "added [(1, 1), (1, 2)]"]);
        // What is there already does not come.
        assert_eq!(paper.many(|p| p.topics).add([&topics[1], &topics[2]], db).await?, 1);
        assert_eq!(notes(db).await?, ["will add [(1, 3)]", "added [(1, 3)]"]);
        assert_eq!(paper.many(|p| p.topics).add([&topics[0]], db).await?, 0);
        assert!(notes(db).await?.is_empty());
        // From the other side the pairs are the same way round.
        assert_eq!(topics[0].many(|t| t.papers).add([&papers[1]], db).await?, 1);
        let far = "from the far side";
        assert_eq!(notes(db).await?, [format!("will add [(2, 1)] {far}"), format!("added [(2, 1)] {far}")]);
        // What is not there does not go.
        assert_eq!(papers[1].many(|p| p.topics).remove([1, 2, 99], db).await?, 1);
        assert_eq!(notes(db).await?, ["will remove [(2, 1)]", "removed [(2, 1)]"]);
        let set = paper.many(|p| p.topics).set([&topics[2]], db).await?;
        assert_eq!((set, notes(db).await?), (2, vec!["will remove [(1, 1), (1, 2)]".to_owned(), "removed [(1, 1), (1, 2)]".to_owned()]));
        let set = topics[2].many(|t| t.papers).set([&papers[1]], db).await?;
        let told = notes(db).await?;
        assert_eq!((set, told.len(), told[1].as_str()), (2, 4, "removed [(1, 3)] from the far side"));
        assert_eq!(told[3], "added [(2, 3)] from the far side");
        assert_eq!(papers[1].many(|p| p.topics).clear(db).await?, 1);
        assert_eq!(notes(db).await?, ["will remove [(2, 3)]", "removed [(2, 3)]"]);
        assert_eq!(paper.many(|p| p.topics).clear(db).await?, 0);
        assert!(notes(db).await?.is_empty());
        // A row that is made and related.
        paper.many(|p| p.topics).create(Topic::draft().name("d"), db).await?;
        let told = notes(db).await?;
        assert_eq!(told.len(), 2);
        // The way past them.
        assert_eq!(paper.many(|p| p.topics).skip_hooks().clear(db).await?, 1);
        assert!(notes(db).await?.is_empty());
        Ok(())
    }

    async fn an_error_of_theirs_undoes_the_change(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        let forbidden = Topic::draft().name("forbidden").create(db).await?;
        papers[0].many(|p| p.topics).add([&topics[0]], db).await?;
        notes(db).await?;
        let error = papers[0].many(|p| p.topics).set([&topics[1], &forbidden], db).await.unwrap_err();
        assert_eq!(error.code(), Code::Own("topic.forbidden"));
        assert!(notes(db).await?.is_empty());
        assert_eq!(papers[0].many(|p| p.topics).all(db).await?[0].id, topics[0].id);
        // In a transaction it is a savepoint, and the rest goes on.
        let tx = db.begin().await?;
        papers[1].many(|p| p.topics).add([&topics[2]], &tx).await?;
        assert!(papers[1].many(|p| p.topics).add([&forbidden], &tx).await.is_err());
        tx.commit().await?;
        assert_eq!(papers[1].many(|p| p.topics).rows()?.count(db).await?, 1);
        Ok(())
    }

    async fn what_waits_for_the_commit_is_told_then(bed) {
        let db = &bed.db;
        let (_, topics) = filled(db).await?;
        // A key that no other test has, as tests of one process share what they put down.
        let key = 1_000 + KEYS.fetch_add(1, Ordering::Relaxed);
        let paper = Paper::draft().id(key).title("own").create(db).await?;
        let told = || CERTAIN.lock().unwrap().iter().filter(|text| **text == format!("added [({key}, 1)]")).count();
        let tx = db.begin().await?;
        paper.many(|p| p.topics).add([&topics[0]], &tx).await?;
        assert_eq!(told(), 0);
        tx.rollback().await?;
        assert_eq!(told(), 0);
        paper.many(|p| p.topics).add([&topics[0]], db).await?;
        assert_eq!(told(), 1);
        Ok(())
    }

    async fn changes_by_name_are_told(bed) {
        let db = &bed.db;
        filled(db).await?;
        let catalog = Catalog::new().app(press()).writable(["press.Paper", "press.Topic"])?;
        let run = async |model: &str, relation: &str, change: Related| {
            let change = Change::Relate(Relate::of(model, 1, relation, change));
            Ok::<u64, orm::Error>(catalog.check_change(&change)?.run(db).await?.total)
        };
        assert_eq!(run("press.Paper", "topics", Related::Add(vec![json!(1), json!(2)])).await?, 2);
        assert_eq!(notes(db).await?, ["will add [(1, 1), (1, 2)]", "added [(1, 1), (1, 2)]"]);
        assert_eq!(run("press.Topic", "papers", Related::Set(vec![json!(2)])).await?, 2);
        assert_eq!(notes(db).await?[3], "added [(2, 1)] from the far side");
        assert_eq!(run("press.Paper", "topics", Related::Clear).await?, 1);
        assert_eq!(notes(db).await?, ["will remove [(1, 2)]", "removed [(1, 2)]"]);
        Ok(())
    }

    async fn a_symmetrical_link_is_told_once(bed) {
        let db = &bed.db;
        let (papers, _) = filled(db).await?;
        papers[0].many(|p| p.akin).add([&papers[1]], db).await?;
        assert_eq!(notes(db).await?, ["akin [(1, 2)]"]);
        assert_eq!(papers[1].many(|p| p.akin).add([&papers[0]], db).await?, 0);
        assert!(notes(db).await?.is_empty());
        papers[1].many(|p| p.akin).clear(db).await?;
        assert_eq!(notes(db).await?, ["not akin [(2, 1)]"]);
        assert_eq!(papers[0].many(|p| p.akin).rows()?.count(db).await?, 0);
        Ok(())
    }

    // From both ends at once: none waits for one that waits for it, and one has made it.
    async fn a_symmetrical_link_is_told_once_from_both_ends(bed) {
        let db = &bed.db;
        let (papers, _) = filled(db).await?;
        for _ in 0..10 {
            let mut tasks = JoinSet::new();
            for (from, to) in [(0, 1), (1, 0), (0, 1), (1, 0)] {
                let (db, from, to) = (db.clone(), papers[from].clone(), papers[to].clone());
                tasks.spawn(async move { from.many(|p| p.akin).add([&to], &db).await });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap()?;
            }
            assert_eq!(notes(db).await?.len(), 1);
            let mut tasks = JoinSet::new();
            for (from, to) in [(0, 1), (1, 0)] {
                let (db, from, to) = (db.clone(), papers[from].clone(), papers[to].clone());
                tasks.spawn(async move { from.many(|p| p.akin).remove([&to], &db).await });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap()?;
            }
            assert_eq!(notes(db).await?.len(), 1);
        }
        Ok(())
    }

    // The keys are those of the rows, whatever stands between them.
    async fn a_model_between_may_hold_something_else(bed) {
        let db = &bed.db;
        let (papers, _) = filled(db).await?;
        Reader::draft().code("x").create(db).await?;
        let reader = Reader::draft().code("ada").create(db).await?;
        let read = reader.many(|r| r.papers).through::<Reading, _>(|r| r.minutes.set(9));
        assert_eq!(read.add([&papers[1], &papers[0]], db).await?, 2);
        assert_eq!(notes(db).await?, [format!("read [({0}, 1), ({0}, 2)]", reader.id)]);
        assert_eq!(Reading::objects().filter(|r| r.minutes.eq(9) & r.reader.eq("ada")).count(db).await?, 2);
        assert_eq!(reader.many(|r| r.papers).set([&papers[0]], db).await?, 1);
        assert_eq!(notes(db).await?, [format!("forgotten [({}, 2)]", reader.id)]);
        let catalog = Catalog::new().app(press()).writable(["press.Reader", "press.Reading"])?;
        let clear = Change::Relate(Relate::of("press.Reader", reader.id, "papers", Related::Clear));
        assert_eq!(catalog.check_change(&clear)?.run(db).await?.total, 1);
        assert_eq!(notes(db).await?, [format!("forgotten [({}, 1)]", reader.id)]);
        Ok(())
    }

    // A model between that has hooks is made and deleted itself; a change of the relation does not pass them by.
    async fn a_model_between_has_hooks_of_its_own(bed) {
        let db = &bed.db;
        filled(db).await?;
        let (stand, issue) = (Stand::draft().create(db).await?, Issue::draft().create(db).await?);
        let error = stand.many(|s| s.issues).add([&issue], db).await.unwrap_err();
        assert_eq!(error.code(), Code::Unhooked);
        let copy = Copy::draft().stand(&stand).issue(&issue).create(db).await?;
        copy.delete(db).await?;
        assert_eq!(notes(db).await?, ["issue 1 stands at 1", "issue 1 has left 1"]);
        Ok(())
    }

    // Those of its rows go with either side, and not unseen: they are deleted themselves, or it is said that they are not told.
    async fn a_model_between_goes_with_both_sides(bed) {
        let db = &bed.db;
        filled(db).await?;
        let (stand, issue) = (Stand::draft().create(db).await?, Issue::draft().create(db).await?);
        for _ in 0..2 {
            Copy::draft().stand(&stand).issue(&issue).create(db).await?;
        }
        assert_eq!(notes(db).await?, ["issue 1 stands at 1", "issue 1 stands at 1"]);
        assert_eq!(stand.clone().delete(db).await.unwrap_err().code(), Code::Unhooked);
        assert_eq!(Issue::objects().delete(db).await.unwrap_err().code(), Code::Unhooked);
        assert_eq!((Copy::objects().count(db).await?, notes(db).await?), (2, Vec::new()));
        let tx = db.begin().await?;
        assert_eq!(Copy::objects().filter(|c| c.stand.eq(&stand)).delete(&tx).await?.total, 2);
        stand.delete(&tx).await?;
        issue.delete(&tx).await?;
        tx.commit().await?;
        assert_eq!(notes(db).await?, ["issue 1 has left 1", "issue 1 has left 1"]);
        let (stand, issue) = (Stand::draft().create(db).await?, Issue::draft().create(db).await?);
        Copy::draft().stand(&stand).issue(&issue).skip_hooks().create(db).await?;
        assert_eq!(Stand::objects().skip_hooks().delete(db).await?.total, 2);
        assert_eq!((Copy::objects().count(db).await?, notes(db).await?), (0, Vec::new()));
        Ok(())
    }

    async fn links_that_go_with_their_rows_are_not_told(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        papers[0].many(|p| p.topics).add(&topics, db).await?;
        papers[1].many(|p| p.topics).add(&topics, db).await?;
        notes(db).await?;
        let tx = db.begin().await?;
        topics[0].clone().delete(&tx).await?;
        papers[0].clone().delete(&tx).await?;
        tx.commit().await?;
        assert!(notes(db).await?.is_empty());
        assert_eq!(papers[1].many(|p| p.topics).rows()?.count(db).await?, 2);
        assert_eq!(topics[1].many(|t| t.papers).rows()?.count(db).await?, 1);
        Ok(())
    }

    async fn a_set_that_changes_nothing_tells_nothing(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        let paper = &papers[0];
        assert_eq!(paper.many(|p| p.topics).set([&topics[0]; 0], db).await?, 0);
        paper.many(|p| p.topics).add([&topics[0], &topics[1]], db).await?;
        paper.many(|p| p.akin).add([&papers[1]], db).await?;
        notes(db).await?;
        assert_eq!(paper.many(|p| p.topics).set([&topics[1], &topics[0], &topics[1]], db).await?, 0);
        assert_eq!(topics[0].many(|t| t.papers).set([paper], db).await?, 0);
        assert_eq!(papers[1].many(|p| p.akin).set([paper], db).await?, 0);
        let catalog = Catalog::new().app(press()).writable(["press.Paper"])?;
        let same = Change::Relate(Relate::of("press.Paper", 1, "topics", Related::Set(vec![json!(2), json!(1)])));
        assert_eq!(catalog.check_change(&same)?.run(db).await?.total, 0);
        assert!(notes(db).await?.is_empty());
        Ok(())
    }

    // Rows that are made through a set, found, or changed: the link is told where it is new.
    async fn rows_that_are_made_through_a_set_are_told(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        let made = || papers[0].many(|p| p.topics);
        let topic = made().create(Topic::draft().name("d"), db).await?;
        assert_eq!(notes(db).await?, [format!("will add [(1, {})]", topic.id), format!("added [(1, {})]", topic.id)]);
        assert!(!made().get_or_create(Topic::draft().name("d"), |t| t.name, db).await?.1);
        assert!(!made().update_or_create(Topic::draft().name("d"), |t| t.name, db).await?.1);
        assert!(notes(db).await?.is_empty());
        assert!(!made().get_or_create(Topic::draft().name("a"), |t| t.name, db).await?.1);
        assert_eq!(notes(db).await?, ["will add [(1, 1)]", "added [(1, 1)]"]);
        // A hook that refuses leaves neither the link nor the row.
        let error = made().create(Topic::draft().name("forbidden"), db).await.unwrap_err();
        assert_eq!((error.code(), Topic::objects().count(db).await?), (Code::Own("topic.forbidden"), 4));
        // Many at once are made first, and related together.
        let many = Topic::objects().bulk_create(["x", "y"].map(|name| Topic::draft().name(name)), db).await?;
        assert!(notes(db).await?.is_empty());
        assert_eq!(made().add(&many, db).await?, 2);
        assert_eq!(notes(db).await?.len(), 2);
        assert_eq!(topics.len(), 3);
        Ok(())
    }

    // Of several who make the same link, from both sides, one has made it.
    async fn each_link_is_told_once(bed) {
        let db = &bed.db;
        let (papers, topics) = filled(db).await?;
        let mut tasks = JoinSet::new();
        for task in 0..8 {
            let (db, paper, topics) = (db.clone(), papers[0].clone(), topics.clone());
            tasks.spawn(async move {
                match task % 2 {
                    0 => paper.many(|p| p.topics).add(&topics, &db).await,
                    _ => {
                        let mut count = 0;
                        for topic in &topics {
                            count += topic.many(|t| t.papers).add([&paper], &db).await?;
                        }
                        Ok(count)
                    }
                }
            });
        }
        let mut count = 0;
        while let Some(done) = tasks.join_next().await {
            count += done.unwrap()?;
        }
        assert_eq!(count, 3);
        let mut told: HashMap<i64, usize> = HashMap::new();
        for note in notes(db).await?.iter().filter(|note| note.starts_with("added")) {
            for topic in 1..=3 {
                *told.entry(topic).or_default() += note.matches(&format!("(1, {topic})")).count();
            }
        }
        assert_eq!(told, HashMap::from([(1, 1), (2, 1), (3, 1)]));
        Ok(())
    }

    async fn a_link_leads_to_rows_that_may_be_chosen(bed) {
        let db = &bed.db;
        let (papers, _) = filled(db).await?;
        let referees = Referee::objects().bulk_create([true, false, false].map(|retired| Referee::draft().retired(retired)), db).await?;
        let paper = &papers[0];
        let error = paper.many(|p| p.referees).add([&referees[0], &referees[1]], db).await.unwrap_err();
        let mistake = &error.validation()[0];
        assert_eq!((mistake.code, mistake.field.as_deref()), (Code::InvalidValue, Some("referees")));
        assert_eq!((error.model(), paper.many(|p| p.referees).rows()?.count(db).await?), (Some("Paper"), 0));
        // From the other side, and by name.
        let error = referees[0].many(|r| r.papers).add([paper], db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::InvalidValue, &["referees".to_owned()][..]));
        let catalog = Catalog::new().app(press()).writable(["press.Paper"])?;
        let add = Change::Relate(Relate::of("press.Paper", 1, "referees", Related::Set(vec![json!(referees[0].id)])));
        assert_eq!(catalog.check_change(&add)?.run(db).await.unwrap_err().fields(), ["referees"]);
        // A row that is made is related only if it may be.
        assert!(paper.many(|p| p.referees).create(Referee::draft().retired(true), db).await.is_err());
        assert_eq!(Referee::objects().count(db).await?, 3);
        // The way past it; and what is there already is not asked about.
        assert_eq!(paper.many(|p| p.referees).skip_validation().add([&referees[0]], db).await?, 1);
        assert_eq!(paper.many(|p| p.referees).add([&referees[0], &referees[1]], db).await?, 1);
        assert_eq!(paper.many(|p| p.referees).set([&referees[0], &referees[2]], db).await?, 2);
        assert_eq!(paper.many(|p| p.referees).remove([&referees[0]], db).await?, 1);
        assert_eq!(referees[1].many(|r| r.papers).add(&papers, db).await?, 2);
        Ok(())
    }
}
