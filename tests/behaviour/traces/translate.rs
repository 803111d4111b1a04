//! From Django's calls to queries by name: its meaning of one call and of two over relations to many rows, spelled out by joins.

use super::{
    combined::Combined,
    pack::{Pack, list, text},
};
use orm::dynamic::{Join, Node, Nulls, Order, Prefetch, Query, Term, call as call_of, path};
use serde_json::Value as Json;

/// Why an evaluation is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left(pub String);

pub type Translated<T> = Result<T, Left>;

pub fn left<T>(why: impl Into<String>) -> Translated<T> {
    Err(Left(why.into()))
}

/// The name that an annotation has here: it can neither be a field's nor hold what separates the parts of a path.
pub fn plain(name: &str) -> String {
    format!("z_{}", name.replace("__", "_x_").replace('.', "_p_"))
}

/// A relation to many rows that the query joins.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    pub(super) alias: String,
    /// From which join, and by which path.
    pub(super) from: Option<String>,
    pub(super) path: String,
    pub(super) model: String,
    /// The name of a filtered relation.
    pub(super) name: Option<String>,
}

/// How a path over many rows is meant.
#[derive(Clone, Copy, PartialEq)]
pub enum Over {
    /// By a join: one that the same call made, or, outside of a filter, the last one of that path.
    Join,
    /// As a set: there is such a row. What Django does in negated conditions.
    Set,
}

/// A query under translation.
#[derive(Clone)]
pub struct Level<'p> {
    pub(super) pack: &'p Pack,
    pub(super) model: String,
    pub(super) joins: Vec<Joined>,
    pub(super) joined: Vec<Join>,
    /// Names of annotations, and whether they are aggregates.
    pub(super) names: Vec<(String, bool)>,
    pub(super) annotations: Vec<(String, Term)>,
    pub(super) filters: Vec<Term>,
    pub(super) having: Vec<Term>,
    pub(super) order: Option<Vec<Order>>,
    /// What was picked: names in the result, and terms.
    pub(super) picked: Option<Vec<(String, Term)>>,
    /// The group keys, when `values` came before an aggregate.
    pub(super) keys: Option<Vec<(String, Term)>>,
    pub(super) distinct: bool,
    pub(super) reversed: bool,
    pub(super) slices: Vec<(u64, Option<u64>)>,
    pub(super) nothing: bool,
    pub(super) around: Option<Box<Level<'p>>>,
    /// The joins that the filter under translation has made.
    pub(super) calling: Option<Vec<String>>,
    /// The joins that the next filter goes on from: those by which rows belong to an instance.
    pub(super) belonging: Vec<String>,
    /// The joins of one side of `or` that the other side may share, each once.
    pub(super) spare: Vec<String>,
    /// The model at which the last path ended, when it named no field of it.
    pub(super) ended: Option<String>,
    /// The parts of the key at which the last path ended, when it has several.
    pub(super) at_key: Option<Vec<String>>,
    /// The last path without transforms and lookups, when it named a field.
    pub(super) field: Option<String>,
    /// The last path up to its end, when a foreign key stands there that holds another field than the key.
    pub(super) by_field: Option<String>,
    /// The same where a many-to-many leads there by such a foreign key, and the field.
    pub(super) holds: Option<(String, String)>,
    /// The fields that conditions on groups name beside aggregates.
    pub(super) loose: Vec<String>,
    /// What was picked that has several parts, and how many.
    pub(super) composites: Vec<(String, usize)>,
    /// What the rows are the first of, each.
    pub(super) first_of: Option<Vec<String>>,
    /// The paths of `select_related`.
    pub(super) related: Vec<String>,
    /// The model that was asked for, which may be a proxy with an order of its own.
    pub(super) asked: String,
    /// Whether nothing but the columns is selected.
    pub(super) bare: bool,
    /// Filtered relations that nothing has named yet: Django joins those alone that something names.
    pub(super) unjoined: Vec<(String, Json)>,
    /// The names of annotations that have something of a window in them.
    pub(super) windows: Vec<String>,
    /// Several queries, of which this one is what is called on all of them.
    pub(super) combined: Option<Box<Combined<'p>>>,
    /// The query that this one looks at again, and the names in its rows.
    pub(super) before: Option<Query>,
    pub(super) row: Option<Vec<String>>,
    /// The relations whose rows are prefetched.
    pub(super) prefetched: Vec<Prefetch>,
    /// The names that prefetched rows were given, with their models and places.
    pub(super) named_rows: Vec<(String, String, usize)>,
    /// Whether all fields are selected, and not just the key.
    pub(super) whole: bool,
    /// NULLs come first in SQLite's ascending orders.
    pub(super) nulls_first: bool,
}

