//! Models that are described at run time: defaults, what `on_delete` sets, and sides that inherit.

use crate::bed::{Bed, behaviour};
use orm::{
    Code, Kind, OnDelete, Value,
    dynamic::{Catalog, Change, Changed, Create, Join, Prefetch, Query, path},
    model::{Models, NewField, NewModel},
};
use serde_json::json;

async fn run(bed: &Bed, catalog: &Catalog, change: impl Into<Change>) -> orm::Result<Changed> {
    catalog.check_change(&super::changes::sent(change.into()))?.run(&bed.db).await
}

async fn json_of(bed: &Bed, catalog: &Catalog, query: Query) -> orm::Result<serde_json::Value> {
    Ok(serde_json::to_value(catalog.check(&query)?.all(&bed.db).await?).unwrap())
}

fn id() -> NewField {
    NewField::column("id", Kind::I64).auto()
}

fn shelves(book: NewModel) -> orm::Result<Models> {
    let shelf = NewModel::new("runs", "Shelf")
        .field(id())
        .field(NewField::column("code", Kind::Text).max_length(4).unique())
        .key(["id"]);
    Models::describe([shelf, book.field(id()).key(["id"])])
}

behaviour! {
    async fn defaults_of_described_models(bed) {
        let models = shelves(NewModel::new("runs", "Book")
            .field(NewField::column("title", Kind::Text).max_length(20).default(Value::Text("né \"'".into())))
            .field(NewField::column("price", Kind::Decimal).digits(6, 2).default(Value::Decimal("9.50".parse().unwrap())))
            .field(NewField::column("note", Kind::Text).null())
            .field(NewField::foreign_key("shelf", "runs.Shelf").on_delete(OnDelete::SetDefault).default(Value::I64(1)))
            .field(NewField::foreign_key("by_code", "runs.Shelf").to_field("code").on_delete(OnDelete::SetDefault).default(Value::Text("main".into())))
            .field(NewField::foreign_key("spare", "runs.Shelf").null().on_delete(OnDelete::SetDefault).default(Value::Null(Kind::I64))))?;
        crate::by_name::changes::make_tables(&bed, &models).await?;
        let catalog = models.iter().fold(Catalog::new(), Catalog::model).writable(["runs.Shelf", "runs.Book"])?;
        run(&bed, &catalog, Create::of("runs.Shelf").row(json!({"code": "main"})).row(json!({"code": "new"}))).await?;
        // What is not given is the default; what is given is that.
        run(&bed, &catalog, Create::of("runs.Book").row(json!({})).row(json!({"title": "x", "price": "1", "shelf": 2, "by_code": "new", "spare": 2}))).await?;
        let books = || Query::of("runs.Book").order_by(["id"]).values(["title", "price", "shelf", "by_code", "spare"]);
        let first = json!({"title": "né \"'", "price": "9.50", "shelf": 1, "by_code": "main", "spare": null});
        assert_eq!(json_of(&bed, &catalog, books()).await?, json!([first, {"title": "x", "price": "1.00", "shelf": 2, "by_code": "new", "spare": 2}]));
        // What goes is set to the default, and nothing else is touched.
        let gone = run(&bed, &catalog, Change::Delete(Query::of("runs.Shelf").filter("code", "new"))).await?;
        assert_eq!(gone.total, 1);
        assert_eq!(json_of(&bed, &catalog, books()).await?, json!([first, {"title": "x", "price": "1.00", "shelf": 1, "by_code": "main", "spare": null}]));
        // The default itself cannot go: nothing is left to point to.
        let error = run(&bed, &catalog, Change::Delete(Query::of("runs.Shelf"))).await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation, "{error}");
        assert_eq!(catalog.check(&books())?.count(&bed.db).await?, 2);
        Ok(())
    }

    async fn sides_that_inherit(bed) {
        // A restaurant is a place; people are regulars of places, and a restaurant's are those of the place that it is.
        let models = Models::describe([
            NewModel::new("runs", "Place").field(id()).field(NewField::column("name", Kind::Text).max_length(20)).key(["id"]),
            NewModel::new("runs", "Restaurant")
                .field(NewField::one_to_one("place", "runs.Place").on_delete(OnDelete::Cascade))
                .field(NewField::column("stars", Kind::I32).default(Value::I32(0)))
                .field(NewField::many_to_many("regulars", "runs.Person", "runs.Visit", "place", "person"))
                .key(["place"]),
            NewModel::new("runs", "Bistro").field(NewField::one_to_one("restaurant", "runs.Restaurant").on_delete(OnDelete::Cascade))
                .field(NewField::many_to_many("regulars", "runs.Person", "runs.Visit", "place", "person")).key(["restaurant"]),
            NewModel::new("runs", "Person").field(id()).field(NewField::column("name", Kind::Text).max_length(20))
                .field(NewField::many_to_many("eats_at", "runs.Restaurant", "runs.Visit", "person", "place")).key(["id"]),
            NewModel::new("runs", "Visit").field(id()).field(NewField::foreign_key("place", "runs.Place").on_delete(OnDelete::Cascade))
                .field(NewField::foreign_key("person", "runs.Person").on_delete(OnDelete::Cascade)).field(NewField::column("often", Kind::I32).default(Value::I32(1))).key(["id"]),
        ])?;
        crate::by_name::changes::make_tables(&bed, &models).await?;
        let all = ["runs.Place", "runs.Restaurant", "runs.Bistro", "runs.Person", "runs.Visit"];
        let catalog = models.iter().fold(Catalog::new(), Catalog::model).writable(all)?;
        run(&bed, &catalog, Create::of("runs.Place").row(json!({"name": "park"})).row(json!({"name": "Chez Émile"})).row(json!({"name": "inn"}))).await?;
        run(&bed, &catalog, Create::of("runs.Restaurant").row(json!({"place": 2, "stars": 3})).row(json!({"place": 3}))).await?;
        run(&bed, &catalog, Create::of("runs.Bistro").row(json!({"restaurant": 3}))).await?;
        run(&bed, &catalog, Create::of("runs.Person").row(json!({"name": "Ada"})).row(json!({"name": "Bo"}))).await?;
        let visit = |place: i32, person: i32, often: i32| json!({"place": place, "person": person, "often": often});
        run(&bed, &catalog, Create::of("runs.Visit").row(visit(1, 1, 9)).row(visit(2, 1, 5)).row(visit(3, 2, 7))).await?;
        // In conditions, aggregates and joins, from either side; a place that is no restaurant is none.
        let named = |query: Query| query.order_by(["pk"]).values(["pk"]);
        assert_eq!(json_of(&bed, &catalog, named(Query::of("runs.Restaurant").filter("regulars__name", "Ada"))).await?, json!([{"pk": 2}]));
        assert_eq!(json_of(&bed, &catalog, named(Query::of("runs.Bistro").filter("regulars__name", "Bo"))).await?, json!([{"pk": 3}]));
        assert_eq!(json_of(&bed, &catalog, named(Query::of("runs.Person").filter("eats_at__stars", 3))).await?, json!([{"pk": 1}]));
        let counted = Query::of("runs.Person").annotate("n", orm::dynamic::count_of("eats_at")).order_by(["id"]).values(["name", "n"]);
        assert_eq!(json_of(&bed, &catalog, counted).await?, json!([{"name": "Ada", "n": 1}, {"name": "Bo", "n": 1}]));
        let pairs = Query::of("runs.Restaurant").join(Join::inner("regulars", "who")).order_by(["place__name"]).values(["place__name", "who__name"]);
        assert_eq!(json_of(&bed, &catalog, pairs).await?, json!([{"place__name": "Chez Émile", "who__name": "Ada"}, {"place__name": "inn", "who__name": "Bo"}]));
        // Beside rows, with what stands between.
        let often = Prefetch::of("eats_at").between("visit").rows(Query::of("runs.Restaurant").annotate("often", path("visit__often")).values(["stars", "often"]));
        let people = Query::of("runs.Person").order_by(["id"]).prefetch([often]);
        assert_eq!(json_of(&bed, &catalog, people).await?, json!([
            {"id": 1, "name": "Ada", "eats_at": [{"stars": 3, "often": 5}]}, {"id": 2, "name": "Bo", "eats_at": [{"stars": 0, "often": 7}]},
        ]));
        Ok(())
    }
}

