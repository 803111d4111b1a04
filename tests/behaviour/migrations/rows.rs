//! Rows for the record shop: those of the Chinook database when `ORM_ORACLE` names a folder with it, else made up.

use orm::{Access, Connection, Database, Executor, Operation, Result, Statement, Value};

/// A table and the columns to look at.
pub struct Table(pub &'static str, pub &'static [&'static str]);

/// One table of the record shop and what fills it: the query on Chinook, and how many rows to make up instead.
struct Source {
    table: Table,
    chinook: &'static str,
    made_up: (i64, fn(i64) -> Vec<Value>),
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn optional(number: i64, value: Value) -> Value {
    if number % 5 == 0 { Value::Null(value.kind()) } else { value }
}

fn cents(cents: i64) -> Value {
    Value::Decimal(orm::prelude::Decimal::new(cents, 2))
}

fn moment(number: i64) -> Value {
    let day = chrono::NaiveDate::from_ymd_opt(2009, 1, 1).unwrap() + chrono::TimeDelta::days(number);
    Value::Timestamp(day.and_hms_opt(12, 30, 15).unwrap())
}

const SOURCES: &[Source] = &[
    Source {
        table: Table("chinook_artist", &["id", "name"]),
        chinook: "SELECT ArtistId, Name FROM Artist",
        made_up: (60, |n| vec![Value::I64(n), optional(n, text(format!("Künstler №{n}")))]),
    },
    Source {
        table: Table("chinook_album", &["id", "title", "artist_id"]),
        chinook: "SELECT AlbumId, Title, ArtistId FROM Album",
        made_up: (120, |n| vec![Value::I64(n), text(format!("It's \"{n}\" \\ 100%")), Value::I64(n % 60 + 1)]),
    },
    Source {
        table: Table(
            "chinook_employee",
            &["id", "last_name", "first_name", "title", "reports_to_id", "hire_date", "email"],
        ),
        chinook: "SELECT EmployeeId, LastName, FirstName, Title, ReportsTo, HireDate, Email FROM Employee ORDER BY EmployeeId",
        made_up: (8, |n| {
            let boss = if n == 1 { Value::Null(orm::Kind::I64) } else { Value::I64(n / 2) };
            vec![
                Value::I64(n),
                text("Né"),
                text("A"),
                optional(n, text("Clerk")),
                boss,
                moment(n),
                Value::Null(orm::Kind::Text),
            ]
        }),
    },
    Source {
        table: Table("chinook_customer", &["id", "first_name", "last_name", "country", "email", "support_rep_id"]),
        chinook: "SELECT CustomerId, FirstName, LastName, Country, Email, SupportRepId FROM Customer",
        made_up: (40, |n| {
            let country = optional(n, text("Éire"));
            vec![
                Value::I64(n),
                text("Zoë"),
                text("O'Neil"),
                country,
                text(format!("c{n}@example.org")),
                Value::I64(n % 8 + 1),
            ]
        }),
    },
    Source {
        table: Table("chinook_genre", &["id", "name"]),
        chinook: "SELECT GenreId, Name FROM Genre",
        made_up: (10, |n| vec![Value::I64(n), text(format!("Genre {n}"))]),
    },
    Source {
        table: Table("chinook_mediatype", &["id", "name"]),
        chinook: "SELECT MediaTypeId, Name FROM MediaType",
        made_up: (5, |n| vec![Value::I64(n), text(format!("Format {n}"))]),
    },
    Source {
        table: Table(
            "chinook_track",
            &["id", "name", "album_id", "media_type_id", "genre_id", "composer", "milliseconds", "bytes", "unit_price"],
        ),
        chinook: "SELECT TrackId, Name, AlbumId, MediaTypeId, GenreId, Composer, Milliseconds, Bytes, UnitPrice FROM Track",
        made_up: (700, |n| {
            vec![
                Value::I64(n),
                text(format!("Stück {n}")),
                optional(n, Value::I64(n % 120 + 1)),
                Value::I64(n % 5 + 1),
                optional(n, Value::I64(n % 10 + 1)),
                optional(n, text("Bach")),
                Value::I32(n as i32 * 1_000),
                optional(n, Value::I32(n as i32)),
                cents(99 + n % 3 * 100),
            ]
        }),
    },
    Source {
        table: Table("chinook_playlist", &["id", "name"]),
        chinook: "SELECT PlaylistId, Name FROM Playlist",
        made_up: (6, |n| vec![Value::I64(n), text("90’s")]),
    },
    Source {
        table: Table("chinook_playlist_tracks", &["playlist_id", "track_id"]),
        chinook: "SELECT PlaylistId, TrackId FROM PlaylistTrack",
        made_up: (600, |n| vec![Value::I64(n % 6 + 1), Value::I64(n)]),
    },
    Source {
        table: Table("chinook_invoice", &["id", "customer_id", "invoice_date", "billing_country", "total"]),
        chinook: "SELECT InvoiceId, CustomerId, InvoiceDate, BillingCountry, Total FROM Invoice",
        made_up: (80, |n| vec![Value::I64(n), Value::I64(n % 40 + 1), moment(n), text("Éire"), cents(n * 101)]),
    },
    Source {
        table: Table("chinook_invoiceline", &["id", "invoice_id", "track_id", "unit_price", "quantity"]),
        chinook: "SELECT InvoiceLineId, InvoiceId, TrackId, UnitPrice, Quantity FROM InvoiceLine",
        made_up: (400, |n| {
            vec![Value::I64(n), Value::I64(n % 80 + 1), Value::I64(n), cents(99), Value::I32((n % 3 + 1) as i32)]
        }),
    },
];

/// Fills the tables of the first models; tells how many rows there are.
pub async fn load(db: &Database) -> Result<usize> {
    let source = match std::env::var("ORM_ORACLE") {
        Ok(folder) => Some(Database::connect(format!("sqlite://{}", copy(&folder).display())).await?),
        Err(_) => {
            println!("NOT RUN on the Chinook database: ORM_ORACLE names no folder; on rows that are made up instead");
            None
        }
    };
    let mut total = 0;
    for part in SOURCES {
        let (count, make) = part.made_up;
        let shape = make(1);
        let rows: Vec<Vec<Value>> = match &source {
            Some(chinook) => chinook.run(Chinook { sql: part.chinook, shape: shape.clone() }).await?,
            None => (1..=count).map(make).collect(),
        };
        total += rows.len();
        // In pieces, and rows before those that point to them.
        for rows in rows.chunks(200) {
            db.run(Fill { table: &part.table, rows: rows.to_vec() }).await?;
        }
    }
    Ok(total)
}

/// The database is opened as a copy: it may stand in a folder that cannot be written.
fn copy(folder: &str) -> std::path::PathBuf {
    let from = std::path::Path::new(folder).join("data").join("chinook.sqlite");
    let name = format!("orm_chinook_{}_{:?}.sqlite", std::process::id(), std::thread::current().id());
    let to = std::env::temp_dir().join(name.replace(['(', ')'], ""));
    std::fs::write(&to, std::fs::read(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()))).unwrap();
    to
}

/// Rows of Chinook, of the kinds that the record shop's columns have.
struct Chinook {
    sql: &'static str,
    shape: Vec<Value>,
}

impl Operation for Chinook {
    type Output = Vec<Vec<Value>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Self::Output> {
        let mut rows = Vec::new();
        let shape = &self.shape;
        let mut each = |row: &orm::Row<'_>| {
            let mut values = Vec::new();
            for (index, like) in shape.iter().enumerate() {
                let cell = row.cell(index);
                values.push(match like.kind() {
                    kind if cell.is_null() => Value::Null(kind),
                    orm::Kind::I64 => Value::I64(cell.i64()?),
                    orm::Kind::I32 => Value::I32(cell.i32()?),
                    orm::Kind::Decimal => Value::Decimal(cell.decimal()?),
                    orm::Kind::Timestamp => Value::Timestamp(cell.timestamp()?),
                    _ => Value::Text(cell.text()?),
                });
            }
            rows.push(values);
            Ok(())
        };
        conn.query(&Statement::raw(self.sql, []), &mut each).await?;
        Ok(rows)
    }
}

struct Fill {
    table: &'static Table,
    rows: Vec<Vec<Value>>,
}

impl Operation for Fill {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        let Table(table, columns) = self.table;
        let places = format!("({})", vec!["?"; columns.len()].join(", "));
        let values = vec![places; self.rows.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES {values}", columns.join(", "));
        conn.execute(&Statement::raw(&sql, self.rows.drain(..).flatten())).await?;
        Ok(())
    }
}

/// The rows of a table, as text, in the order of the first columns.
pub async fn read(db: &Database, table: &Table) -> Result<Vec<Vec<Option<String>>>> {
    let Table(name, columns) = table;
    let order: Vec<String> = (1..=columns.len().min(2)).map(|place| place.to_string()).collect();
    query(db, &format!("SELECT {} FROM {name} ORDER BY {}", columns.join(", "), order.join(", "))).await
}

/// The rows of a query, as text.
pub async fn query(db: &Database, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    db.run(AsText(sql.to_owned())).await
}

struct AsText(String);

impl Operation for AsText {
    type Output = Vec<Vec<Option<String>>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Self::Output> {
        let mut rows = Vec::new();
        let mut each = |row: &orm::Row<'_>| {
            let value = |index: usize| {
                let cell = row.cell(index);
                let shown =
                    || cell.i64().map(|n| n.to_string()).or_else(|_| cell.decimal().map(|n| n.normalize().to_string()));
                let bytes = || cell.bytes().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect());
                let other =
                    || cell.timestamp().map(|time| time.to_string()).or_else(|_| cell.text()).or_else(|_| bytes());
                (!cell.is_null()).then(|| shown().or_else(|_| other()).unwrap_or_else(|error| panic!("{error}")))
            };
            rows.push((0..row.len()).map(value).collect());
            Ok(())
        };
        conn.query(&Statement::raw(&self.0, []), &mut each).await?;
        Ok(rows)
    }
}
