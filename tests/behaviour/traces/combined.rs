//! Several queries as one, and queries whose rows are looked at again.

use super::{
    emit::Ready,
    pack::{list, text},
    translate::{Level, Over, Translated, left, plain},
};
use orm::dynamic::{Call, Pick, Query, path};
use serde_json::Value as Json;

/// The rows of several queries as sets.
#[derive(Clone)]
pub struct Combined<'p> {
    how: &'static str,
    parts: Vec<Level<'p>>,
    /// What is called on all of them together.
    keys: Option<Vec<Json>>,
}

impl<'p> Level<'p> {
    /// `union` and its like: what was asked so far becomes the first part.
    pub fn combine_sets(&mut self, call: &Json) -> Translated<()> {
        let how = match text(&call["m"]) {
            "union" if call["all"] == Json::Bool(true) => "union_all",
            "union" => "union",
            "intersection" => "intersection",
            _ => "difference",
        };
        let mut fresh = Level::new(self.pack, &self.asked, self.nulls_first);
        (fresh.around, fresh.bare) = (self.around.clone(), self.bare);
        let mut parts = vec![std::mem::replace(self, fresh)];
        for other in list(&call["others"]) {
            let mut part = Level::new(self.pack, text(&other["model"]), self.nulls_first);
            (part.around, part.bare) = (self.around.clone(), self.bare);
            if !other["related"].is_null() {
                part.belongs(&other["related"])?;
            }
            part.calls(list(&other["calls"]))?;
            parts.push(part);
        }
        self.combined = Some(Box::new(Combined { how, parts, keys: None }));
        Ok(())
    }

    pub fn sliced(&mut self, call: &Json) -> Translated<()> {
        let (start, stop) = (call["start"].as_u64().unwrap_or(0), call["stop"].as_u64());
        self.slices.push((start, stop.map(|stop| stop.saturating_sub(start))));
        Ok(())
    }

    /// A call on several queries as one.
    pub fn call_on_all(&mut self, call: &Json) -> Translated<()> {
        let Some(combined) = &mut self.combined else {
            return Ok(());
        };
        match text(&call["m"]) {
            "order_by" => combined.keys = Some(list(&call["keys"]).to_vec()),
            "reverse" => self.reversed = !self.reversed,
            "none" => self.nothing = true,
            "slice" => self.sliced(call)?,
            "defer" | "only" | "select_related" => {}
            // Django picks in each of the queries, unless they have picked already.
            "values" | "values_list" => {
                let parts = &mut combined.parts;
                let open = parts.iter_mut().filter(|part| !part.has_picked());
                open.into_iter().try_for_each(|part| part.call(call))?;
            }
            "union" | "intersection" | "difference" => self.combine_sets(call)?,
            other => {
                return left(format!("answered here, where Django raises: {other} after a union"));
            }
        }
        Ok(())
    }

    fn has_picked(&self) -> bool {
        match &self.combined {
            Some(combined) => combined.parts.iter().all(Level::has_picked),
            // Django does not count terms among them.
            None => {
                self.picked.iter().flatten().any(|(name, _)| !self.annotations.iter().any(|(known, _)| known == name))
            }
        }
    }

    /// Django compares whole rows.
    fn set_whole(&mut self) {
        self.whole = true;
        self.combined.iter_mut().flat_map(|combined| &mut combined.parts).for_each(Level::set_whole);
    }

