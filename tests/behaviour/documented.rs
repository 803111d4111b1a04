//! The examples of `docs/queries.md`, on every back end, and those of other documents below: each block of a document stands here
//! as it stands there.

mod around;
mod checks;
mod connections;
mod fixtures;
mod forms;
mod from_diesel;
mod generics;
mod links;
mod migrations;
mod models;
mod parents;
mod questions;
mod rules;
mod testing;
mod types;
mod validation;
mod writes;
mod written;

use crate::bed::{Bed, behaviour};
use orm::{Q, prelude::*, value};
use std::{fs, path::Path};

orm::app! { pub staff { Employee, Sale } }

#[derive(Model, Debug, Clone)]
pub struct Employee {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    pub manager: Option<ForeignKey<Employee>>,
    pub sales: HasMany<Sale>,
}

#[derive(Model, Debug, Clone)]
pub struct Sale {
    pub id: i64,
    pub employee: ForeignKey<Employee>,
    pub amount: i64,
}

/// Somebody, and what they sold.
#[derive(Row, Debug, PartialEq)]
#[row(model = Employee)]
struct Seller {
    name: String,
    #[row(|e| e.manager.name)]
    manager: Option<String>,
    #[row(|e| e.sales.sum(|s| s.amount))]
    sold: Option<i64>,
}

#[derive(Row, Debug, PartialEq)]
struct Total {
    name: String,
    sales: i64,
}

#[derive(Row, Debug)]
#[row(model = Sale)]
struct Slip {
    amount: i64,
    employee: Clerk,
}

#[derive(Row, Debug)]
#[row(model = Employee)]
struct Clerk {
    name: String,
    manager: Option<Manager>,
}

#[derive(Row, Debug, PartialEq)]
#[row(model = Employee)]
struct Manager {
    name: String,
}

orm::sql_function! {
    /// Where a part begins in a text, from 1.
    pub fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };
}

orm::app! { pub depot { Hall, Shelf, Parcel } }

#[derive(Model, Debug, Clone)]
pub struct Hall {
    #[field(primary_key, max_length = 3)]
    pub code: String,
}

#[derive(Model, Debug, Clone)]
pub struct Shelf {
    #[field(primary_key)]
    pub hall: ForeignKey<Hall>,
    #[field(primary_key)]
    pub number: i32,
    pub parcels: HasMany<Parcel>,
}

#[derive(Model, Debug, Clone)]
pub struct Parcel {
    pub id: i64,
    pub shelf: ForeignKey<Shelf>, // two columns: shelf_hall_id, shelf_number
}

orm::app! { pub memos { Memo } }

#[derive(Model, Debug, Clone)]
pub struct Memo {
    pub id: i64,
    pub data: serde_json::Value, // {"tags": ["urgent", "paper"]}
}

orm::sql_function! {
    /// Each number from one to another.
    pub fn series(first: i64, last: i64) -> orm::SetOf<i64> = { postgres: "generate_series" };
}

/// Ada has the reports Grace and Alan, Grace has Edsger; sales of 50 by Ada, 30 and 20 by Grace, 10 by Edsger.
async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[staff()]).await?;
    let hire = async |name: &str, manager: Option<&Employee>| {
        let manager = manager.map(|manager| manager.id);
        Employee::draft().name(name).manager(manager).create(&bed.db).await
    };
    let ada = hire("Ada", None).await?;
    let grace = hire("Grace", Some(&ada)).await?;
    hire("Alan", Some(&ada)).await?;
    let edsger = hire("Edsger", Some(&grace)).await?;
    for (employee, amount) in [(&ada, 50), (&grace, 30), (&grace, 20), (&edsger, 10)] {
        Sale::draft().employee(employee).amount(amount).create(&bed.db).await?;
    }
    Ok(())
}

