//! Related rows beside rows by name: one more query for each relation, whatever the number of rows.

use super::{
    Catalog, DynRow, Query, depth, names,
    path::{field, leading, parts},
    run::{Fetch, run_fetch},
    scope::{Built, Name, Scope, bad, column_of},
    select::{Builder, Stage},
};
use crate::{
    Code, Error, Executor, Kind, Result, Value, compile,
    query::{KeyPart, kind_of_column, one_of, tie},
    tree::{Expr, Labelled, ModelRef, Path, Select, Selected, Step},
};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Related rows that are loaded after those that they belong to: all rows of a relation by its path, or those of a query.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Prefetch, Query};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let dear = Query::of("library.Book").filter("price__gt", 20).values(["title"]);
/// let query = Query::of("library.Author").filter("id", 2).prefetch([Prefetch::of("books").named("dear").rows(dear)]);
/// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
/// assert_eq!(row.to_json()["dear"], serde_json::json!([{"title": "Compilers"}]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Prefetch {
    /// All rows of a relation, by its path; with those of the relations on the way.
    Path(String),
    /// Some rows of a relation.
    Rows(RelatedRows),
}

/// Some rows of a relation, under a name.
///
/// ```
/// use orm::dynamic::{Prefetch, Query};
/// let some = Prefetch::of("books").rows(Query::of("library.Book").limit(3)).named("first");
/// let json = serde_json::to_string(&some).unwrap();
/// assert_eq!(json, r#"{"relation":"books","as":"first","query":{"model":"library.Book","calls":[{"limit":3}]}}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedRows {
    /// The relation, by its path.
    pub relation: String,
    /// The name under which the rows stand; unless it is given, that of the relation.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the query calls the row between, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<String>,
    /// Which rows, in which order; a slice counts the rows of each.
    #[serde(default, deserialize_with = "depth::read", skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
}

impl<T: Into<String>> From<T> for Prefetch {
    fn from(path: T) -> Prefetch {
        Prefetch::Path(path.into())
    }
}

impl Prefetch {
    /// The rows of a relation.
    ///
    /// ```
    /// assert!(matches!(orm::dynamic::Prefetch::of("books"), orm::dynamic::Prefetch::Rows(_)));
    /// ```
    pub fn of(relation: impl Into<String>) -> Prefetch {
        Prefetch::Rows(RelatedRows { relation: relation.into(), name: None, between: None, query: None })
    }

    /// Under a name of their own.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Prefetch, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Author").filter("id", 2).prefetch([Prefetch::of("books").named("written")]);
    /// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
    /// assert_eq!(row.related("written").unwrap().len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn named(self, name: impl Into<String>) -> Prefetch {
        let mut rows = self.into_rows();
        rows.name = Some(name.into());
        Prefetch::Rows(rows)
    }

    /// A name, in the query of these rows, for the row of the model between that ties each of them to its owner: what it holds is asked
    /// for beside the row, and rows are filtered and ordered by it.
    ///
    /// ```
    /// mod guild {
    ///     use orm::prelude::*;
    ///     orm::app! { pub guild { Person, Club, Member } }
    ///
    ///     #[derive(Model, Debug, Clone)]
    ///     pub struct Person {
    ///         pub id: i64,
    ///         #[field(max_length = 50)]
    ///         pub name: String,
    ///     }
    ///
    ///     #[derive(Model, Debug, Clone)]
    ///     pub struct Club {
    ///         pub id: i64,
    ///         #[field(through = Member)]
    ///         pub people: ManyToMany<Person>,
    ///     }
    ///
    ///     #[derive(Model, Debug, Clone)]
    ///     pub struct Member {
    ///         pub id: i64,
    ///         pub club: ForeignKey<Club>,
    ///         pub person: ForeignKey<Person>,
    ///         pub since: i32,
    ///     }
    /// }
    /// # use guild::{Club, Member, Person, guild};
    /// # use orm::prelude::*;
    /// use orm::dynamic::{Catalog, Prefetch, Query, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[guild()]).await?;
    /// let ada = Person::draft().name("Ada").create(&db).await?;
    /// let club = Club::draft().create(&db).await?;
    /// Member::draft().club(&club).person(&ada).since(1840).create(&db).await?;
    ///
    /// let members = Query::of("guild.Person").annotate("since", path("member__since")).values(["name", "since"]);
    /// let people = Prefetch::of("people").between("member").rows(members);
    /// let row = Catalog::new().app(guild()).check(&Query::of("guild.Club").prefetch([people]))?.get(&db).await?;
    /// assert_eq!(row.to_json()["people"], serde_json::json!([{"name": "Ada", "since": 1840}]));
    /// # Ok(()) }
    /// ```
    pub fn between(self, name: impl Into<String>) -> Prefetch {
        let mut rows = self.into_rows();
        rows.between = Some(name.into());
        Prefetch::Rows(rows)
    }

    /// Only the rows of this query, which is over the model that the relation leads to.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Prefetch, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// // The dearest book of each author.
    /// let dearest = Query::of("library.Book").order_by(["-price"]).limit(1);
    /// let query = Query::of("library.Author").order_by(["id"]).prefetch([Prefetch::of("books").rows(dearest)]);
    /// let rows = Catalog::new().app(library()).check(&query)?.all(&db).await?;
    /// assert_eq!(rows[1].related("books").unwrap()[0]["title"], orm::Value::Text("Compilers".into()));
    /// # Ok(()) }
    /// ```
    pub fn rows(self, query: Query) -> Prefetch {
        let mut rows = self.into_rows();
        rows.query = Some(query);
        Prefetch::Rows(rows)
    }

    fn into_rows(self) -> RelatedRows {
        match self {
            Prefetch::Path(relation) => RelatedRows { relation, name: None, between: None, query: None },
            Prefetch::Rows(rows) => rows,
        }
    }
}

