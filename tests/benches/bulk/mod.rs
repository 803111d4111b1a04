//! Many rows: written, changed and looked for, beside the quickest statements that one would write by hand for that database.

/// What reads, by diesel-async: the same for every server.
macro_rules! reads {
    () => {
        fn keys(&mut self, keys: &[i64]) -> i64 {
            let query = shelf_book::table.filter(shelf_book::id.eq_any(keys));
            self.runtime.block_on(query.load::<RawBook>(&mut self.conn)).expect("rows").len() as i64
        }

        fn groups(&mut self) -> i64 {
            let columns = (shelf_book::author_id, diesel::dsl::count_star(), diesel::dsl::max(shelf_book::views));
            let groups = shelf_book::table.group_by(shelf_book::author_id).select(columns);
            let groups = self.runtime.block_on(groups.load::<(i64, i64, Option<i64>)>(&mut self.conn));
            groups.expect("rows").len() as i64
        }

        fn annotated(&mut self) -> i64 {
            let count = sql::<BigInt>("(SELECT COUNT(*) FROM shelf_book WHERE author_id = shelf_author.id)");
            let authors = shelf_author::table.select((shelf_author::id, shelf_author::name, count));
            let authors = self.runtime.block_on(authors.load::<(i64, String, i64)>(&mut self.conn)).expect("rows");
            authors.iter().map(|(_, _, books)| books).sum()
        }

        fn children(&mut self) -> i64 {
            let conn = &mut self.conn;
            let (authors, books) = self.runtime.block_on(async {
                let authors = shelf_author::table.load::<RawAuthor>(conn).await.expect("rows");
                let ids: Vec<i64> = authors.iter().map(|author| author.id).collect();
                let books = shelf_book::table.filter(shelf_book::author_id.eq_any(ids));
                (authors, books.load::<RawBook>(conn).await.expect("rows"))
            });
            with_books(authors, books).iter().map(|(_, books)| books.len() as i64).sum()
        }

        fn stream(&mut self) -> i64 {
            let (mut last, mut sum) = (0, 0);
            loop {
                let after = shelf_book::table.filter(shelf_book::id.gt(last)).order_by(shelf_book::id).limit(CHUNK);
                let books = self.runtime.block_on(after.load::<RawBook>(&mut self.conn)).expect("rows");
                sum += books.iter().map(|book| book.author).sum::<i64>();
                match books.last() {
                    Some(book) => last = book.id,
                    None => return sum,
                }
            }
        }

        fn stream_at_once(&mut self) -> i64 {
            let conn = &mut self.conn;
            let sum = self.runtime.block_on(async {
                let books = shelf_book::table.load_stream::<RawBook>(conn).await?;
                books.try_fold(0, async |sum, book| Ok(sum + book.author)).await
            });
            sum.expect("rows")
        }
    };
}

mod mysql;
mod postgres;
mod sqlite;

use crate::{
    compare::{Clock, compare_large},
    models::{Author, Book, Entry},
};
use orm::prelude::*;
use std::{cell::Cell, time::Duration};
use tokio::runtime::Runtime;

/// How many books there are, and how many are written at most.
const ROWS: i64 = 100_000;

/// How many authors have them.
const AUTHORS: i64 = 1_000;

/// How many keys are looked for, entries are there, and entries are written.
const SOME: i64 = 10_000;

/// How many rows a stream reads at a time.
const CHUNK: i64 = 500;

/// So many rows more than the schema has of itself.
const FILL: &str = "INSERT INTO shelf_book (title, views, author_id)
        WITH RECURSIVE n(n) AS (SELECT 10001 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
        SELECT CONCAT('title ', n), n, n % 1000 + 1 FROM n;
    INSERT INTO shelf_entry (code, views)
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        SELECT CONCAT('code ', n), n FROM n";

/// What takes the new rows away again.
const CLEAR: &str = "DELETE FROM shelf_book WHERE id > 100000; DELETE FROM shelf_entry WHERE id > 10000";

/// The tables, with their rows; `KEY` is what makes a column an automatic key.
fn schema(key: &str) -> String {
    let entries =
        format!("CREATE TABLE shelf_entry (id {key}, code varchar(50) NOT NULL UNIQUE, views bigint NOT NULL)");
    format!("{} {entries}; {FILL}", crate::models::schema(key))
}

fn title(row: i64) -> String {
    format!("title {row}")
}

/// The entries that are written, half of which are there.
fn entries() -> impl Iterator<Item = (String, i64)> {
    (SOME / 2..SOME / 2 + SOME).map(|entry| (format!("code {entry}"), entry * 2))
}

/// Books as they are to be, one way or the other.
fn changed(rows: i64, word: &str) -> Vec<Book> {
    let book = |row: i64| Book {
        id: row + 1,
        title: format!("{word} {row}"),
        views: row * 2 + word.len() as i64,
        author: ForeignKey::to(row % AUTHORS + 1),
    };
    (0..rows).map(book).collect()
}

/// One side of the comparisons. What each gives is the same for both: a number of rows, or a sum.
trait Side {
    /// Takes away what was written.
    fn clear(&mut self);
    /// Writes books.
    fn insert(&mut self, rows: i64) -> i64;
    /// Writes books and has them with their keys.
    fn create(&mut self, rows: i64) -> i64;
    /// Changes the titles and views of these.
    fn update(&mut self, rows: &[Book]) -> i64;
    /// Writes entries, over those that are there.
    fn upsert(&mut self) -> i64;
    /// Reads books by their keys.
    fn keys(&mut self, keys: &[i64]) -> i64;
    /// Counts the books of each author, and has the most views.
    fn groups(&mut self) -> i64;
    /// Reads the authors, each with the number of books.
    fn annotated(&mut self) -> i64;
    /// Reads the authors, each with the books.
    fn children(&mut self) -> i64;
    /// Adds the authors' keys of all books, of which a chunk is in memory.
    fn stream(&mut self) -> i64;
    /// The same in the quickest way there is to read rows one after the other, by one statement.
    fn stream_at_once(&mut self) -> i64;
}

/// This library's side, on each database.
struct Ours<'a> {
    runtime: &'a Runtime,
    db: &'a Database,
}

