//! From Django's calls to queries by name: its meaning of one call and of two over relations to many rows, spelled out by joins.

use super::{
    combined::Combined,
    pack::{Pack, list, text},
    terms::literal,
};
use orm::dynamic::{Join, Node, Nulls, Order, Prefetch, Query, Term, any, path};
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
    format!("z_{}", name.replace("__", "_x_"))
}

/// A relation to many rows that the query joins.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    alias: String,
    /// From which join, and by which path.
    from: Option<String>,
    path: String,
    model: String,
    /// The name of a filtered relation.
    name: Option<String>,
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
    /// The model at which the last path ended, when it named no field of it.
    pub(super) ended: Option<String>,
    /// The paths of `select_related`.
    pub(super) related: Vec<String>,
    /// The model that was asked for, which may be a proxy with an order of its own.
    pub(super) asked: String,
    /// Whether nothing but the columns is selected.
    pub(super) bare: bool,
    /// The names of annotations that have something of a window in them.
    pub(super) windows: Vec<String>,
    /// Several queries, of which this one is what is called on all of them.
    pub(super) combined: Option<Box<Combined<'p>>>,
    /// The query that this one looks at again, and the names in its rows.
    pub(super) before: Option<Query>,
    pub(super) row: Option<Vec<String>>,
    /// The relations whose rows are prefetched.
    pub(super) prefetched: Vec<Prefetch>,
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
            ended: None,
            related: Vec::new(),
            asked: model.to_owned(),
            bare: false,
            windows: Vec::new(),
            combined: None,
            before: None,
            row: None,
            prefetched: Vec::new(),
            whole: false,
            nulls_first,
        }
    }

    /// A query over another model inside this one.
    pub fn inside(&self, model: &str) -> Level<'p> {
        Level { around: Some(Box::new(self.clone())), bare: true, ..Level::new(self.pack, model, false) }
    }

    /// The path by name, with what is left of it: transforms and a lookup. Joins what leads to many rows.
    pub fn path(&mut self, name: &str, over: Over) -> Translated<(String, bool)> {
        let parts: Vec<&str> = name.split("__").collect();
        if self.row.is_some() && !self.names.iter().any(|(known, _)| known == name) {
            self.ended = None;
            let in_row = |end: usize| self.in_row(&parts[..end].join("__"))?.ok().map(|known| (known, end));
            let Some((known, end)) = (1..=parts.len()).rev().find_map(in_row) else {
                return left("a value of rows that they do not have");
            };
            return Ok(([&[known.as_str()], &parts[end..]].concat().join("__"), false));
        }
        // An annotation's own name may hold the separator.
        for end in (1..=parts.len()).rev() {
            let first = parts[..end].join("__");
            if let Some((known, aggregate)) = self.names.iter().find(|(known, _)| *known == first) {
                let aggregate = *aggregate;
                let rest: Vec<&str> = parts[end..].to_vec();
                return Ok(([vec![plain(known).as_str()], rest].concat().join("__"), aggregate));
            }
        }
        self.ended = None;
        let (mut from, mut model, mut out, mut at) = (None, self.model.clone(), Vec::<String>::new(), 0);
        if let Some(filtered) = self.joins.iter().find(|join| join.name.as_deref() == Some(parts[0])) {
            (from, model, at) = (Some(filtered.alias.clone()), filtered.model.clone(), 1);
        }
        let mut leads = false;
        while let Some(&part) = parts.get(at) {
            leads = false;
            let json = self.pack.model(&model);
            if part == "pk" {
                out.push("pk".to_owned());
                at += 1;
                break;
            }
            let field = list(&json["fields"])
                .iter()
                .find(|field| text(&field["name"]) == part || text(&field["attname"]) == part);
            let reverse = list(&json["reverse"]).iter().find(|reverse| text(&reverse["query_name"]) == part);
            let (to, many) = match (field, reverse) {
                (Some(field), _) if !field["m2m"].is_null() => (text(&field["m2m"]["to"]), true),
                (Some(field), _) if !field["fk"].is_null() => {
                    let target = self.pack.model(text(&field["fk"]["to"]));
                    if field["fk"]["to_field"] != target["pk"] {
                        return left("a foreign key to another field than the key");
                    }
                    if text(&field["name"]) != part {
                        out.push(part.to_owned());
                        at += 1;
                        break;
                    }
                    (text(&field["fk"]["to"]), false)
                }
                (Some(field), _) if text(&field["type"]) == "ForeignObject" => return left("a ForeignObject"),
                (Some(_), _) => {
                    out.push(part.to_owned());
                    at += 1;
                    break;
                }
                (None, Some(reverse)) => (text(&reverse["model"]), text(&reverse["kind"]) != "one_to_one"),
                (None, None) => match self.inherited(json, part) {
                    Some((link, parent)) => {
                        out.push(link);
                        model = parent;
                        continue;
                    }
                    None => break,
                },
            };
            out.push(part.to_owned());
            (at, leads) = (at + 1, true);
            model = self.pack.label(to).to_owned();
            if many && over == Over::Join {
                from = Some(self.join(from, &out.join("__"), &model));
                out.clear();
            }
        }
        if at == parts.len() && at > 0 && leads {
            self.ended = Some(model);
        }
        let rest = parts[at..].iter().map(|part| (*part).to_owned());
        let whole: Vec<String> = from.into_iter().chain(out).chain(rest).collect();
        Ok((whole.join("__"), false))
    }

    /// The parent of a model that has a field of this name.
    fn inherited(&self, json: &Json, name: &str) -> Option<(String, String)> {
        list(&json["parents"]).iter().find_map(|parent| {
            let label = self.pack.label(text(parent));
            let there = self.pack.model(label);
            let has = list(&there["fields"])
                .iter()
                .any(|field| text(&field["name"]) == name || text(&field["attname"]) == name)
                || list(&there["reverse"]).iter().any(|reverse| text(&reverse["query_name"]) == name)
                || self.inherited(there, name).is_some();
            let link = list(&json["fields"]).iter().find(|field| {
                field["fk"]["parent_link"] == Json::Bool(true) && self.pack.label(text(&field["fk"]["to"])) == label
            })?;
            has.then(|| (text(&link["name"]).to_owned(), label.to_owned()))
        })
    }

    fn join(&mut self, from: Option<String>, path: &str, model: &str) -> String {
        let same = |join: &&Joined| join.from == from && join.path == path && join.name.is_none();
        let mut known = self.joins.iter().rev().filter(same);
        let known = match &self.calling {
            Some(used) => known.find(|join| used.contains(&join.alias)),
            None => known.next(),
        };
        let alias = match known {
            Some(join) => join.alias.clone(),
            None => self.add_join(from, path, model, None, None),
        };
        if let Some(used) = &mut self.calling {
            used.push(alias.clone());
        }
        alias
    }

    fn add_join(
        &mut self,
        from: Option<String>,
        path: &str,
        model: &str,
        name: Option<String>,
        on: Option<Term>,
    ) -> String {
        let alias = name.as_deref().map_or_else(|| format!("q_{}", self.joins.len()), plain);
        let relation = match &from {
            Some(from) => format!("{from}__{path}"),
            None => path.to_owned(),
        };
        self.joined.push(Join { on, ..Join::left(relation, &alias) });
        self.joins.push(Joined { alias: alias.clone(), from, path: path.to_owned(), model: model.to_owned(), name });
        alias
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
            "annotate" | "alias" => list(&call["items"]).iter().try_for_each(|item| self.annotate(item)),
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
            "values_list" if call["flat"] == Json::Bool(true) && list(&call["fields"]).is_empty() => {
                self.values(&[Json::from("pk")])
            }
            "values" | "values_list" => self.values(list(&call["fields"])),
            "slice" if call["step"].is_null() || call["step"] == 1 => self.sliced(call),
            "dates" | "datetimes" if call["tzinfo"].is_null() => {
                let (known, _) = self.path(text(&call["field"]), Over::Join)?;
                let is_day =
                    self.pack.json["paths"][&self.model][format!("F:{}", text(&call["field"]))]["type"] == "DateField";
                let day = if text(&call["m"]) == "dates" && !is_day { "__date" } else { "" };
                let by_name = format!("{known}__trunc_{}{day}", text(&call["kind"]));
                self.filters.push(Term::named(format!("{known}__isnull"), false));
                self.picked = Some(vec![(plain("value"), path(by_name.as_str()))]);
                self.order = Some(vec![Order::Term { by: path(by_name), desc: call["order"] == "DESC", nulls: None }]);
                self.distinct = true;
                Ok(())
            }
            // Which columns and related rows are loaded is not what is compared.
            "defer" | "only" => Ok(()),
            "select_related" => list(&call["fields"]).iter().try_for_each(|path| {
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
        let mine = std::mem::take(&mut self.filters);
        let before = (self.names.len(), self.slices.len(), self.distinct, self.nothing);
        if self.pack.label(text(&other["model"])) != self.model || !other["related"].is_null() || self.nothing {
            return left(format!("the call {how}, with such a query"));
        }
        let order = self.order.clone();
        self.calls(list(&other["calls"]))?;
        let theirs = std::mem::replace(&mut self.filters, mine);
        self.order = order.or(self.order.take());
        if before != (self.names.len(), self.slices.len(), self.distinct, self.nothing)
            || !self.having.is_empty()
            || self.picked.is_some()
        {
            return left(format!("the call {how}, with such a query"));
        }
        let sides = [Node::And(std::mem::take(&mut self.filters)).into(), Node::And(theirs).into()];
        self.filters.push(match how {
            "and" => Node::And(sides.into()).into(),
            "or" => Node::Or(sides.into()).into(),
            _ => Node::Xor(sides.into()).into(),
        });
        Ok(())
    }

    pub fn filter(&mut self, json: &Json, negated: bool) -> Translated<()> {
        self.calling = Some(Vec::new());
        // Of several conditions, each is about the rows or about the groups.
        let apart = !negated && json["op"] == "AND" && json["negated"] != Json::Bool(true);
        let parts = if apart { list(&json["children"]) } else { std::slice::from_ref(json) };
        let over = if negated { Over::Set } else { Over::Join };
        let translated: Translated<Vec<_>> = parts.iter().map(|part| self.q(part, over)).collect();
        self.calling = None;
        for (term, aggregate) in translated? {
            let term = if negated { !term } else { term };
            if aggregate { self.having.push(term) } else { self.filters.push(term) }
        }
        Ok(())
    }

    /// A condition, and whether it is about aggregates.
    pub fn q(&mut self, json: &Json, over: Over) -> Translated<(Term, bool)> {
        if text(&json["e"]) != "q" {
            if json["path"].is_null() {
                return Ok((self.term(json)?, self.is_aggregate(json)));
            }
            let (path, aggregate) = self.path(text(&json["path"]), over)?;
            let value = &json["value"];
            if value["e"] == "value" && value["value"].is_null() && value["output_field"]["type"] == "JSONField" {
                return Ok((Term::named(format!("{path}__is_json_null"), true), aggregate));
            }
            let value = self.value(&self.coerced(text(&json["path"]), &json["value"]))?;
            return Ok((Term::named(path, value), aggregate || self.is_aggregate(&json["value"])));
        }
        let negated_here = json["negated"] == Json::Bool(true);
        // In a filter, what stands below a negation is asked of sets.
        let over = if negated_here && self.calling.is_some() { Over::Set } else { over };
        let (mut terms, mut aggregate) = (Vec::new(), false);
        for child in list(&json["children"]) {
            let (term, is) = self.q(child, over)?;
            aggregate |= is;
            terms.push(term);
        }
        let empty = terms.is_empty();
        let all: Term = match text(&json["op"]) {
            _ if empty => Node::And(Vec::new()).into(),
            "OR" => Node::Or(terms).into(),
            "XOR" => Node::Xor(terms).into(),
            _ => Node::And(terms).into(),
        };
        Ok((if negated_here && !empty { !all } else { all }, aggregate))
    }

    fn annotate(&mut self, item: &Json) -> Translated<()> {
        let (name, expr) = (text(&item["as"]), &item["expr"]);
        if item["as"].is_null() {
            return left("refused, by its form: an annotation without a name");
        }
        if text(&expr["e"]) == "filtered_relation" {
            return self.filtered(name, expr);
        }
        if expr["e"] == "F" && expr["name"] == item["as"] && self.names.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        let (aggregate, term) = (self.is_aggregate(expr), self.term(expr)?);
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

    fn filtered(&mut self, name: &str, expr: &Json) -> Translated<()> {
        let relation = text(&expr["relation"]);
        if relation.contains("__") {
            return left("a filtered relation over several relations");
        }
        let json = self.pack.model(&self.model);
        let field = self.pack.field(json, relation);
        let reverse = list(&json["reverse"]).iter().find(|reverse| text(&reverse["query_name"]) == relation);
        let to = match (field, reverse) {
            (Some(field), _) if !field["fk"].is_null() => text(&field["fk"]["to"]),
            (Some(field), _) => text(&field["m2m"]["to"]),
            (None, Some(reverse)) => text(&reverse["model"]),
            (None, None) => return left("a filtered relation that is not there"),
        };
        let to = self.pack.label(to).to_owned();
        self.add_join(None, relation, &to, Some(name.to_owned()), None);
        // Its condition names the relation, and means this join of it.
        let place = self.joined.len() - 1;
        let place_of = self.joins.len() - 1;
        self.joins[place_of].name = Some(relation.to_owned());
        let condition = self.q(&expr["condition"], Over::Join);
        self.joins[place_of].name = Some(name.to_owned());
        self.joined[place].on = Some(condition?.0);
        if self.joined.len() != place + 1 {
            return left("a filtered relation with a join in its condition");
        }
        Ok(())
    }

    fn values(&mut self, fields: &[Json]) -> Translated<()> {
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
        for field in fields {
            match field.as_str() {
                Some(name) => {
                    let (by_name, _) = self.path(name, Over::Join)?;
                    picked.push((plain(name), path(by_name)));
                }
                None if field["as"].is_null() => {
                    return left("refused, by its form: an annotation without a name");
                }
                None => {
                    let name = text(&field["as"]);
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
                order.push(Order::Term { by: self.term(&expr["expr"])?, desc, nulls });
            } else if !expr.is_null() {
                order.push(Order::Term { by: self.term(expr)?, desc, nulls: self.nulls(desc) });
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
                    None => left("an order by an expression of a related model"),
                });
            }
        }
        let nulls = self.nulls(desc);
        order.push(Order::Term { by: path(by_name), desc, nulls });
        Ok(())
    }

    /// Narrows to the rows that belong to an instance by one of its relations.
    pub fn belongs(&mut self, related: &Json) -> Translated<()> {
        let owner = self.pack.model(text(&related["model"]));
        let accessor = text(&related["accessor"]);
        let key = literal(&related["pk"])?;
        if let Some(reverse) = list(&owner["reverse"]).iter().find(|reverse| text(&reverse["accessor"]) == accessor) {
            let name = text(&reverse["field"]);
            if text(&reverse["kind"]) != "many_to_many" {
                let (by_name, _) = self.path(name, Over::Join)?;
                self.filters.push(Term::named(by_name, key));
                return Ok(());
            }
            self.filters.push(any(name, Term::named("pk", key)));
            return Ok(());
        }
        let Some(field) = self.pack.field(owner, accessor).filter(|field| !field["m2m"].is_null()) else {
            return left("a relation of an instance by its accessor");
        };
        let m2m = &field["m2m"];
        let between = Query::of(self.pack.label(text(&m2m["through"])))
            .filter(text(&m2m["source_field"]), key)
            .values([text(&m2m["target_field"])]);
        self.filters.push(Term::named("pk__in", between));
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

    pub fn set_order(&mut self, order: Vec<Order>, reversed: bool) {
        (self.order, self.reversed) = (Some(order), reversed);
    }

    pub fn turn(&mut self) {
        self.reversed = !self.reversed;
    }
}