/// A relation that is to be loaded, and what is to be loaded below it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    name: String,
    step: Step,
    target: ModelRef,
    /// Whether somebody has named it, and not only a relation behind it.
    said: bool,
    query: Option<Query>,
    between: Option<String>,
    below: Vec<Asked>,
}

/// Adds a relation to those that are asked for of a model's rows.
pub(super) fn ask(level: &mut Vec<Asked>, catalog: &Catalog, model: &ModelRef, prefetch: &Prefetch) -> Result<()> {
    let rows = prefetch.clone().into_rows();
    add(level, catalog, model, &parts(&rows.relation), &rows)
}

fn add(level: &mut Vec<Asked>, catalog: &Catalog, model: &ModelRef, path: &[&str], rows: &RelatedRows) -> Result<()> {
    let (first, rest) = path.split_first().map_or(("", path), |(first, rest)| (*first, rest));
    let known = field(catalog, model, first).filter(|known| !known.is_key);
    let Some(known) = known else { return Err(catalog.unknown_field(model, first)) };
    let meta = &model.fields[usize::from(known.index)];
    let (step, target, first, rest) = match (&meta.relation, meta.generic, rest.split_first()) {
        (Some(relation), ..) => (Step::new(model.clone(), known.index), relation.target(), first.to_owned(), rest),
        // Of what leads to rows of any model, those of one.
        (None, Some(shape), Some((label, rest))) => {
            let step = leading(catalog, model, known.index, shape, label)?;
            let target = step.end.clone().unwrap_or_else(|| model.clone());
            (step, target, format!("{first}__{label}"), rest)
        }
        (None, Some(_), None) => {
            return Err(bad(format!("`{}` leads to rows of any model", names::shown(first)))
                .with_hint(format!("name the model as well: `{first}__app.Model`")));
        }
        (None, None, _) => return Err(bad(format!("`{}` is no relation", names::shown(first)))),
    };
    let first = first.as_str();
    let own = rest.is_empty().then_some(rows);
    let name = match own.and_then(|own| own.name.as_deref()) {
        Some(name) => {
            names::check_alias(name)?;
            if model.field(name).is_some() || level.iter().any(|known| known.name == name) {
                return Err(Error::new(Code::BadName, format!("`{name}` is the name of something else here"))
                    .with_hint("choose another name"));
            }
            name
        }
        None => first,
    };
    let query = own.and_then(|own| own.query.clone());
    let between = own.and_then(|own| own.between.clone());
    if let Some(query) = query.as_ref().filter(|query| query.model != target.label()) {
        let what =
            format!("`{first}` leads to `{}`, and the query is over `{}`", target.label(), names::shown(&query.model));
        return Err(bad(what));
    }
    let place = match level.iter().position(|known| known.name == name) {
        Some(place) if own.is_none() => place,
        Some(place) if level[place].said && (&level[place].query, &level[place].between) != (&query, &between) => {
            return Err(bad(format!("`{name}` is prefetched twice, with different rows"))
                .with_hint("give one of them another name by `as`"));
        }
        Some(place) => {
            let known = &mut level[place];
            (known.said, known.query, known.between) = (true, query, between);
            place
        }
        None => {
            let (name, target, said) = (name.to_owned(), target.clone(), own.is_some());
            level.push(Asked { name, step, target, said, query, between, below: Vec::new() });
            level.len() - 1
        }
    };
    match rest {
        [] => Ok(()),
        rest => add(&mut level[place].below, catalog, &target, rest, rows),
    }
}