fn drafts(rows: i64) -> impl Iterator<Item = impl orm::write::IntoDraftRow<Book>> {
    (0..rows).map(|row| Book::draft().title(title(row)).views(row).author(row % AUTHORS + 1))
}

impl Ours<'_> {
    fn run<T>(&self, asked: impl Future<Output = orm::Result<T>>) -> T {
        self.runtime.block_on(asked).expect("the statements run")
    }
}

impl Side for Ours<'_> {
    fn clear(&mut self) {
        self.run(self.db.batch(CLEAR));
    }

    fn insert(&mut self, rows: i64) -> i64 {
        self.run(Book::objects().bulk_insert(drafts(rows), self.db)) as i64
    }

    fn create(&mut self, rows: i64) -> i64 {
        self.run(Book::objects().bulk_create(drafts(rows), self.db)).len() as i64
    }

    fn update(&mut self, rows: &[Book]) -> i64 {
        self.run(Book::objects().bulk_update(rows, |b| (b.title, b.views), self.db)) as i64
    }

    fn upsert(&mut self) -> i64 {
        let drafts = entries().map(|(code, views)| Entry::draft().code(code).views(views));
        self.run(Entry::objects().bulk_upsert(drafts, |e| e.code, self.db)) as i64
    }

    fn keys(&mut self, keys: &[i64]) -> i64 {
        self.run(Book::objects().filter(|b| b.id.is_in(keys)).all(self.db)).len() as i64
    }

    fn groups(&mut self) -> i64 {
        let groups = Book::objects().group_by(|b| b.author.key()).annotate(|b| (count(), b.views.max()));
        self.run(groups.all(self.db)).len() as i64
    }

    fn annotated(&mut self) -> i64 {
        let authors = self.run(Author::objects().annotate(|a| a.books.count()).all(self.db));
        authors.iter().map(|(_, books)| books).sum()
    }

    fn children(&mut self) -> i64 {
        let authors = self.run(Author::objects().prefetch(|a| a.books).all(self.db));
        authors.iter().map(|author| author.books.get().expect("they are there").len() as i64).sum()
    }

    fn stream(&mut self) -> i64 {
        self.run(async {
            let (mut books, mut sum) = (Book::objects().stream(self.db), 0);
            while let Some(book) = books.try_next().await? {
                sum += book.author.key();
            }
            Ok(sum)
        })
    }

    fn stream_at_once(&mut self) -> i64 {
        self.stream()
    }
}

pub fn benches() {
    sqlite::benches();
    postgres::benches();
    mysql::benches();
}

/// Two sides of one database, by a clock.
struct Pair<'a> {
    place: &'static str,
    clock: Clock,
    diesel: &'a mut dyn Side,
    orm: &'a mut dyn Side,
}

impl Pair<'_> {
    /// Measures both sides, which say the same. What they wrote goes again.
    fn compare(&mut self, what: &str, expected: Option<i64>, run: &dyn Fn(&mut dyn Side) -> i64) {
        let name = format!("{}: {what}", self.place);
        let clock = self.clock;
        let times = |side: &mut dyn Side, n: u64| {
            let mut sum = Duration::ZERO;
            for _ in 0..n {
                let mut said = 0;
                sum += clock.time(|| said = run(side));
                if let Some(expected) = expected {
                    assert_eq!(said, expected, "{name}");
                    side.clear();
                }
            }
            sum
        };
        let (diesel, orm) = (&mut *self.diesel, &mut *self.orm);
        let ran = compare_large(&name, &mut |n| times(diesel, n), &mut |n| times(orm, n));
        if ran && expected.is_none() {
            assert_eq!(run(self.diesel), run(self.orm), "{name}");
        }
    }

    /// What all databases do.
    fn cases(&mut self) {
        self.compare("insert of 10 000 rows", Some(SOME), &|side| side.insert(SOME));
        self.compare("insert of 100 000 rows", Some(ROWS), &|side| side.insert(ROWS));
        self.compare("insert of 10 000 rows, given back", Some(SOME), &|side| side.create(SOME));
        self.compare("insert of 100 000 rows, given back", Some(ROWS), &|side| side.create(ROWS));
        self.compare("upsert of 10 000 rows, half of them there", Some(SOME), &|side| side.upsert());
        for (what, rows) in [("10 000", SOME), ("100 000", ROWS)] {
            // No run finds what it would write: MariaDB then writes nothing.
            let (changed, turn) = ([changed(rows, "new"), changed(rows, "newer")], Cell::new(0));
            self.compare(&format!("update of {what} rows, 2 columns each"), None, &|side| {
                turn.set(1 - turn.get());
                side.update(&changed[turn.get()])
            });
        }
        let keys: Vec<i64> = (0..SOME).map(|key| key * 7 + 1).collect();
        self.compare("in with 10 000 keys", None, &|side| side.keys(&keys));
        self.compare("group by, 1 000 groups of 100", None, &|side| side.groups());
        self.compare("1 000 rows, each with a count of 100 others", None, &|side| side.annotated());
        self.compare("1 000 parents x 100 children", None, &|side| side.children());
        self.compare("stream of 100 000 rows, beside chunks by key", None, &|side| side.stream());
        self.compare("stream of 100 000 rows, beside one statement", None, &|side| side.stream_at_once());
    }
}
