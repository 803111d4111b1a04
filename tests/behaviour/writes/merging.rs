//! Writes that answer, and writes made of what is there: upserts by expressions, keys by expressions, deletions that give their rows,
//! statements of one's own.

use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, prelude::*};

orm::app! { pub workshop { Part, Bin, Move } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Bin {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub name: String,
    pub parent: Option<ForeignKey<Bin>>,
    pub spare: Option<ForeignKey<Bin>>,
    #[field(via = bin)]
    pub parts: HasMany<Part>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Part {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub code: String,
    #[field(default = 0, max = 1000)]
    pub stock: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = || String::new())]
    pub remark: String,
    #[field(on_delete = cascade)]
    pub bin: ForeignKey<Bin>,
    #[field(auto_now)]
    pub touched: DateTime<Utc>,
    #[field(db_default = 3)]
    pub weight: i32,
    #[field(version)]
    pub version: i64,
}

/// Nothing points here.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Move {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub slip: String,
    #[field(max_length = 20, unique)]
    pub ticket: String,
    #[field(default = 1)]
    pub count: i32,
}

async fn bins(bed: &Bed) -> orm::Result<Vec<Bin>> {
    orm::migrate::create_tables(&bed.db, &[workshop()]).await?;
    let a = Bin::draft().name("A").create(&bed.db).await?;
    let b = Bin::draft().name("B").parent(&a).create(&bed.db).await?;
    Ok(vec![a, b])
}

