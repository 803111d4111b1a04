//! How large a query by name may be, and how its size is taken.

use super::{Call, Change, OnConflict, Order, Pick, Prefetch, Query, Related, Term, term::Node};
use crate::{Code, Error, Result};
use std::cell::{Cell, RefCell};

/// How large a query by name may be. What goes beyond is refused with [`Code::TooComplex`] before anything is built.
///
/// ```
/// # use library::*;
/// use orm::{Code, dynamic::{Catalog, Limits, Query}};
/// let catalog = Catalog::new().app(library()).limits(Limits { list: 2, ..Limits::default() });
/// let query = Query::of("library.Book").filter("id__in", vec![1, 2, 3]);
/// assert_eq!(catalog.check(&query).unwrap_err().code(), Code::TooComplex);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How deep terms, and queries inside them, may stand in each other; 100 at most.
    pub depth: usize,
    /// How many calls, terms and names it may have in all, queries inside it included.
    pub size: usize,
    /// How many values one list may have.
    pub list: usize,
    /// How many tables may be joined or asked in subqueries, in all.
    pub joins: usize,
    /// The most bytes of a text, and of all values in a JSON document.
    pub text: usize,
    /// The most rows that it gives; further ones are cut off.
    pub rows: Option<u64>,
    /// Whether regular expressions may be used: some of them take a database very long.
    pub regex: bool,
}

impl Default for Limits {
    /// Generous to people, narrow for programs that try: depth 32, 1 000 terms, lists of 10 000, 32 joins, texts of 100 000 bytes.
    fn default() -> Self {
        Limits { depth: 32, size: 1_000, list: 10_000, joins: 32, text: 100_000, rows: None, regex: true }
    }
}

pub(super) fn too_complex(what: impl Into<String>) -> Error {
    Error::new(Code::TooComplex, what).with_hint("ask for less at once, or raise `Catalog::limits`")
}

/// What was built deeper than anything may be.
pub(super) fn too_deep(most: usize) -> Error {
    let what = format!("terms and queries stand in each other more than {most} deep");
    Error::new(Code::TooComplex, what).with_hint("put conditions beside each other: `a & b & c` is one list")
}

/// What has been used of the limits.
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    size: Cell<usize>,
    /// How many parts the built tree has: annotations that use annotations can grow it.
    built: Cell<usize>,
    joins: Cell<usize>,
    /// The paths that are joined already, each with the query that it stands in.
    known: RefCell<Vec<(usize, String)>>,
    queries: Cell<usize>,
}