impl<'p> Level<'p> {
    pub fn new(pack: &'p Pack, model: &str, nulls_first: bool) -> Level<'p> {
        Level {
            pack,
            model: pack.label(model).to_owned(),
            joins: Vec::new(),
            joined: Vec::new(),
            names: Vec::new(),
            annotations: Vec::new(),
            filters: Vec::new(),
            having: Vec::new(),
            order: None,
            picked: None,
            keys: None,
            distinct: false,
            reversed: false,
            slices: Vec::new(),
            nothing: false,
            around: None,
            calling: None,
            belonging: Vec::new(),
            spare: Vec::new(),
            ended: None,
            at_key: None,
            field: None,
            by_field: None,
            holds: None,
            loose: Vec::new(),
            composites: Vec::new(),
            first_of: None,
            related: Vec::new(),
            asked: model.to_owned(),
            bare: false,
            unjoined: Vec::new(),
            windows: Vec::new(),
            combined: None,
            before: None,
            row: None,
            prefetched: Vec::new(),
            named_rows: Vec::new(),
            whole: false,
            nulls_first,
        }
    }

    /// A query over another model inside this one.
    pub fn inside(&self, model: &str) -> Level<'p> {
        Level { around: Some(Box::new(self.clone())), bare: true, ..Level::new(self.pack, model, false) }
    }

    pub fn calls(&mut self, calls: &[Json]) -> Translated<()> {
        calls.iter().try_for_each(|call| self.call(call))
    }

    pub(super) fn call(&mut self, call: &Json) -> Translated<()> {
        if self.combined.is_some() {
            return self.call_on_all(call);
        }
        match text(&call["m"]) {
            "union" | "intersection" | "difference" => self.combine_sets(call),
            "filter" => self.filter(&call["where"], false),
            "exclude" => self.filter(&call["where"], true),
            "annotate" => list(&call["items"]).iter().try_for_each(|item| self.annotate(item)),
            "alias" => {
                // What has a name only is in no row.
                let picked = self.picked.clone();
                list(&call["items"]).iter().try_for_each(|item| self.annotate(item))?;
                self.picked = picked;
                Ok(())
            }
            "order_by" => {
                let keys = self.order(list(&call["keys"]))?;
                (self.order, self.reversed) = (Some(keys), false);
                Ok(())
            }
            "reverse" => {
                self.reversed = !self.reversed;
                Ok(())
            }
            "none" => {
                self.nothing = true;
                Ok(())
            }
            "distinct" if list(&call["fields"]).is_empty() => {
                self.distinct = true;
                Ok(())
            }
            "distinct" => self.distinct_on(list(&call["fields"])),
            "values_list" if call["flat"] == Json::Bool(true) && list(&call["fields"]).is_empty() => {
                self.values(&[Json::from("pk")])
            }
            "values" | "values_list" => self.values(list(&call["fields"])),
            "slice" if call["step"].is_null() || call["step"] == 1 => self.sliced(call),
            "dates" | "datetimes" => {
                // The days of groups are those of what they have become.
                if self.is_grouped() {
                    self.look_again()?;
                }
                let (known, _) = self.path(text(&call["field"]), Over::Join)?;
                // What an annotation stands for.
                let stands_for = self.annotations.iter().find_map(|(name, term)| match term {
                    Term::Node(node) if *name == known => match &**node {
                        Node::Path(of) => Some(of.clone()),
                        _ => None,
                    },
                    _ => None,
                });
                let field = stands_for.unwrap_or_else(|| text(&call["field"]).to_owned());
                let is_day = self.pack.json["paths"][&self.model][format!("F:{field}")]["type"] == "DateField";
                let day = if text(&call["m"]) == "dates" && !is_day { "__date" } else { "" };
                let kind = text(&call["kind"]);
                self.filters.push(Term::named(format!("{known}__isnull"), false));
                let by = match call["tzinfo"]["$tz"].as_str() {
                    Some(zone) => {
                        let local = call_of("at_zone", [path(known), super::zones::zone(zone).into()]);
                        call_of(format!("trunc_{kind}"), [local])
                    }
                    None => path(format!("{known}__trunc_{kind}{day}")),
                };
                self.picked = Some(vec![(plain("value"), by.clone())]);
                self.order = Some(vec![Order::Term { by, desc: call["order"] == "DESC", nulls: None }]);
                self.distinct = true;
                Ok(())
            }
            // Which columns are loaded, and whether rows are locked, is not what is compared.
            "defer" | "only" | "select_for_update" => Ok(()),
            "select_related" => list(&call["fields"]).iter().try_for_each(|path| {
                self.join_named(text(path))?;
                let first = text(path).split("__").next();
                // The rows of a filtered relation are joined already.
                if self.joins.iter().any(|join| join.name.is_some() && join.name.as_deref() == first) {
                    return Ok(());
                }
                let (by_name, _) = self.path(text(path), Over::Set)?;
                self.related.push(by_name);
                Ok(())
            }),
            "prefetch_related" => self.prefetch_related(call),
            "and" | "or" | "xor" => self.combine(text(&call["m"]), &call["other"]),
            other => left(format!("the call {other}")),
        }
    }

