//! Paths of Django's to paths by name: what they join, where they end, and what is left of them.

use super::{
    pack::{list, text},
    terms::literal,
    translate::{Joined, Level, Over, Translated, left},
};
use orm::{
    Code,
    dynamic::{Call, Join, Query, Term, any},
};
use serde_json::Value as Json;

impl Level<'_> {
    /// The path by name, with what is left of it: transforms and a lookup. Joins what leads to many rows.
    pub fn path(&mut self, name: &str, over: Over) -> Translated<(String, bool)> {
        let parts: Vec<&str> = name.split("__").collect();
        (self.ended, self.at_key, self.field, self.by_field, self.holds) = (None, None, None, None, None);
        if self.row.is_some() && !self.names.iter().any(|(known, _)| known == name) {
            let in_row = |end: usize| self.in_row(&parts[..end].join("__"))?.ok().map(|known| (known, end));
            let Some((known, end)) = (1..=parts.len()).rev().find_map(in_row) else {
                let known = self.resolved(&format!("F:{name}")).is_object() || self.resolved(name).is_object();
                return left(match known {
                    true => "a value of rows that they do not have",
                    false => "refused, name.unknown: a value of rows that they do not have",
                });
            };
            return Ok(([&[known.as_str()], &parts[end..]].concat().join("__"), false));
        }
        // An annotation's own name may hold the separator.
        for end in (1..=parts.len()).rev() {
            let first = parts[..end].join("__");
            if let Some((known, aggregate)) = self.names.iter().find(|(known, _)| *known == first) {
                let aggregate = *aggregate;
                let rest: Vec<&str> = parts[end..].to_vec();
                return Ok(([vec![super::translate::plain(known).as_str()], rest].concat().join("__"), aggregate));
            }
        }
        self.join_named(name)?;
        let (mut from, mut model, mut out, mut at) = (None, self.model.clone(), Vec::<String>::new(), 0);
        let mut named: Vec<(usize, &Joined)> = Vec::new();
        for join in &self.joins {
            let own: Vec<&str> = join.name.iter().flat_map(|name| name.split("__")).collect();
            if !own.is_empty() && parts.starts_with(&own) {
                named.push((own.len(), join));
            }
        }
        let (mut leads, mut by_field, mut holds, mut columns) = (false, false, None, None);
        if let Some((length, join)) = named.into_iter().max_by_key(|(length, _)| *length) {
            (from, model, at, leads) = (Some(join.alias.clone()), join.model.clone(), length, true);
        }
        while let Some(&part) = parts.get(at) {
            let json = self.pack.model(&model);
            if part == "pk" {
                out.push("pk".to_owned());
                (at, leads) = (at + 1, false);
                let key = self.pack.key_parts(json);
                if key.len() > 1 {
                    let before: Vec<String> = from.iter().cloned().chain(out[..out.len() - 1].to_vec()).collect();
                    let whole = |part: &String| before.iter().chain([part]).cloned().collect::<Vec<_>>().join("__");
                    self.at_key = Some(key.iter().map(whole).collect());
                }
                break;
            }
            let field = list(&json["fields"])
                .iter()
                .find(|field| text(&field["name"]) == part || text(&field["attname"]) == part);
            let reverse = list(&json["reverse"]).iter().find(|reverse| text(&reverse["query_name"]) == part);
            let (to, many) = match (field, reverse) {
                (Some(field), _) if !field["m2m"].is_null() => (text(&field["m2m"]["to"]), true),
                (Some(field), _) if !field["fk"].is_null() => {
                    if text(&field["name"]) != part || !self.pack.leads(field) {
                        out.push(part.to_owned());
                        (at, leads) = (at + 1, false);
                        break;
                    }
                    (text(&field["fk"]["to"]), false)
                }
                (Some(field), _) if text(&field["type"]) == "ForeignObject" => match self.pack.object(field) {
                    Some(to) => (to, false),
                    None => return left("a ForeignObject"),
                },
                (Some(_), _) => {
                    out.push(part.to_owned());
                    (at, leads) = (at + 1, false);
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
            columns = field.filter(|field| text(&field["type"]) == "ForeignObject").map(|field| {
                list(&field["relation"]["from_fields"]).iter().map(|name| text(name).to_owned()).collect::<Vec<_>>()
            });
            by_field = field.is_some_and(|field| !field["fk"].is_null() && !self.pack.points_to_key(field));
            holds = field.and_then(|field| self.pack.held_between(field, "target_field")).or_else(|| {
                let field = self.pack.field(self.pack.model(text(&reverse?["model"])), text(&reverse?["field"]))?;
                self.pack.held_between(field, "source_field")
            });
            model = self.pack.label(to).to_owned();
            let (path, calling) = (out.join("__"), self.calling.as_deref().unwrap_or_default());
            let meant = |join: &&Joined| {
                join.from == from && join.path == path && join.name.is_none() && calling.contains(&join.alias)
            };
            // A negated condition is about the row that the same call means already, if there is one.
            let meant = self.joins.iter().find(meant).map(|join| join.alias.clone());
            if many && (over == Over::Join || meant.is_some()) {
                from = Some(meant.unwrap_or_else(|| self.join(from, &path, &model)));
                out.clear();
            }
        }
        if at == parts.len() && at > 0 && leads {
            self.ended = Some(model);
            if let Some(held) = columns {
                let before: Vec<String> = from.iter().cloned().chain(out[..out.len() - 1].to_vec()).collect();
                let whole = |part: &String| before.iter().chain([part]).cloned().collect::<Vec<_>>().join("__");
                self.at_key = Some(held.iter().map(whole).collect());
            }
        }
        let known: Vec<String> = from.into_iter().chain(out).collect();
        self.field = Some(known.join("__"));
        self.by_field = self.field.clone().filter(|_| leads && by_field);
        self.holds = self.field.clone().zip(holds.filter(|_| leads));
        let rest = parts[at..].iter().map(|part| (*part).to_owned());
        let whole: Vec<String> = known.into_iter().chain(rest).collect();
        Ok((whole.join("__"), false))
    }

    /// The last path, when it is compared with rows: a foreign key that holds another field than their key is followed to it.
    pub fn of_row(&mut self, by_name: String) -> String {
        match self.by_field.take() {
            Some(known) => format!("{known}__pk{}", &by_name[known.len()..]),
            None => by_name,
        }
    }

    /// The last path, when it is compared with a plain value: a many-to-many is with what its own table holds.
    pub fn of_held(&mut self, by_name: String) -> String {
        match self.holds.take() {
            Some((known, held)) => format!("{known}__{held}{}", &by_name[known.len()..]),
            None => by_name,
        }
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
            has.then(|| Some((self.pack.link(json, label)?, label.to_owned()))).flatten()
        })
    }

    fn join(&mut self, from: Option<String>, path: &str, model: &str) -> String {
        let same = |join: &&Joined| join.from == from && join.path == path && join.name.is_none();
        let mut known = self.joins.iter().rev().filter(same);
        let known = match &self.calling {
            Some(used) => {
                let mut known: Vec<&Joined> = known.collect();
                known.sort_by_key(|join| !used.contains(&join.alias));
                known.into_iter().find(|join| used.contains(&join.alias) || self.spare.contains(&join.alias))
            }
            None => known.next(),
        };
        let alias = match known {
            Some(join) => join.alias.clone(),
            None => self.add_join(from, path, model, None),
        };
        if let Some(used) = &mut self.calling {
            self.spare.retain(|spare| *spare != alias);
            used.push(alias.clone());
        }
        alias
    }

    fn add_join(&mut self, from: Option<String>, path: &str, model: &str, name: Option<String>) -> String {
        let alias = name.as_deref().map_or_else(|| format!("q_{}", self.joins.len()), super::translate::plain);
        let relation = match &from {
            Some(from) => format!("{from}__{path}"),
            None => path.to_owned(),
        };
        self.joined.push(Join::left(relation, &alias));
        self.joins.push(Joined { alias: alias.clone(), from, path: path.to_owned(), model: model.to_owned(), name });
        alias
    }

    /// Joins the filtered relation with which a path begins, if nothing has named it before.
    pub fn join_named(&mut self, path: &str) -> Translated<()> {
        let begins = |(name, _): &(String, Json)| path == name || path.starts_with(&format!("{name}__"));
        match self.unjoined.iter().position(begins) {
            Some(place) => {
                let (name, expr) = self.unjoined.remove(place);
                self.filtered(&name, &expr)
            }
            None => Ok(()),
        }
    }

    /// Refuses a filtered relation that could not be joined.
    pub fn refuse_unjoinable(mut self, name: &str, expr: &Json) -> Translated<()> {
        self.filtered(name, expr)?;
        let joins = std::mem::take(&mut self.joined).into_iter().map(Call::Join);
        let query = Query { calls: joins.collect(), ..Query::of(self.model) };
        match self.pack.catalog.check(&query) {
            // Its condition may name what is annotated before.
            Err(error) if error.code() != Code::UnknownName => {
                left(format!("refused, {}: a filtered relation", error.code().as_str()))
            }
            _ => Ok(()),
        }
    }

    /// Where a relation leads, and whether to many rows.
    fn step(&self, model: &str, part: &str) -> Option<(String, bool)> {
        let json = self.pack.model(model);
        let field = self.pack.field(json, part);
        let reverse = list(&json["reverse"]).iter().find(|reverse| text(&reverse["query_name"]) == part);
        let (to, many) = match (field, reverse) {
            (Some(field), _) if !field["fk"].is_null() => (text(&field["fk"]["to"]), false),
            (Some(field), _) if !field["m2m"].is_null() => (text(&field["m2m"]["to"]), true),
            (Some(field), _) => (self.pack.object(field)?, false),
            (None, Some(reverse)) => (text(&reverse["model"]), text(&reverse["kind"]) != "one_to_one"),
            (None, None) => return None,
        };
        Some((self.pack.label(to).to_owned(), many))
    }

    /// A relation under a name, whose rows are those for which a condition is true.
    fn filtered(&mut self, name: &str, expr: &Json) -> Translated<()> {
        let relation = text(&expr["relation"]);
        let parts: Vec<&str> = relation.split("__").collect();
        // What its condition names is joined before it.
        let mut named = Vec::new();
        super::combined::paths_of(&expr["condition"], &mut named);
        named.iter().try_for_each(|path| self.join_named(path))?;
        let (mut from, mut model, mut out) = (None, self.model.clone(), Vec::new());
        // It may begin with another one.
        self.join_named(relation)?;
        let begins = |join: &&Joined| join.name.as_deref() == Some(parts[0]);
        let before = self.joins.iter().find(begins).filter(|_| parts.len() > 1).cloned();
        let skipped = usize::from(before.is_some());
        if let Some(join) = before {
            (from, model) = (Some(join.alias), join.model);
        }
        for (at, part) in parts.iter().enumerate().skip(skipped) {
            let Some((to, many)) = self.step(&model, part) else {
                return left("refused, name.unknown: a filtered relation that is not there");
            };
            model = to;
            out.push(*part);
            if at + 1 == parts.len() {
                self.add_join(from.clone(), &out.join("__"), &model, Some(name.to_owned()));
            } else if many {
                from = Some(self.join(from, &out.join("__"), &model));
                out.clear();
            }
        }
        // Its condition names the relation, and means this join of it.
        let place = self.joined.len() - 1;
        let place_of = self.joins.len() - 1;
        self.joins[place_of].name = Some(relation.to_owned());
        let condition = self.q(&expr["condition"], Over::Join);
        self.joins[place_of].name = Some(name.to_owned());
        let condition = condition?.0;
        if self.joined.len() != place + 1 {
            return left("a filtered relation with a join in its condition");
        }
        self.joined[place].on = Some(condition);
        Ok(())
    }

    /// The relation to the rows between by which rows belong to an instance, where a model stands there; the model, and the path
    /// there to the key of the instance.
    fn between(&self, owner: &Json, accessor: &str) -> Option<(String, String, String)> {
        let reverse = list(&owner["reverse"]).iter().find(|reverse| text(&reverse["accessor"]) == accessor);
        let (field, near, far) = match reverse {
            Some(reverse) => {
                let field = self.pack.field(self.pack.model(text(&reverse["model"])), text(&reverse["field"]))?;
                (field, "target_field", "source_field")
            }
            None => (self.pack.field(owner, accessor)?, "source_field", "target_field"),
        };
        let m2m = &field["m2m"];
        if m2m["through_auto"] != Json::Bool(false) {
            return None;
        }
        let through = self.pack.model(text(&m2m["through"]));
        let (near, far) = (self.pack.field(through, text(&m2m[near]))?, text(&m2m[far]));
        let known = list(&self.pack.model(&self.model)["reverse"]).iter().find(|reverse| {
            self.pack.label(text(&reverse["model"])) == text(&through["label"]) && text(&reverse["field"]) == far
        })?;
        let part = if self.pack.points_to_key(near) { "" } else { "__pk" };
        let part = format!("{}{part}", text(&near["name"]));
        Some((text(&known["query_name"]).to_owned(), text(&through["label"]).to_owned(), part))
    }

    /// A name for the row between each row and the one that it is prefetched for, where the query of the rows names it: there Django goes
    /// by the join that the prefetch makes.
    pub fn row_between(&mut self, owner: &Json, accessor: &str, query: &Json) -> Option<String> {
        let (path, model, _) = self.between(owner, accessor)?;
        let begins = format!("\"{path}__");
        if !query["calls"].to_string().contains(&begins) {
            return None;
        }
        let alias = format!("q_{}", self.joins.len());
        self.joins.push(Joined { alias: alias.clone(), from: None, path, model, name: None });
        self.belonging.push(alias.clone());
        Some(alias)
    }

    /// Narrows to the rows that belong to an instance by one of its relations.
    pub fn belongs(&mut self, related: &Json) -> Translated<()> {
        let accessor = text(&related["accessor"]);
        let Some(owner) = self.pack.with_accessor(text(&related["model"]), accessor) else {
            return left("a relation of an instance by its accessor");
        };
        let key = self.pack.key_above(text(&related["model"]), owner, &related["pk"]);
        let key = literal(key.as_ref().unwrap_or(&related["pk"]))?;
        if let Some((relation, to, part)) = self.between(owner, accessor) {
            let alias = self.join(None, &relation, &to);
            self.filters.push(Term::named(format!("{alias}__{part}"), key));
            self.belonging.push(alias);
            return Ok(());
        }
        if let Some(reverse) = list(&owner["reverse"]).iter().find(|reverse| text(&reverse["accessor"]) == accessor) {
            let name = text(&reverse["field"]);
            if text(&reverse["kind"]) != "many_to_many" {
                let (by_name, _) = self.path(name, Over::Join)?;
                let by_name = self.of_row(by_name);
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
        let through = self.pack.model(text(&m2m["through"]));
        let row = |side: &Json| match self.pack.field(through, text(side)) {
            Some(field) if !self.pack.points_to_key(field) => format!("{}__pk", text(side)),
            _ => text(side).to_owned(),
        };
        let between = Query::of(self.pack.label(text(&m2m["through"])))
            .filter(row(&m2m["source_field"]), key)
            .values([row(&m2m["target_field"])]);
        self.filters.push(Term::named("pk__in", between));
        Ok(())
    }
}