behaviour! {
    async fn keys_of_several_columns(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[depot()]).await?;
        for (code, number) in [("A", 1), ("A", 2), ("B", 1), ("C", 1)] {
            Hall::draft().code(code).get_or_create(|h| h.code, db).await?;
            Shelf::draft().hall(code).number(number).create(db).await?;
        }

        let shelf = Shelf::get(("A", 2), db).await?;
        let parcel = Parcel::draft().shelf(&shelf).create(db).await?;
        assert_eq!(parcel.shelf.key(), &("A".to_owned(), 2));

        let near = Shelf::objects().filter(|s| s.pk().gt(("A", 1)) & s.pk().lte(("B", 1))).order_by(|s| s.pk().desc());
        assert_eq!(near.count(db).await?, 2);
        let known = Parcel::objects().filter(|p| p.shelf.is_in([("A", 2), ("B", 1)]) | p.shelf.hall.eq("C"));
        assert_eq!(known.count(db).await?, 1);
        // The key of a query around, and the rows of a query inside.
        let used =
            Shelf::objects().filter(|s| Parcel::objects().within(s.number).filter(|p| p.shelf.eq(s.pk())).has_rows());
        assert_eq!(Parcel::objects().filter(|p| p.shelf.is_in(used)).count(db).await?, 1);
        Ok(())
    }

    async fn recursion(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Everybody below Grace, as rows of the model: filtered, joined, prefetched and counted like any others.
        let team = Employee::objects()
            .filter(|e| e.name.eq("Grace"))
            .recursive(|manager| Employee::objects().filter(|e| e.manager.eq(manager.id)));
        let sold = Sale::objects().filter(|s| s.employee.key().is_in(team.values(|e| e.id)));
        assert_eq!(sold.aggregate(|s| s.amount.sum()).get(db).await?, Some(60));

        // The whole chart: each with the depth and the way from the top.
        let chart = Employee::objects()
            .filter(|e| e.manager.is_null())
            .values(|e| (e.id, value(0_i64), e.name))
            .recursive(|(manager, depth, way)| {
                Employee::objects()
                    .filter(|e| e.manager.eq(manager))
                    .values(|e| (e.id, depth + 1, way.concat(" > ").concat(e.name)))
            });
        let deepest = chart.order_by(|(_, depth, _)| depth.desc()).first(db).await?;
        assert_eq!(deepest, Some((4, 2, "Ada > Grace > Edsger".to_owned())));

        // What each one's whole team has sold: pairs of a person and all below, joined with the sales of those below.
        let below = Employee::objects().values(|e| (e.id, e.id)).recursive(|(top, at)| {
            Employee::objects().filter(|e| e.manager.eq(at)).values(|e| (top, e.id))
        });
        let sales = Sale::objects().group_by(|s| s.employee.key()).annotate(|s| s.amount.sum());
        let totals = below
            .join_query(sales, |(_, at), (seller, _)| seller.eq(at))
            .group_by(|(top, ..)| top)
            .annotate(|(.., amount)| amount.sum());
        let teams = Employee::objects()
            .left_join_query(totals, |e, (top, _)| top.eq(e.id))
            .order_by(|(e, ..)| e.id.asc())
            .values(|(e, _, total)| (e.name, total.or(0)));
        let teams = teams.all(db).await?;
        assert_eq!(teams.iter().map(|(_, total)| *total).collect::<Vec<_>>(), [110, 60, 0, 10]);
        Ok(())
    }

    async fn common_tables(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Computed once, read twice: who has sold more than the average of those who sold anything.
        let sales = Sale::objects().group_by(|s| s.employee.key()).annotate(|s| s.amount.sum().or(0)).as_cte();
        let best = Employee::objects()
            .join_query(sales.clone(), |e, (seller, _)| seller.eq(e.id))
            .filter(|(e, _, sold)| sold.cast::<f64>().gt(sales.within(e.id).aggregate(|(_, sold)| sold.avg())))
            .order_by(|(e, ..)| e.name.asc())
            .values(|(e, _, sold)| (e.name, sold));
        assert_eq!(best.all(db).await?, [("Ada".to_owned(), 50), ("Grace".to_owned(), 50)]);
        Ok(())
    }
}