    /// Both conditions, either, or just one of them.
    fn combine(&mut self, how: &str, other: &Json) -> Translated<()> {
        if self.pack.label(text(&other["model"])) != self.model {
            return left(format!("refused, by its form: {how} of rows of two models"));
        }
        // With nothing there is nothing that is true of both, and of either only the other.
        let calls = list(&other["calls"]);
        let is_nothing = calls.iter().any(|call| text(&call["m"]) == "none");
        match (how, self.nothing, is_nothing) {
            (_, false, false) => {}
            ("and", ..) => {
                self.nothing = true;
                return Ok(());
            }
            (_, true, _) => {
                let fresh = Level::new(self.pack, &self.asked, self.nulls_first);
                *self = Level { around: self.around.take(), bare: self.bare, ..fresh };
                if !other["related"].is_null() {
                    self.belongs(&other["related"])?;
                }
                return self.calls(calls);
            }
            _ => return Ok(()),
        }
        let cut = |calls: &Json| list(calls).iter().any(|call| text(&call["m"]) == "slice");
        if self.is_cut() || cut(&other["calls"]) {
            return self.combine_keys(how, other);
        }
        let mine = std::mem::take(&mut self.filters);
        let before = (self.names.len(), self.slices.len(), self.distinct, self.nothing);
        let order = self.order.clone();
        if how != "and" {
            self.spare = self.joins.iter().map(|join| join.alias.clone()).collect();
        }
        if !other["related"].is_null() {
            self.belongs(&other["related"])?;
        }
        self.calls(list(&other["calls"]))?;
        self.spare.clear();
        let theirs = std::mem::replace(&mut self.filters, mine);
        self.order = order.or(self.order.take());
        if before != (self.names.len(), self.slices.len(), self.distinct, self.nothing)
            || !self.having.is_empty()
            || self.picked.is_some()
        {
            return left(format!("the call {how}, with such a query"));
        }
        let sides = [Node::And(std::mem::take(&mut self.filters)).into(), Node::And(theirs).into()];
        self.filters.push(of_both(how, sides));
        Ok(())
    }

    /// The same of slices, whose rows are told by their keys.
    fn combine_keys(&mut self, how: &str, other: &Json) -> Translated<()> {
        let mut theirs = Level { bare: true, ..Level::new(self.pack, &self.asked, self.nulls_first) };
        if !other["related"].is_null() {
            theirs.belongs(&other["related"])?;
        }
        theirs.calls(list(&other["calls"]))?;
        let fresh = Level { around: self.around.clone(), bare: self.bare, ..Level::new(self.pack, &self.asked, false) };
        let mut mine = std::mem::replace(self, Level { nulls_first: self.nulls_first, ..fresh });
        let order = mine.slices.is_empty().then(|| mine.order.clone()).flatten();
        mine.bare = true;
        if [&mine, &theirs].into_iter().any(|side| side.picked.is_some() || side.is_grouped()) {
            return left(format!("the call {how}, with such a query"));
        }
        let among = |side: Level<'_>| Ok(Term::named("pk__in", side.ready()?.query));
        let sides = [among(mine)?, among(theirs)?];
        self.filters.push(of_both(how, sides));
        self.order = order;
        Ok(())
    }

    /// The first row of those that are alike in some values: what is called on them is about these rows.
    fn distinct_on(&mut self, fields: &[Json]) -> Translated<()> {
        let mut alike = Vec::new();
        for field in fields {
            let (by_name, _) = self.path(text(field), Over::Join)?;
            alike.extend(self.at_key.take().unwrap_or_else(|| vec![by_name]));
        }
        self.first_of = Some(alike);
        Ok(())
    }