/// How many parts a built tree may have for each term that is allowed.
const BUILT_PER_TERM: usize = 20;

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a Limits) -> Budget<'a> {
        let known = RefCell::default();
        let none = || Cell::new(0);
        Budget { limits, size: none(), built: none(), joins: none(), known, queries: none() }
    }

    /// A number for the next query of the tree.
    pub(super) fn next_query(&self) -> usize {
        self.queries.replace(self.queries.get() + 1)
    }

    /// Takes the size of a change.
    pub(super) fn change(&self, change: &Change) -> Result<()> {
        match change {
            Change::Create(create) => {
                self.name(&create.model)?;
                if let Some(OnConflict::Update(over)) = &create.on_conflict {
                    over.key.iter().chain(over.set.iter().flatten()).try_for_each(|name| self.name(name))?;
                }
                self.rows(&create.rows)
            }
            Change::GetOrCreate(keyed) | Change::UpdateOrCreate(keyed) => {
                self.name(&keyed.model)?;
                keyed.key.iter().try_for_each(|name| self.name(name))?;
                self.document(&keyed.row, 0)
            }
            Change::UpdateEach(update) => {
                self.name(&update.model)?;
                update.filter.iter().try_for_each(|term| self.term(term, 1))?;
                self.terms(&update.set)?;
                self.rows(&update.rows)
            }
            Change::Update(update) => {
                self.query(&update.rows, 0)?;
                self.terms(&update.set)
            }
            Change::Delete(rows) => self.query(rows, 0),
            Change::Relate(relate) => {
                self.name(&relate.model)?;
                self.name(&relate.relation)?;
                self.document(&relate.key, 0)?;
                match &relate.change {
                    Related::Add(keys) | Related::Remove(keys) | Related::Set(keys) => self.rows(keys),
                    Related::Clear => Ok(()),
                }
            }
        }
    }

    fn terms(&self, set: &[(String, Term)]) -> Result<()> {
        set.iter().try_for_each(|(name, term)| {
            self.name(name)?;
            self.term(term, 1)
        })
    }

    fn rows(&self, rows: &[serde_json::Value]) -> Result<()> {
        if rows.len() > self.limits.list {
            return Err(too_complex(format!("{} rows are given, more than {}", rows.len(), self.limits.list)));
        }
        rows.iter().try_for_each(|row| self.document(row, 0))
    }

    /// Takes the size of a query.
    pub(super) fn query(&self, query: &Query, depth: usize) -> Result<()> {
        self.name(&query.model)?;
        for call in &query.calls {
            self.spend(1)?;
            match call {
                Call::Filter(term) | Call::Exclude(term) => self.term(term, depth + 1)?,
                Call::Annotate(items) | Call::Alias(items) | Call::Aggregate(items) => {
                    for (name, term) in items {
                        self.name(name)?;
                        self.term(term, depth + 1)?;
                    }
                }
                Call::Join(join) => {
                    self.name(&join.name)?;
                    self.name(&join.relation)?;
                    join.on.iter().try_for_each(|term| self.term(term, depth + 1))?;
                }
                Call::Values(picks) | Call::GroupBy(picks) | Call::DistinctOn(picks) => {
                    for pick in picks {
                        match pick {
                            Pick::Path(path) => self.name(path)?,
                            Pick::Term { name, term } => {
                                self.name(name)?;
                                self.term(term, depth + 1)?;
                            }
                        }
                    }
                }
                Call::OrderBy(keys) => {
                    for key in keys {
                        match key {
                            Order::Path(path) => self.name(path)?,
                            Order::Term { by, .. } => self.term(by, depth + 1)?,
                        }
                    }
                }
                Call::Prefetch(relations) => {
                    relations.iter().try_for_each(|prefetch| self.prefetch(prefetch, depth))?
                }
                Call::SelectRelated(paths) => paths.iter().try_for_each(|path| self.name(path))?,
                Call::Union(other) | Call::UnionAll(other) | Call::Intersection(other) | Call::Difference(other) => {
                    if depth >= self.limits.depth {
                        return Err(too_complex(format!("the query is deeper than {}", self.limits.depth)));
                    }
                    self.query(other, depth + 1)?;
                }
                Call::Zone(zone) => self.name(zone)?,
                Call::Reverse | Call::Distinct | Call::Limit(_) | Call::Offset(_) | Call::Nothing => {}
            }
        }
        Ok(())
    }

    fn prefetch(&self, prefetch: &Prefetch, depth: usize) -> Result<()> {
        match prefetch {
            Prefetch::Path(path) => self.name(path),
            Prefetch::Rows(rows) => {
                if depth >= self.limits.depth {
                    return Err(too_complex(format!("the query is deeper than {}", self.limits.depth)));
                }
                self.name(&rows.relation)?;
                rows.name.iter().chain(&rows.between).try_for_each(|name| self.name(name))?;
                rows.query.iter().try_for_each(|query| self.query(query, depth + 1))
            }
        }
    }

    /// Takes the size of a term.
    pub(super) fn term(&self, term: &Term, depth: usize) -> Result<()> {
        if depth > self.limits.depth {
            return Err(too_complex(format!("the query is deeper than {}", self.limits.depth)));
        }
        match term {
            Term::Value(value) => {
                self.spend(1)?;
                self.document(value, depth)
            }
            Term::List(terms) => {
                if terms.len() > self.limits.list {
                    let (given, most) = (terms.len(), self.limits.list);
                    return Err(too_complex(format!("a list has {given} values, more than {most}")));
                }
                self.spend(1)?;
                // Plain values of a list count once, all of them.
                for term in terms {
                    match term {
                        Term::Value(value) => self.document(value, depth)?,
                        term => self.term(term, depth + 1)?,
                    }
                }
                Ok(())
            }
            Term::Node(node) => {
                self.spend(1)?;
                match &**node {
                    Node::TooDeep(most) => return Err(too_deep(*most)),
                    Node::Value(value) | Node::Typed(_, value) => self.document(value, depth)?,
                    Node::Path(name) | Node::Given(name) | Node::Where(name, _) | Node::Lookup(_, name, _) => {
                        self.name(name)?
                    }
                    Node::Any(name, _) | Node::Over(name, _) | Node::Call(name, _) => self.name(name)?,
                    Node::Exists(query) | Node::Query(query) => self.query(query, depth + 1)?,
                    Node::Window(_, window) => window.paths().try_for_each(|path| self.name(path))?,
                    Node::Aggregate(aggregate) => {
                        self.text(aggregate.separator.as_deref().unwrap_or_default().len(), "a separator")?;
                        aggregate.order_by.iter().try_for_each(|order| match order {
                            Order::Path(path) => self.name(path),
                            Order::Term { .. } => Ok(()),
                        })?;
                    }
                    _ => {}
                }
                node.parts().into_iter().try_for_each(|part| self.term(part, depth + 1))
            }
        }
    }

    fn document(&self, value: &serde_json::Value, depth: usize) -> Result<()> {
        if depth > self.limits.depth {
            return Err(too_complex(format!("a value is deeper than {}", self.limits.depth)));
        }
        match value {
            serde_json::Value::String(text) => self.text(text.len(), "a text"),
            serde_json::Value::Array(values) => {
                self.text(values.len(), "a document")?;
                values.iter().try_for_each(|value| self.document(value, depth + 1))
            }
            serde_json::Value::Object(map) => {
                self.text(map.len(), "a document")?;
                map.iter().try_for_each(|(key, value)| {
                    self.text(key.len(), "a key")?;
                    self.document(value, depth + 1)
                })
            }
            _ => Ok(()),
        }
    }

    fn text(&self, length: usize, what: &str) -> Result<()> {
        match length > self.limits.text {
            true => Err(too_complex(format!("{what} has {length} bytes, more than {}", self.limits.text))),
            false => Ok(()),
        }
    }

    fn name(&self, name: &str) -> Result<()> {
        self.spend(1)?;
        match name.len() > super::names::LONGEST {
            true => Err(too_complex(format!("a name has {} bytes", name.len()))),
            false => Ok(()),
        }
    }

    fn spend(&self, count: usize) -> Result<()> {
        self.size.set(self.size.get().saturating_add(count));
        match self.size.get() > self.limits.size {
            true => Err(too_complex(format!("the query has more than {} parts", self.limits.size))),
            false => Ok(()),
        }
    }

    /// Counts parts of the tree that is being built.
    pub(super) fn built(&self, parts: usize) -> Result<()> {
        self.built.set(self.built.get().saturating_add(parts));
        match self.built.get() > self.limits.size.saturating_mul(BUILT_PER_TERM) {
            true => Err(too_complex("the query grows too large: its names use each other too often")),
            false => Ok(()),
        }
    }

    /// Counts a table that is joined or asked, once for each path of a query.
    pub(super) fn table(&self, query: usize, path: impl FnOnce() -> String) -> Result<()> {
        let key = (query, path());
        let mut known = self.known.borrow_mut();
        if known.contains(&key) {
            return Ok(());
        }
        known.push(key);
        self.another_table()
    }

    /// Counts a table that is asked in a subquery.
    pub(super) fn another_table(&self) -> Result<()> {
        self.joins.set(self.joins.get() + 1);
        match self.joins.get() > self.limits.joins {
            true => Err(too_complex(format!("the query reads more than {} related tables", self.limits.joins))),
            false => Ok(()),
        }
    }

    /// Refuses regular expressions where they are not allowed.
    pub(super) fn regex(&self) -> Result<()> {
        match self.limits.regex {
            true => Ok(()),
            false => Err(Error::new(Code::BadQuery, "regular expressions are not allowed here")
                .with_hint("use `contains`, `startswith` or `endswith`")),
        }
    }
}