    pub fn combined_ready(mut self, combined: Combined<'p>) -> Translated<Ready> {
        let Combined { how, mut parts, mut keys } = combined;
        let json = self.pack.asked(&self.asked);
        let own = list(&json["meta"]["ordering"]);
        let is_plain = |key: &Json| {
            let field = self.pack.field(json, text(&key["path"]));
            field.is_some_and(|field| field["fk"].is_null())
        };
        let picks = |part: &Level<'_>| part.picked.is_some() || part.combined.is_some() || part.is_grouped();
        if keys.is_none() && !own.is_empty() && own.iter().all(is_plain) && !self.bare && !parts.iter().any(picks) {
            keys = Some(own.iter().map(super::order_key).collect());
        }
        let mut ordered = Vec::new();
        keys.iter().flatten().for_each(|key| paths_of(key, &mut ordered));
        let picked = parts.first().and_then(|first| first.picked.as_ref()).map(Vec::len);
        for part in &mut parts {
            ordered.iter().try_for_each(|path| part.also_pick(path))?;
        }
        let mut parts = parts.into_iter().map(|mut part| {
            part.set_whole();
            part.ready()
        });
        let Some(first) = parts.next() else {
            return left("a union of nothing");
        };
        let Ready { mut query, mut columns } = first?;
        // What only the order needs is no column of the result.
        columns.truncate(picked.unwrap_or(columns.len()));
        for part in parts {
            let other = part?.query;
            query.calls.push(match how {
                "union" => Call::Union(other),
                "union_all" => Call::UnionAll(other),
                "intersection" => Call::Intersection(other),
                _ => Call::Difference(other),
            });
        }
        self.row = Some(row_of(&query));
        if self.nothing {
            query.calls.push(Call::Nothing);
        }
        if self.order.is_none() {
            self.order = keys.map(|keys| self.order(&keys)).transpose()?;
        }
        self.cut(&mut query);
        Ok(Ready { query, columns })
    }

    /// Picks what the rows of several queries are ordered by, unless it is picked already.
    fn also_pick(&mut self, name: &str) -> Translated<()> {
        let Some(mut picked) = self.picked.take().filter(|_| self.combined.is_none()) else {
            return Ok(());
        };
        let key = self.pack.key_parts(self.pack.model(&self.model));
        let name = if name == "pk" { &*key[0] } else { name };
        if !picked.iter().any(|(known, _)| *known == plain(name)) {
            let (by_name, _) = self.path(name, Over::Join)?;
            picked.push((plain(name), path(by_name)));
        }
        self.picked = Some(picked);
        Ok(())
    }

    /// Makes the query so far one whose rows are looked at again.
    pub fn look_again(&mut self) -> Translated<()> {
        let mut fresh = Level::new(self.pack, &self.asked, self.nulls_first);
        (fresh.around, fresh.bare) = (self.around.clone(), self.bare);
        let mut before = std::mem::replace(self, fresh);
        before.set_whole();
        let query = before.ready()?.query;
        self.row = Some(row_of(&query));
        self.before = Some(query);
        Ok(())
    }

    /// The name in the row of what a path named before.
    pub fn in_row(&self, name: &str) -> Option<Translated<String>> {
        let row = self.row.as_ref()?;
        let name = match name {
            "pk" => self.pack.model(&self.model)["pk"].as_str().unwrap_or(name),
            name => name,
        };
        let field = list(&self.pack.model(&self.model)["fields"]).iter().find(|field| text(&field["attname"]) == name);
        let named = field.map_or(name, |field| text(&field["name"]));
        let likely =
            [plain(name), format!("{}_s", plain(name)), plain(&format!("key_{named}")), format!("f_{}", plain(named))];
        Some(match likely.into_iter().find(|name| row.contains(name)) {
            Some(known) => Ok(known),
            None => left("a value of rows that they do not have"),
        })
    }
}

/// The paths that an order key or a condition names.
pub fn paths_of(json: &Json, paths: &mut Vec<String>) {
    match json {
        Json::Array(all) => all.iter().for_each(|one| paths_of(one, paths)),
        Json::Object(map) => {
            let named = json["path"].as_str().or(json["name"].as_str().filter(|_| json["e"] == "F"));
            paths.extend(named.map(str::to_owned));
            map.values().for_each(|one| paths_of(one, paths));
        }
        _ => {}
    }
}

/// The names of the values that a query's rows have.
fn row_of(query: &Query) -> Vec<String> {
    let mut row = Vec::new();
    for call in &query.calls {
        match call {
            Call::Values(picks) | Call::GroupBy(picks) => {
                row = picks.iter().map(named).collect();
            }
            Call::Annotate(items) => row.extend(items.iter().map(|(name, _)| name.clone())),
            _ => {}
        }
    }
    row
}

fn named(pick: &Pick) -> String {
    match pick {
        Pick::Path(path) => path.clone(),
        Pick::Term { name, .. } => name.clone(),
        _ => String::new(),
    }
}
