//! Rows of structs that hold others: structs and models, by the relations of their names, and such as may be absent.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*};

#[derive(Row, Debug, Clone, PartialEq)]
#[row(model = Country)]
struct Land {
    code: String,
    name: String,
}

#[derive(Row, Debug, Clone, PartialEq)]
#[row(model = Person)]
struct Who {
    name: String,
    email: Option<String>,
    country: Option<Land>,
    #[row(|p| p.written.count())]
    books: i64,
}

#[derive(Row, Debug, Clone, PartialEq)]
#[row(model = Book)]
struct Card {
    title: String,
    author: Who,
    editor: Option<Who>,
    price: Decimal,
    #[row(|b| b.author.mentor)]
    mentor: Option<Who>,
}

/// Whole models, with a value before and after.
#[derive(Row, Debug, Clone)]
#[row(model = Book)]
struct Whole {
    id: i64,
    author: Person,
    editor: Option<Person>,
    #[row(|b| b.author.profile)]
    profile: Option<Profile>,
    price: Decimal,
}

/// Filled by the names of its fields, and so is what it holds.
#[derive(Row, Debug, PartialEq)]
#[row(model = Line)]
struct Sold {
    #[row(|l| MoneyFields { each: l.price, all: l.price * l.quantity })]
    money: Money,
    #[row(|l| l.book.title)]
    title: String,
    order: Placed,
}

#[derive(Row, Debug, PartialEq)]
struct Receipt {
    title: String,
    money: Money,
}

#[derive(Row, Debug, PartialEq)]
struct Money {
    each: Decimal,
    all: Decimal,
}

#[derive(Row, Debug, PartialEq)]
#[row(model = Order)]
struct Placed {
    id: Uuid,
    customer: Name,
}

#[derive(Row, Debug, PartialEq)]
#[row(model = Person)]
struct Name {
    name: String,
}

behaviour! {
    async fn structs_by_the_relations_of_their_names(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let cards = Book::objects().order_by(|b| b.id.asc()).values_as::<Card>();
        let sql = cards.clone().to_sql(db.dialect())?;
        assert!(!sql.contains("born") && !sql.contains("stock"), "{sql}");
        let cards = cards.all(db).await?;
        bed.log.assert_queries(1);
        assert_eq!(cards.len(), 5);
        let grace = &cards[1].author;
        assert_eq!((grace.name.as_str(), grace.books), ("Grace", 2));
        assert_eq!(grace.country.as_ref().map(|land| land.code.as_str()), Some("US"));
        assert!(cards[0].editor.is_none() && cards[0].mentor.is_none());
        assert_eq!(cards[1].editor.as_ref().map(|who| (who.name.as_str(), who.books)), Some(("Ada", 2)));
        assert_eq!(cards[1].mentor.as_ref().and_then(|who| who.country.as_ref()).map(|land| land.name.as_str()), Some("Britain"));
        assert_eq!(cards[1].price, dec("40.00"));
        // One that is there is there, whatever of its values is not.
        let alone: Vec<Option<Land>> = Person::objects().order_by(|p| p.id.asc()).values_as::<Who>().all(db).await?.into_iter().map(|who| who.country).collect();
        assert_eq!((alone.len(), alone.iter().filter(|land| land.is_some()).count()), (4, 3));
        Ok(())
    }

    async fn closures_see_them_by_their_names(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let cards = Book::objects().values_as::<Card>();
        let american = cards.clone().filter(|card| card.author.country.code.eq("US")).order_by(|card| card.title.asc());
        assert_eq!(american.clone().all(db).await?.iter().map(|card| card.title.as_str()).collect::<Vec<_>>(), ["COBOL 100%", "Compilers"]);
        let edited = cards.clone().filter(|card| card.editor.name.is_not_null()).order_by(|card| (card.editor.books.desc(), card.price.desc()));
        assert_eq!(edited.first(db).await?.unwrap().editor.unwrap().name, "Ada");
        assert_eq!(american.clone().values(|card| (card.author.name, card.author.books)).first(db).await?, Some(("Grace".to_owned(), 2)));
        // Groups, unions, slices, pages.
        let counted = cards.clone().group_by(|card| card.author.name).annotate(|_| count()).order_by(|(name, _)| name.asc());
        assert_eq!(counted.all(db).await?[0], ("Ada".to_owned(), 2));
        let both = american.union(cards.clone().filter(|card| card.price.lt(5))).order_by(|card| card.title.asc());
        let both = both.filter(|card| card.author.books.gte(1)).all(db).await?;
        assert!(both.iter().any(|card| card.title == "Compilers" && card.editor.is_some() && card.author.country.is_some()), "{both:?}");
        assert_eq!(cards.clone().order_by(|card| card.price.desc()).limit(1).filter(|card| card.author.name.eq("Grace")).count(db).await?, 1);
        assert_eq!(cards.page(1, 2, db).await?.total, 5);
        Ok(())
    }

    async fn models_inside(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let rows = Book::objects().order_by(|b| b.id.asc()).values_as::<Whole>();
        let all = rows.clone().all(db).await?;
        assert_eq!((all[1].author.name.as_str(), all[1].author.id, all[1].price), ("Grace", 2, dec("40.00")));
        assert_eq!(all[1].profile.as_ref().map(|profile| profile.bio.as_str()), Some("admiral"));
        assert!(all[0].editor.is_none() && all[1].editor.as_ref().is_some_and(|editor| editor.name == "Ada"));
        assert_eq!(all[1].author.key(), 2);
        // What is loaded under them is not: they are rows by themselves.
        assert_eq!(all[1].author.country.as_ref().unwrap().get().unwrap_err().code(), Code::NotLoaded);
        let grace = rows.filter(|row| row.author.name.eq("Grace") & row.editor.name.eq("Ada") & row.price.gt(1));
        assert_eq!(grace.get(db).await?.id, 2);
        Ok(())
    }

    async fn filled_by_the_names_of_their_fields(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let sold = Line::objects().order_by(|l| l.id.asc()).values_as::<Sold>();
        let first = sold.clone().first(db).await?.unwrap();
        assert_eq!(first.order.customer.name, "Émile");
        assert_eq!(sold.filter(|sold| sold.money.all.gte(sold.money.each) & sold.order.customer.name.ne("x")).count(db).await?, Line::objects().count(db).await?);
        let by_hand = Line::objects().order_by(|l| l.id.asc()).values(|l| MoneyFields { each: l.price, all: l.price * 2 });
        assert_eq!(by_hand.first(db).await?.unwrap().each, first.money.each);
        let receipts = Line::objects()
            .order_by(|l| l.id.asc())
            .values(|l| ReceiptFields { title: l.book.title, money: MoneyFields { each: l.price, all: l.price * l.quantity } })
            .filter(|receipt| receipt.money.each.gt(0));
        assert_eq!(receipts.first(db).await?.unwrap(), Receipt { title: first.title, money: first.money });
        Ok(())
    }
}
