//! Every kind of value, there and back.
use crate::bed::*;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use orm::{Cell, Executor, Kind, Result, Statement, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

fn read(kind: Kind) -> fn(&Cell<'_>) -> Result<Value> {
    macro_rules! readers {
        ($($kind:ident $getter:ident),+) => {
            match kind {
                $(Kind::$kind => |cell| {
                    if cell.is_null() {
                        assert!(cell.$getter().is_err());
                        return Ok(Value::Null(Kind::$kind));
                    }
                    cell.$getter().map(Value::$kind)
                },)+
                _ => unreachable!(),
            }
        };
    }
    readers!(Bool bool, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64, Decimal decimal, Text text, Bytes bytes, Date date,
        Time time, Timestamp timestamp, DateTime datetime, Duration duration, Uuid uuid, Ip ip, Json json)
}

/// The column types of each kind: PostgreSQL, SQLite, MariaDB.
fn column(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::Bool => ["boolean", "bool", "bool"],
        Kind::I16 => ["smallint", "smallint", "smallint"],
        Kind::I32 => ["integer", "integer", "integer"],
        Kind::I64 => ["bigint", "bigint", "bigint"],
        Kind::F32 => ["real", "real", "float"],
        Kind::F64 => ["double precision", "real", "double precision"],
        Kind::Decimal => ["numeric(28, 6)", "decimal", "numeric(28, 6)"],
        Kind::Text => ["text", "text", "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"],
        Kind::Bytes => ["bytea", "BLOB", "longblob"],
        Kind::Date => ["date", "date", "date"],
        Kind::Time => ["time", "time", "time(6)"],
        Kind::Timestamp => ["timestamp", "datetime", "datetime(6)"],
        Kind::DateTime => ["timestamp with time zone", "datetime", "datetime(6)"],
        Kind::Duration => ["interval", "bigint", "bigint"],
        Kind::Uuid => ["uuid", "char(32)", "uuid"],
        Kind::Ip => ["inet", "char(39)", "char(39)"],
        Kind::Json => ["jsonb", "text", "longtext"],
        _ => unreachable!(),
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn samples() -> Vec<Vec<Value>> {
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let time = |h, m, s, u| NaiveTime::from_hms_micro_opt(h, m, s, u).unwrap();
    let decimal = |text: &str| Value::Decimal(Decimal::from_str_exact(text).unwrap());
    vec![
        vec![Value::Bool(true), Value::Bool(false)],
        vec![Value::I16(i16::MIN), Value::I16(-1), Value::I16(i16::MAX)],
        vec![Value::I32(i32::MIN), Value::I32(0), Value::I32(i32::MAX)],
        vec![Value::I64(i64::MIN), Value::I64(-7), Value::I64(i64::MAX)],
        vec![Value::F32(0.1), Value::F32(-1.5e30), Value::F32(0.0)],
        vec![Value::F64(0.1), Value::F64(f64::MAX), Value::F64(-5e-324_f64.max(1e-300)), Value::F64(0.1 + 0.2)],
        vec![
            decimal("0"),
            decimal("12.5"),
            decimal("-0.000001"),
            decimal("99999999999999"),
            decimal("123456789.123456"),
            decimal("-10000"),
            decimal("10000.0001"),
            decimal("0.1"),
        ],
        vec![
            Value::Text(String::new()),
            Value::Text("plain".into()),
            Value::Text("ÄÖ ß 漢字 👩‍🚀 \u{301}".into()),
            Value::Text("quote ' \" ` \\ ? $1 % _ ; --\n\t".into()),
            Value::Text("trailing  ".into()),
            Value::Text("x".repeat(100_000)),
        ],
        vec![Value::Bytes(vec![]), Value::Bytes((0..=255).collect()), Value::Bytes(vec![0; 70_000])],
        vec![Value::Date(date(1, 1, 1)), Value::Date(date(2024, 2, 29)), Value::Date(date(9999, 12, 31))],
        vec![Value::Time(time(0, 0, 0, 0)), Value::Time(time(23, 59, 59, 999_999)), Value::Time(time(1, 2, 3, 40))],
        vec![
            Value::Timestamp(date(1, 1, 1).and_time(time(0, 0, 0, 0))),
            Value::Timestamp(date(2024, 2, 29).and_time(time(1, 2, 3, 456_789))),
            Value::Timestamp(date(9999, 12, 31).and_time(time(23, 59, 59, 999_999))),
        ],
        vec![
            Value::DateTime(instant("1969-12-31T23:59:59.000001Z")),
            Value::DateTime(instant("2024-06-30T12:00:00Z")),
            Value::DateTime(instant("9999-12-31T23:59:59.999999Z")),
        ],
        vec![
            Value::Duration(TimeDelta::zero()),
            Value::Duration(TimeDelta::microseconds(-1)),
            Value::Duration(TimeDelta::days(100_000) + TimeDelta::microseconds(1)),
        ],
        vec![Value::Uuid(Uuid::nil()), Value::Uuid(Uuid::max()), Value::Uuid(Uuid::from_u128(0x1234_5678_9abc_def0))],
        ["0.0.0.0", "255.255.255.255", "::", "2001:db8::1"].map(|text| Value::Ip(text.parse().unwrap())).to_vec(),
        vec![
            Value::Json(serde_json::json!({"a": [1, 2.5, null, "ü"], "b": {}})),
            Value::Json(serde_json::json!(null)),
            Value::Json(serde_json::json!("text")),
            Value::Json(serde_json::json!([])),
        ],
    ]
}

on_all! {
    async fn all_kinds_round_trip(bed) {
        for (index, values) in samples().into_iter().enumerate() {
            let kind = values[0].kind();
            let [postgres, sqlite, mariadb] = column(kind);
            let column = bed.pick(postgres, sqlite, mariadb);
            bed.db.batch(format!("CREATE TABLE v{index} (id bigint PRIMARY KEY, v {column} NULL)")).await.unwrap();
            let mut all = values;
            all.push(Value::Null(kind));
            for (id, value) in all.iter().enumerate() {
                let insert = format!("INSERT INTO v{index} VALUES (?, ?)");
                let binds = [Value::I64(id as i64), value.clone()];
                bed.db.run(Execute(Statement::raw(&insert, binds))).await.unwrap();
            }
            let select = format!("SELECT v FROM v{index} ORDER BY id");
            let back = bed.db.run(Query(Statement::raw(&select, []), read(kind))).await.unwrap();
            assert_eq!(back, all, "{kind:?}");
            // A bound value finds the row that it was stored in, also as one of a list.
            for (id, value) in all.iter().enumerate().filter(|(_, value)| !value.is_null()) {
                if matches!(kind, Kind::Json | Kind::F32) {
                    continue;
                }
                let find = Statement::raw(&format!("SELECT id FROM v{index} WHERE v = ?"), [value.clone()]);
                assert_eq!(bed.db.run(Query(find, |cell| cell.i64())).await.unwrap(), [id as i64], "{value:?}");
                if kind == Kind::Bytes {
                    continue;
                }
                let value_of = if kind == Kind::F64 { "orm_float(value)" } else { "value" };
                let inside = bed.pick("= ANY(?)", &format!("IN (SELECT {value_of} FROM json_each(?))"), "").to_owned();
                if !inside.is_empty() && (kind != Kind::Decimal || bed.pick("p", "", "") == "p") {
                    let list = Value::list(kind, [value.clone(), Value::Null(kind)]);
                    let find = Statement::raw(&format!("SELECT id FROM v{index} WHERE v {inside}"), [list]);
                    assert_eq!(bed.db.run(Query(find, |cell| cell.i64())).await.unwrap(), [id as i64], "list of {value:?}");
                }
            }
        }
    }

    async fn finer_than_microseconds_is_cut(bed) {
        for (index, value) in [
            Value::Time(NaiveTime::from_hms_nano_opt(1, 2, 3, 456_789_999).unwrap()),
            Value::DateTime(instant("1950-01-01T00:00:00.123456789Z")),
            Value::DateTime(instant("2050-01-01T00:00:00.999999999Z")),
            Value::Duration(TimeDelta::nanoseconds(-1)),
            Value::Duration(TimeDelta::nanoseconds(1_999)),
        ].into_iter().enumerate() {
            let kind = value.kind();
            let [postgres, sqlite, mariadb] = column(kind);
            let column = bed.pick(postgres, sqlite, mariadb);
            bed.db.batch(format!("CREATE TABLE f{index} (v {column})")).await.unwrap();
            let insert = format!("INSERT INTO f{index} VALUES (?)");
            bed.db.run(Execute(Statement::raw(&insert, [value.clone()]))).await.unwrap();
            let select = Statement::raw(&format!("SELECT v FROM f{index}"), []);
            let back = bed.db.run(Query(select, read(kind))).await.unwrap();
            assert_eq!(back, [orm::truncated(value)]);
        }
    }

    async fn mismatches_name_the_column(bed) {
        let select = bed.pick("SELECT 'x'::text", "SELECT 'x'", "SELECT 'x'");
        for read in [
            |cell: &Cell<'_>| cell.i64().map(drop),
            |cell: &Cell<'_>| cell.bool().map(drop),
            |cell: &Cell<'_>| cell.uuid().map(drop),
            |cell: &Cell<'_>| cell.datetime().map(drop),
            |cell: &Cell<'_>| cell.decimal().map(drop),
        ] {
            let error = bed.db.run(Query(Statement::raw(select, []), read)).await.unwrap_err();
            assert_eq!(error.code(), orm::Code::Decode);
            assert!(error.message().contains("column 1"), "{error}");
        }
        let wide = Statement::raw("SELECT 40000", []);
        let error = bed.db.run(Query(wide, |cell| cell.i16())).await.unwrap_err();
        assert!(error.unredacted().is_some_and(|said| said.contains("40000")), "{error}");
    }
}

struct Many(Vec<Statement>);

impl orm::Operation for Many {
    type Output = Vec<(usize, i64)>;
    fn access(&self) -> orm::Access {
        orm::Access::Read
    }
    async fn run(&mut self, conn: &mut orm::Connection<'_>) -> Result<Self::Output> {
        let mut out = Vec::new();
        conn.query_many(&self.0, &mut |index, row| {
            out.push((index, row.cell(0).i64()?));
            Ok(())
        })
        .await?;
        Ok(out)
    }
}

on_all! {
    async fn several_queries_at_once(bed) {
        let two = bed.pick("SELECT v FROM (VALUES (2), (3)) AS x(v)", "VALUES (2), (3)", "VALUES (2), (3)");
        let many = |middle: &str| Many(vec![
            Statement::raw(bed.pick("SELECT ?", "SELECT ?", "SELECT ?"), [Value::I64(1)]),
            Statement::raw(middle, []),
            Statement::raw("SELECT 4", []),
        ]);
        assert_eq!(bed.db.run(many(two)).await.unwrap(), [(0, 1), (1, 2), (1, 3), (2, 4)]);
        let error = bed.db.run(many("SELECT absent FROM absent")).await.unwrap_err();
        assert_eq!((error.code(), error.sql()), (orm::Code::MissingTable, Some("SELECT absent FROM absent")));
        assert_eq!(bed.db.run(many(two)).await.unwrap().len(), 4);
    }
}

struct ByKey(i64);

impl orm::Operation for ByKey {
    type Output = (u64, Vec<i64>, i64);
    fn access(&self) -> orm::Access {
        orm::Access::Write
    }
    async fn run(&mut self, conn: &mut orm::Connection<'_>) -> Result<Self::Output> {
        struct Insert;
        struct Select;
        let savepoint = conn.savepoint().await?;
        let insert = Statement::raw("INSERT INTO t VALUES (?)", [Value::I64(self.0)]);
        let rows = conn.execute_keyed::<Insert>(&insert).await?;
        let select = Statement::raw("SELECT id FROM t WHERE id = ?", [Value::I64(self.0)]);
        let mut found = Vec::new();
        conn.query_keyed::<Select>(&select, &mut |row| {
            assert_eq!((row.len(), row.name(0).as_deref()), (1, Some("id")));
            assert_eq!(row.cell(1).i64().unwrap_err().code(), orm::Code::Decode);
            found.push(row.cell(0).i64()?);
            Ok(())
        })
        .await?;
        // An error of the receiver ends the query and leaves the connection usable.
        let mut stop = |_: &orm::Row<'_>| Err(orm::Error::new(orm::Code::NotFound, "enough"));
        let stopped = conn.query(&Statement::raw("SELECT 1 UNION ALL SELECT 2", []), &mut stop).await;
        assert_eq!(stopped.unwrap_err().code(), orm::Code::NotFound);
        let nested = conn.savepoint().await?;
        conn.batch("DELETE FROM t").await?;
        conn.roll_back(nested).await?;
        conn.release(savepoint).await?;
        assert!(!conn.in_transaction());
        Ok((rows, found, i64::from(self.0 % 2 == 0)))
    }
}

on_all! {
    async fn statements_by_key_and_savepoints_in_operations(bed) {
        with_table(bed).await;
        for id in 1..20 {
            assert_eq!(bed.db.run(ByKey(id)).await.unwrap(), (1, vec![id], i64::from(id % 2 == 0)));
        }
        assert_eq!(bed.db.run(ByKey(7)).await.unwrap_err().code(), orm::Code::UniqueViolation);
        assert_eq!(ids(&bed.db).await.unwrap().len(), 19);
    }
}