/// A query whose rows have related rows beside them.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) select: Select,
    pub(super) names: Arc<[String]>,
    /// The kinds of what is selected: first what has a name, then what ties rows together.
    pub(super) kinds: Arc<[Kind]>,
    related: Vec<Beside>,
}

/// A relation that is loaded for the rows of a plan.
#[derive(Debug, Clone)]
struct Beside {
    name: String,
    to_one: bool,
    /// Where a row has its own part of the tie.
    owner: Vec<usize>,
    /// What the related rows have for it: the last values of each.
    tie: Vec<Expr>,
    /// The generic foreign key by which they are tied, if it is one.
    labelled: Option<Labelled>,
    plan: Plan,
}

/// The statement of a query, with what is loaded after it.
pub(super) fn plan(mut builder: Builder<'_>) -> Result<Plan> {
    let asked = std::mem::take(&mut builder.prefetched);
    if !asked.is_empty() && builder.stage != Stage::Rows {
        return Err(bad("related rows stand beside whole rows, not beside values or groups"));
    }
    let (catalog, budget, zone) = (builder.scope.catalog, builder.budget, builder.scope.zone.clone());
    let named = builder.row.len();
    let owners: Vec<Vec<usize>> = asked.iter().map(|asked| owner(&mut builder.row, &asked.step)).collect();
    let (select, row) = builder.finish()?;
    let related = asked.into_iter().zip(owners).map(|(asked, owner)| {
        let mut scope = Scope::new(catalog, budget, asked.target.clone(), None);
        scope.zone.clone_from(&zone);
        beside(scope, asked, owner)
    });
    let related = related.collect::<Result<Vec<_>>>()?;
    let kinds = row.iter().map(|(_, built)| built.kind).collect();
    let names = row.into_iter().take(named).map(|(name, _)| name).collect();
    Ok(Plan { select, names, kinds, related })
}

/// Where a row holds what ties related rows to it; it is selected unless it is already.
fn owner(row: &mut Vec<(String, Built)>, step: &Step) -> Vec<usize> {
    let model = &step.model;
    let columns: Vec<u16> = match step.has_key() {
        true => step.field().columns().collect(),
        false => step.held().unwrap_or_else(|| model.key.clone()),
    };
    let place = |column| {
        let built = column_of(Path::source(0), model.clone(), column);
        row.iter().position(|(_, known)| known.expr == built.expr).unwrap_or_else(|| {
            row.push((String::new(), built));
            row.len() - 1
        })
    };
    columns.into_iter().map(place).collect()
}

fn beside(scope: Scope<'_>, asked: Asked, owner: Vec<usize>) -> Result<Beside> {
    scope.budget.another_table()?;
    let catalog = scope.catalog;
    let calls = asked.query.map(|query| query.calls).unwrap_or_default();
    let mut builder = Builder::new(scope);
    let between = asked.between.map(|name| builder.row_between(&name, &asked.step)).transpose()?;
    let joined = builder.select.joins.len();
    let mut builder = builder.calls(&calls)?;
    let rows = matches!(builder.stage, Stage::Rows | Stage::Values);
    if between.is_some() && builder.select.joins.len() < joined {
        return Err(bad("prefetched rows with a row between are filtered first, then ordered, then cut").with_hint(
            "put filters before `limit`; `distinct_on` and filters on windows are for rows without `between`",
        ));
    }
    if !rows || builder.select.joins.len() != joined || builder.select.distinct || !builder.select.has_rows() {
        return Err(bad("prefetched rows are those of a model, and no joins, groups, unions or different rows"));
    }
    for below in asked.below {
        match builder.prefetched.iter().any(|known| known.name == below.name) {
            true => return Err(bad(format!("`{}` is prefetched twice", below.name))),
            false => builder.prefetched.push(below),
        }
    }
    let mut plan = plan(builder)?;
    let tie = between.map_or_else(|| tie(&asked.step, &mut plan.select), Ok)?;
    plan.select.selection.extend(tie.iter().cloned().map(Selected::Expr));
    plan.kinds = plan.kinds.iter().copied().chain(tie.iter().map(kind_of_column)).collect();
    if let Some(most) = catalog.size().rows {
        plan.select.limit = Some(plan.select.limit.map_or(most, |limit| limit.min(most)));
    }
    if plan.select.is_sliced() {
        plan.select.limit_by.clone_from(&tie);
    }
    let (to_one, labelled) = (asked.step.is_to_one(), asked.step.labelled());
    Ok(Beside { name: asked.name, to_one, owner, tie, labelled, plan })
}