behaviour! {
    async fn rows_of_structs(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // Only these values are read, and nothing else can be asked for: what Django has `only` and `defer` for.
        let sellers = Employee::objects().values_as::<Seller>().filter(|s| s.sold.gte(30)).order_by(|s| s.name.desc());
        let grace: Seller = sellers.first(db).await?.unwrap();
        assert_eq!(grace, Seller { name: "Grace".to_owned(), manager: Some("Ada".to_owned()), sold: Some(50) });

        // Filled in any query, by name and in any order.
        let totals = Sale::objects()
            .group_by(|s| s.employee.name)
            .annotate(|_| count())
            .values(|(name, sales)| TotalFields { sales, name })
            .filter(|total| total.sales.gt(1));
        assert_eq!(totals.get(db).await?, Total { name: "Grace".to_owned(), sales: 2 });

        // A tuple that gets names, in its order.
        let totals = Sale::objects().group_by(|s| s.employee.name).annotate(|_| count()).named::<Total>();
        assert_eq!(totals.filter(|total| total.name.eq("Ada")).get(db).await?.sales, 1);
        Ok(())
    }

    async fn rows_of_structs_inside(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let slips = Sale::objects().values_as::<Slip>().order_by(|s| s.amount.desc());
        let slip = slips.clone().first(db).await?.unwrap();
        assert_eq!((slip.employee.name.as_str(), slip.employee.manager), ("Ada", None));
        let of_team = slips.filter(|s| s.employee.manager.name.eq("Ada")).first(db).await?.unwrap();
        assert_eq!(of_team.employee.manager.unwrap().name, "Ada");
        Ok(())
    }

    async fn conditions_at_run_time(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let (name, least) = (Some("Grace"), None::<i64>);

        // What a form asks for: nothing yet is everything.
        let mut asked = Q::<Employee>::everything();
        if let Some(name) = name {
            asked = asked & Q::<Employee>::new(|e| e.name.eq(name));
        }
        if let Some(least) = least {
            asked = asked & Q::<Employee>::new(|e| e.sales.any(|s| s.amount.gte(least)));
        }
        assert_eq!(Employee::objects().filter(|_| asked).count(db).await?, 1);

        // One of several: begin with nothing.
        let mut one = Q::<Employee>::nothing();
        for part in ["da", "lan"] {
            one = one | Q::<Employee>::new(|e| e.name.ends_with(part));
        }
        assert_eq!(Employee::objects().filter(|_| one).count(db).await?, 2);
        Ok(())
    }

    async fn pages_and_streams(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        // By number, with the count of all: for a list with page numbers.
        let page = Sale::objects().order_by(|s| s.amount.desc()).page(2, 3, db).await?;
        assert_eq!((page.rows.len(), page.total, page.has_next()), (1, 4, false));

        // After a cursor: as quick on the last page as on the first, and steady while rows come and go.
        let first = Sale::objects().order_by(|s| s.amount.desc()).page_after(None, 3, db).await?;
        let link = first.next.unwrap().to_string();
        let next = Sale::objects().order_by(|s| s.amount.desc()).page_after(Some(&link.parse()?), 3, db).await?;
        assert_eq!((next.rows[0].amount, next.next), (10, None));

        // All rows, a few hundred at a time: memory does not grow with them.
        let mut sales = Sale::objects().stream(db);
        let mut sum = 0;
        while let Some(sale) = sales.try_next().await? {
            sum += sale.amount;
        }
        assert_eq!(sum, 110);
        Ok(())
    }

    async fn rows_made_of_one(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[memos()]).await?;
        for tags in [serde_json::json!(["urgent", "paper"]), serde_json::json!(["urgent"])] {
            Memo::draft().data(serde_json::json!({"tags": tags})).create(db).await?;
        }

        let tags = Memo::objects().values(|m| (m.id, m.data.key("tags").elements().as_str()));
        let counted =
            tags.clone().group_by(|(_, tag)| tag).annotate(|_| count()).order_by(|(tag, n)| (n.desc(), tag.asc()));
        assert_eq!(counted.first(db).await?, Some((Some("urgent".to_owned()), 2)));
        assert_eq!(tags.filter(|(_, tag)| tag.eq("paper")).values(|(id, _)| id).all(db).await?, [1]);

        let numbered = Memo::objects().values(|m| (m.id, series(m.id, 3)));
        assert!(numbered.to_sql(orm::Dialect::Postgres)?.contains("CROSS JOIN generate_series"));
        Ok(())
    }

    async fn functions_and_plans(bed) {
        filled(&bed).await?;
        let db = &bed.db;

        let named = Employee::objects().filter(|e| place_of(e.name, "d").gt(0)).order_by(|e| place_of(e.name, "d").asc());
        assert_eq!(named.values(|e| e.name).all(db).await?, ["Ada", "Edsger"]);

        let plan = Sale::objects().filter(|s| s.employee.name.eq("Ada")).explain(db).await?;
        println!("{plan}");
        assert!(plan.to_string().contains("sale"));
        Ok(())
    }
}

/// Every block of a document is part of the file that runs it, indentation aside.
#[test]
fn the_code_of_the_documents_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for (document, sources) in [
        ("queries.md", &[include_str!("documented.rs"), include_str!("postgres/documented.rs")][..]),
        ("questions.md", &[include_str!("documented/questions.rs")]),
        (
            "models.md",
            &[
                include_str!("documented/models.rs"),
                include_str!("documented/around.rs"),
                include_str!("documented/types.rs"),
                include_str!("documented/parents.rs"),
                include_str!("documented/forms.rs"),
                include_str!("documented/generics.rs"),
            ],
        ),
        (
            "writes.md",
            &[
                include_str!("documented/writes.rs"),
                include_str!("documented/written.rs"),
                include_str!("documented/around.rs"),
                include_str!("documented/links.rs"),
            ],
        ),
        ("validation.md", &[include_str!("documented/validation.rs"), include_str!("documented/rules.rs")]),
        ("checks.md", &[include_str!("documented/checks.rs")]),
        ("connections.md", &[include_str!("documented/connections.rs")]),
        ("from-diesel.md", &[include_str!("documented/from_diesel.rs")]),
        ("migrations.md", &[include_str!("documented/migrations.rs")]),
        ("fixtures.md", &[include_str!("documented/fixtures.rs")]),
        ("testing.md", &[include_str!("documented/testing.rs")]),
    ] {
        let text = fs::read_to_string(folder.join(document)).unwrap();
        let source = sources.iter().map(|source| plain(source)).collect::<String>();
        let blocks = text.split("```rust\n").skip(1);
        let blocks: Vec<&str> = blocks.map(|block| block.split_once("\n```").expect("a block has an end").0).collect();
        // Of migrations most is TOML, which `migrations::documented` runs.
        let least = match document {
            "migrations.md" | "checks.md" => 1,
            "fixtures.md" => 2,
            _ => 4,
        };
        assert!(blocks.len() >= least, "{document} has examples");
        for block in blocks {
            assert!(source.contains(&plain(block)), "runs nowhere:\n{block}");
        }
    }
}

/// Without blanks at the ends of lines, and without empty lines.
fn plain(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