    pub(super) fn annotate(&mut self, item: &Json) -> Translated<()> {
        let (name, expr) = (text(&item["as"]), &item["expr"]);
        if item["as"].is_null() {
            return left("refused, by its form: an annotation without a name");
        }
        if text(&expr["e"]) == "filtered_relation" {
            self.clone().refuse_unjoinable(name, expr)?;
            self.unjoined.retain(|(known, _)| known != name);
            self.unjoined.push((name.to_owned(), expr.clone()));
            return Ok(());
        }
        if expr["e"] == "F" && expr["name"] == item["as"] && self.names.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        let (aggregate, mut term) = (self.is_aggregate(expr), self.term(expr)?);
        // What takes the place of an annotation may be made of it.
        let was = format!("{}_was{}", plain(name), self.annotations.len());
        if let Some(renamed) = with_path(&term, &plain(name), &was)
            && let Some(known) = self.annotations.iter_mut().find(|(known, _)| *known == plain(name))
        {
            (known.0, term) = (was, renamed);
        }
        if aggregate
            && self.keys.is_none()
            && let Some(picked) = &self.picked
        {
            self.keys = Some(picked.clone());
        }
        self.names.retain(|(known, _)| known != name);
        self.annotations.retain(|(known, _)| *known != plain(name));
        self.names.push((name.to_owned(), aggregate));
        if self.mentions_window(&term) {
            self.windows.push(plain(name));
        }
        self.annotations.push((plain(name), term));
        if let Some(picked) = &mut self.picked {
            picked.push((plain(name), path(plain(name))));
        }
        Ok(())
    }

    fn values(&mut self, fields: &[Json]) -> Translated<()> {
        // An aggregate among what is picked is one of the groups that were picked before.
        if self.keys.is_none() && fields.iter().any(|field| self.is_aggregate(&field["expr"])) {
            self.keys = self.picked.clone();
        }
        let mut picked = Vec::new();
        if fields.is_empty() {
            for field in list(&self.pack.model(&self.model)["fields"]) {
                if !field["column"].is_null() {
                    let name = text(&field["attname"]);
                    picked.push((plain(name), path(name)));
                }
            }
            picked.extend(self.annotations.iter().map(|(name, _)| (name.clone(), path(name.as_str()))));
        }
        for (place, field) in fields.iter().enumerate() {
            match field.as_str() {
                Some(name) => {
                    let (by_name, _) = self.path(name, Over::Join)?;
                    let mut own = plain(name);
                    let taken = |own: &String| {
                        picked.iter().any(|(known, _)| known == own)
                            || self.composites.iter().any(|(known, _)| known == own)
                    };
                    if taken(&own) {
                        own = format!("{own}_again{place}");
                    }
                    match self.at_key.take() {
                        Some(parts) if parts.len() == 1 => {
                            picked.extend(parts.into_iter().map(|part| (own.clone(), path(part))))
                        }
                        Some(parts) => {
                            self.composites.push((own.clone(), parts.len()));
                            let part = |(at, part): (usize, String)| (format!("{own}_{at}"), path(part));
                            picked.extend(parts.into_iter().enumerate().map(part));
                        }
                        None => picked.push((own, path(by_name))),
                    }
                }
                None => {
                    let own = format!("expression{place}");
                    let name = field["as"].as_str().unwrap_or(&own);
                    let (aggregate, term) = (self.is_aggregate(&field["expr"]), self.term(&field["expr"])?);
                    self.names.push((name.to_owned(), aggregate));
                    if self.mentions_window(&term) {
                        self.windows.push(plain(name));
                    }
                    self.annotations.push((plain(name), term));
                    picked.push((plain(name), path(plain(name))));
                }
            }
        }
        self.picked = Some(picked);
        Ok(())
    }

    pub fn order(&mut self, keys: &[Json]) -> Translated<Vec<Order>> {
        let mut order = Vec::new();
        for key in keys {
            let (expr, desc) = (&key["expr"], key["desc"] == Json::Bool(true));
            if text(&expr["e"]) == "order" {
                let desc = expr["desc"] == Json::Bool(true);
                let nulls = match text(&expr["nulls"]) {
                    "first" => Some(Nulls::First),
                    "last" => Some(Nulls::Last),
                    _ => self.nulls(desc),
                };
                if expr["expr"]["e"] == "F" {
                    let (by_name, _) = self.path(text(&expr["expr"]["name"]), Over::Join)?;
                    let parts = self.at_key.take().unwrap_or_else(|| vec![by_name]);
                    order.extend(parts.into_iter().map(|part| Order::Term { by: path(part), desc, nulls }));
                    continue;
                }
                order.push(Order::Term { by: self.term(&expr["expr"])?, desc, nulls });
            } else if expr["e"] == "F" {
                let (by_name, _) = self.path(text(&expr["name"]), Over::Join)?;
                let parts = self.at_key.take().unwrap_or_else(|| vec![by_name]);
                let nulls = self.nulls(desc);
                order.extend(parts.into_iter().map(|part| Order::Term { by: path(part), desc, nulls }));
            } else if !expr.is_null() {
                let by = self.term(expr)?;
                // A plain value orders nothing.
                if !matches!(by, Term::Value(_)) {
                    order.push(Order::Term { by, desc, nulls: self.nulls(desc) });
                }
            } else {
                self.order_path(text(&key["path"]), desc, &mut order, 0)?;
            }
        }
        Ok(order)
    }