impl Builder<'_> {
    /// Joins the row between each row and the one that it belongs to, under a name; gives what ties them.
    fn row_between(&mut self, name: &str, step: &Step) -> Result<Vec<Expr>> {
        let Some(through) = step.between() else {
            let what = format!("there is no row between for `{}` to name", names::shown(name));
            return Err(bad(what).with_hint("the relation goes by a foreign key: name the fields of its rows"));
        };
        let model = through.model();
        if !through.automatic {
            self.scope.catalog.find(&model.label())?;
        }
        self.free(name)?;
        let tie = tie(step, &mut self.select)?;
        let source = self.select.joins.len() as u16;
        self.scope.names.push((name.to_owned(), Name::Join(source, model)));
        Ok(tie)
    }
}

/// How many keys one statement takes.
const CHUNK: usize = 5_000;

impl Plan {
    /// What the values of rows become: named, with their related rows.
    pub(super) fn dress<'a, E: Executor>(
        &'a self,
        rows: Vec<Vec<Value>>,
        ex: &'a E,
    ) -> BoxFuture<'a, Result<Vec<DynRow>>> {
        Box::pin(async move {
            let mut beside = Vec::with_capacity(self.related.len());
            for related in &self.related {
                beside.push(related.load(&rows, ex).await?);
            }
            let dressed = rows.into_iter().map(|mut values| {
                let related = self.related.iter().zip(&beside).map(|(related, found)| {
                    let rows = related.key(&values).and_then(|key| found.get(&key)).cloned().unwrap_or_default();
                    (related.name.clone(), related.to_one, rows)
                });
                let related = related.collect();
                values.truncate(self.names.len());
                DynRow::new(self.names.clone(), values).with_related(related)
            });
            Ok(dressed.collect())
        })
    }
}

impl Beside {
    /// The key by which a row's related rows are found; none where it is NULL.
    fn key(&self, row: &[Value]) -> Option<KeyPart<'static>> {
        self.parts(row).map(|parts| KeyPart::of_all(&parts).into_owned())
    }

    /// The values of that key.
    fn parts(&self, row: &[Value]) -> Option<Vec<Value>> {
        let own: Vec<Value> = self.owner.iter().map(|&place| row[place].clone()).collect();
        match &self.labelled {
            _ if own.iter().any(Value::is_null) => None,
            Some(labelled) => labelled.tied(&own),
            None => Some(own),
        }
    }

    /// The related rows of all, by their keys.
    async fn load<E: Executor>(&self, owners: &[Vec<Value>], ex: &E) -> Result<HashMap<KeyPart<'static>, Vec<DynRow>>> {
        let mut known = HashSet::new();
        let new = owners.iter().filter(|row| self.key(row).is_some_and(|key| known.insert(key)));
        let keys: Vec<Vec<Value>> = new.filter_map(|row| self.parts(row)).collect();
        let mut found: HashMap<KeyPart<'static>, Vec<DynRow>> = HashMap::new();
        if self.plan.select.empty {
            return Ok(found);
        }
        for some in keys.chunks(CHUNK) {
            let mut select = self.plan.select.clone();
            select.add_first_filter(one_of(self.labelled.as_ref(), self.tie.clone(), some.concat()));
            let statement = compile::select(&select, ex.dialect())?;
            let fetch = Fetch { statement, kinds: self.plan.kinds.clone(), scales: compile::scales(&select) };
            let mut rows = run_fetch(fetch, ex).await?;
            let own = self.plan.kinds.len() - self.tie.len();
            let ties: Vec<KeyPart<'_>> =
                rows.iter_mut().map(|row| KeyPart::of_all(&row.split_off(own)).into_owned()).collect();
            for (tie, row) in ties.into_iter().zip(self.plan.dress(rows, ex).await?) {
                found.entry(tie).or_default().push(row);
            }
        }
        Ok(found)
    }
}
