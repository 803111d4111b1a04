//! How each database stores each type: Django's defaults, so that a database made by Django can be taken over.

use crate::error::{Result, fail};
use crate::schema::ColumnType;
use crate::sql::Dialect;

impl Dialect {
    /// The SQL type of a column.
    ///
    /// | Type | SQLite | PostgreSQL | MariaDB | MySQL |
    /// |---|---|---|---|---|
    /// | `bool` | bool | boolean | bool | bool |
    /// | `smallint`, `integer`, `bigint` | the same | the same | the same | the same |
    /// | `positive ..` | `.. unsigned` | the plain type | `.. UNSIGNED` | `.. UNSIGNED` |
    /// | `real`, `double` | real | real, double precision | float, double precision | float, double precision |
    /// | `char(n)` | varchar(n) | varchar(n) | varchar(n) | varchar(n) |
    /// | `text` | text | text | longtext | longtext |
    /// | `decimal(p, s)` | decimal | numeric(p, s) | numeric(p, s) | numeric(p, s) |
    /// | `date`, `time` | date, time | date, time | date, time(6) | date, time(6) |
    /// | `datetime` | datetime (text, UTC) | timestamp with time zone | datetime(6), UTC | datetime(6), UTC |
    /// | `timestamp` | datetime | timestamp | datetime(6) | datetime(6) |
    /// | `duration` | bigint (microseconds) | interval | bigint | bigint |
    /// | `uuid` | char(32) | uuid | uuid | char(32) |
    /// | `binary` | BLOB | bytea | longblob | longblob |
    /// | `json` | text | jsonb | longtext | json |
    /// | `ip` | char(39) | inet | char(39) | char(39) |
    ///
    /// Positive types on SQLite and PostgreSQL, and JSON where it is text, also carry a check.
    pub fn column_type(self, ty: &ColumnType) -> Result<String> {
        let pick = |texts: [&str; 4]| {
            let [sqlite, postgres, mariadb, mysql] = texts;
            let text = match self {
                Dialect::Sqlite => sqlite,
                Dialect::Postgres => postgres,
                Dialect::MariaDb => mariadb,
                Dialect::MySql => mysql,
            };
            Ok(text.to_owned())
        };
        match ty {
            ColumnType::Bool => pick(["bool", "boolean", "bool", "bool"]),
            ColumnType::SmallInt => pick(["smallint"; 4]),
            ColumnType::Integer => pick(["integer"; 4]),
            ColumnType::BigInt => pick(["bigint"; 4]),
            ColumnType::PositiveSmallInt => {
                pick(["smallint unsigned", "smallint", "smallint UNSIGNED", "smallint UNSIGNED"])
            }
            ColumnType::PositiveInteger => {
                pick(["integer unsigned", "integer", "integer UNSIGNED", "integer UNSIGNED"])
            }
            ColumnType::PositiveBigInt => pick(["bigint unsigned", "bigint", "bigint UNSIGNED", "bigint UNSIGNED"]),
            ColumnType::Real => pick(["real", "real", "float", "float"]),
            ColumnType::Double => pick(["real", "double precision", "double precision", "double precision"]),
            ColumnType::Char { max_length } => Ok(format!("varchar({max_length})")),
            ColumnType::Text => pick(["text", "text", "longtext", "longtext"]),
            ColumnType::Decimal { max_digits, decimal_places } => {
                let numeric = format!("numeric({max_digits}, {decimal_places})");
                pick(["decimal", &numeric, &numeric, &numeric])
            }
            ColumnType::Date => pick(["date"; 4]),
            ColumnType::Time => pick(["time", "time", "time(6)", "time(6)"]),
            ColumnType::DateTime => pick(["datetime", "timestamp with time zone", "datetime(6)", "datetime(6)"]),
            ColumnType::NaiveDateTime => pick(["datetime", "timestamp", "datetime(6)", "datetime(6)"]),
            ColumnType::Duration => pick(["bigint", "interval", "bigint", "bigint"]),
            ColumnType::Uuid => pick(["char(32)", "uuid", "uuid", "char(32)"]),
            ColumnType::Binary => pick(["BLOB", "bytea", "longblob", "longblob"]),
            ColumnType::Json => pick(["text", "jsonb", "longtext", "json"]),
            ColumnType::Ip => pick(["char(39)", "inet", "char(39)", "char(39)"]),
            ColumnType::Related => fail!(M018, "the type of a relation is that of its target"),
            ColumnType::Custom { sqlite, postgres, mysql } => {
                let text = match self {
                    Dialect::Sqlite => sqlite,
                    Dialect::Postgres => postgres,
                    Dialect::MariaDb | Dialect::MySql => mysql,
                };
                let known = [("SQLite", sqlite), ("PostgreSQL", postgres), ("MariaDB and MySQL", mysql)];
                let known = known.into_iter().find_map(|(name, text)| Some((name, text.as_ref()?)));
                match (text, known) {
                    (Some(text), _) => Ok(text.clone()),
                    (None, Some((name, text))) => {
                        fail!(M044, "{} has no `{text}`, which is a type of {name}", self.capabilities().name)
                    }
                    (None, None) => fail!(M044, "the column's type says nothing for {}", self.capabilities().name),
                }
            }
        }
    }

    /// Whether the type carries a check on this database.
    pub(crate) fn has_type_check(self, ty: &ColumnType) -> bool {
        match self {
            Dialect::Sqlite => ty.is_positive() || *ty == ColumnType::Json,
            Dialect::Postgres => ty.is_positive(),
            Dialect::MariaDb => *ty == ColumnType::Json,
            Dialect::MySql => false,
        }
    }

    /// The check that the type carries, over an already quoted column.
    pub(crate) fn type_check(self, ty: &ColumnType, column: &str, null: bool) -> Option<String> {
        if !self.has_type_check(ty) {
            return None;
        }
        Some(match ty {
            ColumnType::Json if null && self == Dialect::Sqlite => {
                format!("(JSON_VALID({column}) OR {column} IS NULL)")
            }
            ColumnType::Json => format!("JSON_VALID({column})"),
            _ => format!("{column} >= 0"),
        })
    }

    /// Whether text of this type is compared by a collation of ours on this database: text proper,
    /// not types that are merely stored as characters.
    pub(crate) fn text_collation(self, ty: &ColumnType) -> Option<&'static str> {
        self.capabilities().text_collation.filter(|_| ty.is_text())
    }
}