behaviour! {
    async fn upserts_are_made_of_both_rows(bed) {
        let bins = bins(&bed).await?;
        let db = &bed.db;
        let part = |code: &'static str, stock: i32, price: i64| {
            Part::draft().code(code).stock(stock).price(Decimal::from(price)).bin(&bins[0])
        };
        let first = part("x", 5, 10).remark("first").create(db).await?;
        let drafts = [part("x", 3, 99), part("y", 1, 7), part("x", 2, 50)];
        let parts = Part::objects();
        let merged = parts.bulk_upsert_with(
            drafts,
            |p| p.code,
            |p, new| (p.stock.set(p.stock + new.stock), p.price.set(new.price)),
            db,
        );
        assert_eq!(merged.await?, 3);
        let rows = Part::objects().all(db).await?;
        let seen: Vec<_> = rows.iter().map(|p| (p.code.as_str(), p.stock, p.price.to_string(), p.remark.as_str(), p.version)).collect();
        assert_eq!(seen, [("x", 10, "50.00".to_owned(), "first", 3), ("y", 1, "7.00".to_owned(), "", 1)]);
        assert!(rows[0].touched >= first.touched);
        // One row, and what only a new one gets.
        let draft = part("x", 1, 1).remark("made");
        let (row, new) = draft.update_or_create_with(|p| p.code, |p, new| p.stock.set(p.stock * 2 + new.stock), db).await?;
        assert_eq!((row.stock, row.remark.as_str(), row.version, new), (21, "first", 4, false));
        let draft = part("z", 1, 1).remark("made");
        let (row, new) = draft.update_or_create_with(|p| p.code, |p, _| p.stock.set(p.stock + 1), db).await?;
        assert_eq!((row.stock, row.remark.as_str(), new), (1, "made", true));
        // What another field may have is held to the field that gets it.
        let draft = part("x", 1, 1).remark("longer than the code of a part");
        let error = draft.update_or_create_with(|p| p.code, |p, new| p.code.set(new.remark), db).await.unwrap_err();
        assert_eq!(error.code(), Code::TooLong, "{error:?}");
        assert_eq!(Part::objects().filter(|p| p.code.eq("x")).count(db).await?, 1);
        // Rules are asked of values; what makes no sense is said before any statement.
        bed.log.clear();
        let codes = [
            part("x", 1, 1).update_or_create_with(|p| p.code, |p, _| p.stock.set(1001), db).await.unwrap_err().code(),
            part("x", 1, 1).update_or_create_with(|p| p.code, |p, _| p.version.set(1), db).await.unwrap_err().code(),
            part("x", 1, 1).update_or_create_with(|p| p.code, |p, new| p.remark.set(new.bin.name), db).await.unwrap_err().code(),
            part("x", 1, 1).update_or_create_with(|p| p.code, |p, _| p.remark.set(p.bin.name), db).await.unwrap_err().code(),
        ];
        assert_eq!(codes, [Code::OutOfRange, Code::NotEditable, Code::BadQuery, Code::BadQuery]);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn what_is_written_over_is_read_as_it_was(bed) {
        let bins = bins(&bed).await?;
        let db = &bed.db;
        let part = |stock: i32, bin: usize| {
            Part::draft().code("x").stock(stock).price(Decimal::from(1)).remark(format!("{stock}")).bin(&bins[bin])
        };
        part(5, 0).create(db).await?;
        // One assignment reads what another sets; a foreign key goes over by its key.
        let merged = Part::objects().bulk_upsert_with(
            [part(3, 1)],
            |p| p.code,
            |p, new| (p.stock.set(p.stock + new.stock), p.price.set(p.stock.cast::<Decimal>()), p.bin.set_key(new.bin.key())),
            db,
        );
        merged.await?;
        let row = Part::objects().get(db).await?;
        assert_eq!((row.stock, row.price.to_string().as_str(), *row.bin.key()), (8, "5.00", bins[1].id));
        // Keys in a circle: exchanged, or refused where assignments are made one after the other.
        let child = Bin::draft().name("C").parent(&bins[1]).spare(&bins[0]).create(db).await?;
        let swap = Bin::objects()
            .filter(|b| b.id.eq(child.id))
            .update(|b| (b.parent.set_key(b.spare.key()), b.spare.set_key(b.parent.key())), db)
            .await;
        let child = Bin::get(child.id, db).await?;
        let keys = (child.parent.map(|bin| *bin.key()), child.spare.map(|bin| *bin.key()));
        match bed.backend {
            Backend::MariaDb => {
                assert_eq!(swap.unwrap_err().code(), Code::Unsupported);
                assert_eq!(keys, (Some(bins[1].id), Some(bins[0].id)));
            }
            _ => assert_eq!((swap?, keys), (1, (Some(bins[0].id), Some(bins[1].id)))),
        }
        // What the new row gets only from the database is not there to be written over.
        let ask = part(1, 0).update_or_create_with(|p| p.code, |p, new| p.stock.set(p.stock + new.weight), db).await;
        assert_eq!(ask.unwrap_err().code(), Code::BadQuery);
        let wrong = part(1, 0).update_or_create_with(|p| p.code, |_, new| new.stock.set(1), db).await.unwrap_err();
        assert!(wrong.hint().is_some_and(|hint| hint.contains("the first of the two")), "{wrong:?}");
        Ok(())
    }

    async fn upserts_give_their_rows(bed) {
        let bins = bins(&bed).await?;
        let db = &bed.db;
        let part = |code: String, stock: i32| Part::draft().code(code).stock(stock).price(Decimal::from(1)).bin(&bins[0]);
        part("7".into(), 99).remark("kept").create(db).await?;
        let drafts = (0..450).rev().map(|n| part(n.to_string(), n)).chain([part("7".into(), 70)]);
        let rows = Part::objects().bulk_upsert_returning(drafts, |p| p.code, db).await?;
        assert_eq!((rows.len(), Part::objects().count(db).await?), (451, 450));
        assert!(rows[..450].iter().zip((0..450).rev()).all(|(row, n)| row.code == n.to_string()));
        assert_eq!((rows[442].stock, rows[442].remark.as_str(), rows[450].id), (70, "kept", rows[442].id));
        let moves = ["a", "b", "a"].map(|slip| Move::draft().slip(slip).ticket(format!("{slip}!")));
        let rows = Move::objects().bulk_upsert_returning(moves, |m| m.slip, db).await?;
        assert_eq!(rows.iter().map(|row| row.ticket.as_str()).collect::<Vec<_>>(), ["a!", "b!", "a!"]);
        Ok(())
    }

    async fn with_several_unique_keys_too(bed) {
        bins(&bed).await?;
        let db = &bed.db;
        let slip = |slip: &'static str, ticket: &'static str| Move::draft().slip(slip).ticket(ticket);
        slip("a", "1").create(db).await?;
        slip("b", "2").create(db).await?;
        let drafts = [slip("a", "1"), slip("c", "3"), slip("a", "1")];
        Move::objects().bulk_upsert_with(drafts, |m| m.slip, |m, new| m.count.set(m.count + new.count), db).await?;
        let counts = Move::objects().order_by(|m| m.slip.asc()).values(|m| m.count).all(db).await?;
        assert_eq!(counts, [3, 1, 1]);
        // Another key in the way is an error, and not another row that is changed.
        let clash = Move::objects().bulk_upsert_with([slip("d", "2")], |m| m.slip, |m, _| m.count.set(9), db).await;
        assert_eq!(clash.unwrap_err().code(), Code::UniqueViolation);
        assert_eq!(Move::objects().filter(|m| m.count.eq(9)).count(db).await?, 0);
        Ok(())
    }

    async fn keys_are_set_by_expressions(bed) {
        let bins = bins(&bed).await?;
        let db = &bed.db;
        let c = Bin::draft().name("C").parent(&bins[1]).create(db).await?;
        // To where another relation leads, by a case, and by a query for one value.
        assert_eq!(Bin::objects().filter(|b| b.name.eq("C")).update(|b| b.parent.set_key(b.parent.parent.key()), db).await?, 1);
        assert_eq!(Bin::get(c.id, db).await?.parent.map(|bin| *bin.key()), Some(bins[0].id));
        let part = Part::draft().code("x").price(1).bin(&bins[0]).create(db).await?;
        let target = (bins[1].id, c.id);
        Part::objects()
            .update(|p| p.bin.set_key(case::<Part, i64>().when(p.price.gt(5), target.0).otherwise(target.1)), db)
            .await?;
        assert_eq!(*Part::get(part.id, db).await?.bin.key(), c.id);
        let largest = Part::objects().update(
            |p| p.bin.set_key(Bin::objects().within(p.id).order_by(|b| b.name.asc()).scalar(|b| b.id).or(target.1)),
            db,
        );
        assert_eq!(largest.await?, 1);
        assert_eq!(*Part::get(part.id, db).await?.bin.key(), bins[0].id);
        let missing = Part::objects().update(|p| p.bin.set_key(p.bin.key() + 100), db).await.unwrap_err();
        assert_eq!(missing.code(), Code::ForeignKeyViolation);
        Ok(())
    }

    async fn deletions_give_their_rows(bed) {
        let bins = bins(&bed).await?;
        let db = &bed.db;
        for n in 0..3 {
            Move::draft().slip(format!("s{n}")).ticket(format!("t{n}")).count(n).create(db).await?;
        }
        bed.log.clear();
        let gone = Move::objects().filter(|m| m.count.gt(0)).delete_returning(db).await?;
        bed.log.assert_queries(1);
        assert_eq!((gone.len(), Move::objects().count(db).await?), (2, 1));
        assert!(gone.iter().all(|row| row.count > 0));
        assert!(Move::objects().none().delete_returning(db).await?.is_empty());
        let first = Move::objects().order_by(|m| m.id.asc()).limit(1).delete_returning(db).await?;
        assert_eq!((first[0].slip.as_str(), Move::objects().count(db).await?), ("s0", 0));
        // What hangs on rows goes with them; what protects them keeps them.
        Part::draft().code("x").price(1).bin(&bins[1]).create(db).await?;
        let gone = Bin::objects().filter(|b| b.parent.name.eq("A")).delete_returning(db).await?;
        assert_eq!((gone.len(), gone[0].name.as_str(), Part::objects().count(db).await?), (1, "B", 0));
        let child = Bin::draft().name("C").parent(&bins[0]).create(db).await?;
        let kept = Bin::objects().filter(|b| b.name.eq("A")).delete_returning(db).await.unwrap_err();
        assert_eq!((kept.code(), Bin::objects().count(db).await?), (Code::Protected, 2));
        child.delete(db).await?;
        // Of unions and of rows that a window numbers, as by `delete`.
        let more = Bin::objects().bulk_create(["D", "E", "F"].map(|name| Bin::draft().name(name)), db).await?;
        let ends = Bin::objects().filter(|b| b.name.eq("D")).union(Bin::objects().filter(|b| b.name.eq("F")));
        assert_eq!(ends.delete_returning(db).await?.len(), 2);
        assert_eq!(Bin::objects().filter(|b| b.id.gte(more[0].id)).values(|b| b.name).all(db).await?, ["E"]);
        Ok(())
    }

    async fn each_row_is_given_to_one_task(bed) {
        bins(&bed).await?;
        let drafts = (0..60).map(|n| Move::draft().slip(format!("s{n}")).ticket(format!("t{n}")));
        Move::objects().bulk_insert(drafts, &bed.db).await?;
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let db = bed.db.clone();
            tasks.push(tokio::spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..20 {
                    let next = Move::objects().order_by(|m| m.id.asc()).limit(1).delete_returning(&db).await;
                    match next {
                        Ok(rows) => taken.extend(rows.into_iter().map(|row| row.id)),
                        Err(error) if error.code() == Code::Deadlock => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(taken)
            }));
        }
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap()?);
        }
        let (count, left) = (taken.len(), Move::objects().count(&bed.db).await? as usize);
        taken.sort_unstable();
        taken.dedup();
        assert_eq!((taken.len(), count + left), (count, 60));
        Ok(())
    }

    async fn statements_of_ones_own_count_rows(bed) {
        bins(&bed).await?;
        let db = &bed.db;
        for n in 0..3 {
            Move::draft().slip(format!("s{n}")).ticket(format!("t{n}")).count(n).create(db).await?;
        }
        let more = orm::raw::<()>("UPDATE workshop_move SET count = count + ? WHERE count > ?").bind(10).bind(0);
        assert_eq!(more.execute(db).await?, 2);
        let gone = orm::raw::<()>("DELETE FROM workshop_move WHERE slip = ?").bind("s1".to_owned());
        let count = db.transaction(async |tx| gone.execute(tx).await).await?;
        assert_eq!((count, Move::objects().count(db).await?), (1, 2));
        let few = orm::raw::<()>("DELETE FROM workshop_move WHERE slip = ?").execute(db).await.unwrap_err();
        assert_eq!((few.code(), Move::objects().count(db).await?), (Code::BadQuery, 2));
        Ok(())
    }
}