    fn nulls(&self, desc: bool) -> Option<Nulls> {
        self.nulls_first.then_some(if desc { Nulls::Last } else { Nulls::First })
    }

    /// A relation is ordered by its model's own order.
    fn order_path(&mut self, name: &str, desc: bool, order: &mut Vec<Order>, depth: usize) -> Translated<()> {
        let (by_name, _) = self.path(name, Over::Join)?;
        if let Some(model) = self.ended.take().filter(|_| depth < 4) {
            let own = list(&self.pack.model(&model)["meta"]["ordering"]).to_vec();
            if !own.is_empty() {
                return own.iter().try_for_each(|key| match key["path"].as_str() {
                    Some(more) => {
                        let desc = desc != (key["desc"] == Json::Bool(true));
                        self.order_path(&format!("{name}__{more}"), desc, order, depth + 1)
                    }
                    None => {
                        let mut key = key.clone();
                        further(&mut key, name);
                        let mut own = self.order(&[key])?;
                        if desc {
                            own.iter_mut().for_each(turned);
                        }
                        order.extend(own);
                        Ok(())
                    }
                });
            }
        }
        let nulls = self.nulls(desc);
        let parts = self.at_key.take().unwrap_or_else(|| vec![by_name]);
        order.extend(parts.into_iter().map(|part| Order::Term { by: path(part), desc, nulls }));
        Ok(())
    }

    /// Adds a slice at the end.
    pub fn slice(&mut self, start: u64, count: Option<u64>) {
        self.slices.push((start, count));
    }

    pub fn is_ordered(&self) -> bool {
        self.order.as_ref().is_some_and(|order| !order.is_empty())
            || self.order.is_none() && !list(&self.pack.asked(&self.asked)["meta"]["ordering"]).is_empty()
    }

    pub fn is_grouped(&self) -> bool {
        self.keys.is_some() || self.names.iter().any(|(_, aggregate)| *aggregate)
    }

    pub fn is_cut(&self) -> bool {
        self.distinct || !self.slices.is_empty()
    }

    /// Takes the order away, where no slice depends on it.
    pub fn unordered(&mut self) {
        // What groups are ordered by is one of their keys.
        if self.slices.is_empty() && self.first_of.is_none() && self.combined.is_none() && !self.is_grouped() {
            self.set_order(Vec::new(), false);
        }
    }

    pub fn set_order(&mut self, order: Vec<Order>, reversed: bool) {
        (self.order, self.reversed) = (Some(order), reversed);
    }

    pub fn turn(&mut self) {
        self.reversed = !self.reversed;
    }
}

/// The term with another name for a path in it, if it has that path.
fn with_path(term: &Term, name: &str, other: &str) -> Option<Term> {
    let json = serde_json::to_string(term).unwrap();
    let changed = json.replace(&format!("{{\"path\":\"{name}\"}}"), &format!("{{\"path\":\"{other}\"}}"));
    (changed != json).then(|| serde_json::from_str(&changed).unwrap())
}

fn of_both(how: &str, sides: [Term; 2]) -> Term {
    match how {
        "and" => Node::And(sides.into()),
        "or" => Node::Or(sides.into()),
        _ => Node::Xor(sides.into()),
    }
    .into()
}

/// Makes the fields that an expression names those at the end of a relation.
fn further(json: &mut Json, relation: &str) {
    match json {
        Json::Array(all) => all.iter_mut().for_each(|one| further(one, relation)),
        Json::Object(map) => {
            if map.get("e").is_some_and(|e| e == "F")
                && let Some(Json::String(name)) = map.get_mut("name")
            {
                *name = format!("{relation}__{name}");
            }
            map.values_mut().for_each(|one| further(one, relation));
        }
        _ => {}
    }
}

/// The opposite order, NULLs included.
fn turned(order: &mut Order) {
    if let Order::Term { desc, nulls, .. } = order {
        *desc = !*desc;
        *nulls = nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
    }
}