#[test]
fn what_is_described_wrongly_is_refused() {
    let refused = |book: NewField| {
        let error = shelves(NewModel::new("runs", "Book").field(book)).unwrap_err();
        assert_eq!(error.code(), Code::BadModel);
        error.message().to_owned()
    };
    let text = || NewField::column("x", Kind::Text).max_length(3);
    assert_eq!(
        refused(text().default(Value::I64(1))),
        "`runs.Book` has `x` of kind `text`, and a default of kind `i64`"
    );
    assert!(
        refused(text().default(Value::Text("long".into()))).starts_with("a default of `runs.Book` is no value for it")
    );
    assert!(
        refused(text().default(Value::Null(Kind::Text))).starts_with("a default of `runs.Book` is no value for it")
    );
    let number = Value::Decimal("1.234".parse().unwrap());
    assert!(refused(NewField::column("x", Kind::Decimal).digits(4, 2).default(number)).contains("no value for it"));
    assert!(
        refused(NewField::foreign_key("x", "runs.Shelf").default(Value::I32(1)))
            .contains("of kind `i64`, and a default of kind `i32`")
    );
    assert!(
        refused(NewField::foreign_key("x", "runs.Shelf").to_field("code").default(Value::I64(1)))
            .contains("of kind `text`")
    );
    let many =
        Models::describe([NewModel::new("runs", "A").field(id().default(Value::I64(1))).key(["id"])]).unwrap_err();
    assert_eq!(
        many.message(),
        "`runs.A` gives a default to `id`, which is its key, of which no two rows have the same"
    );
    let many = NewField::has_many("x", "runs.Book", "y").default(Value::I64(1));
    let own = NewModel::new("runs", "Book")
        .field(id())
        .field(many)
        .field(NewField::foreign_key("y", "runs.Book"))
        .key(["id"]);
    assert_eq!(
        Models::describe([own]).unwrap_err().message(),
        "`runs.Book` gives a default to `x`, which has no one column"
    );
    // A side that does not inherit, or whose parent is known by another field than its key.
    let sides = |link: NewField, visit: NewField| {
        Models::describe([
            NewModel::new("runs", "Place")
                .field(id())
                .field(NewField::column("code", Kind::Text).max_length(4).unique())
                .key(["id"]),
            NewModel::new("runs", "Inn")
                .field(link)
                .field(NewField::many_to_many("who", "runs.Place", "runs.Visit", "at", "who"))
                .key(["place"]),
            NewModel::new("runs", "Visit")
                .field(id())
                .field(visit)
                .field(NewField::foreign_key("who", "runs.Place"))
                .key(["id"]),
        ])
    };
    let at = || NewField::foreign_key("at", "runs.Place");
    assert!(sides(NewField::one_to_one("place", "runs.Place"), at()).is_ok());
    for (link, visit) in [
        (NewField::foreign_key("place", "runs.Place"), at()),
        (NewField::one_to_one("place", "runs.Place").to_field("code"), at()),
        (NewField::one_to_one("place", "runs.Place"), at().to_field("code")),
    ] {
        let error = sides(link, visit).unwrap_err();
        assert_eq!(error.message(), "`runs.Visit` has no foreign key to `runs.Inn` of that name");
    }
}
