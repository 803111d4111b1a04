//! From a translated query to one by name: its calls in their order.

use super::{
    pack::{list, text},
    translate::{Level, Translated, left, plain},
};
use orm::dynamic::{Call, Order, Pick, Query, Term, path};
use serde_json::Value as Json;

/// A translated query, and where its values stand in a row.
pub struct Ready {
    pub query: Query,
    /// The columns of a row: the picked values, or the key of the model.
    pub columns: Vec<String>,
}

impl Level<'_> {
    /// One row of aggregates over what the query has.
    pub fn aggregate(mut self, items: &[Json]) -> Translated<Query> {
        if self.is_grouped() || self.is_cut() || self.combined.is_some() {
            self.unordered();
            self.carry(items)?;
            self.look_again()?;
        }
        let mut aggregates: Vec<(String, Term)> = Vec::new();
        for item in items {
            if item["as"].is_null() {
                return left("refused, by its form: an aggregate without a name");
            }
            let term = self.term(&item["expr"])?;
            aggregates.push((plain(text(&item["as"])), term));
            self.names.push((text(&item["as"]).to_owned(), true));
        }
        let (model, names) = (self.model.clone(), aggregates.clone());
        self.names.retain(|(name, _)| !names.iter().any(|(known, _)| *known == plain(name)));
        self.picked = None;
        let mut query = self.begin(model);
        self.emit(&mut query)?;
        Ok(query.then(Call::Aggregate(aggregates)))
    }

    /// Gives the rows that are aggregated the values of related ones that are asked for.
    fn carry(&mut self, items: &[Json]) -> Translated<()> {
        let mut paths = Vec::new();
        items.iter().for_each(|item| super::combined::paths_of(&item["expr"], &mut paths));
        if self.combined.is_some() || self.picked.is_some() {
            return Ok(());
        }
        for path in paths {
            let resolved = self.resolved(&format!("F:{path}"));
            let steps = list(&resolved["steps"]);
            if resolved["field"].is_string() && !steps.is_empty() && steps.iter().all(|step| step[2] == "one") {
                self.annotate(&serde_json::json!({"as": path, "expr": {"e": "F", "name": path}}))?;
            }
        }
        Ok(())
    }

    pub fn emit(&mut self, query: &mut Query) -> Translated<()> {
        let annotated: Vec<_> = std::mem::take(&mut self.annotations);
        let (aggregates, plain): (Vec<_>, Vec<_>) =
            annotated.into_iter().partition(|(name, _)| self.is_aggregate_name(name));
        // What a window gives is known after the filters on rows, and filtered after it.
        let (windows, plain): (Vec<_>, Vec<_>) = plain.into_iter().partition(|(name, _)| self.is_window_name(name));
        let (after, filters): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.filters).into_iter().partition(|term| self.mentions_window(term));
        let mut add = |call| query.calls.push(call);
        self.joined.drain(..).for_each(|join| add(Call::Join(join)));
        plain.into_iter().for_each(|item| add(Call::Alias(vec![item])));
        filters.into_iter().for_each(|term| add(Call::Filter(term)));
        windows.into_iter().for_each(|item| add(Call::Alias(vec![item])));
        after.into_iter().for_each(|term| add(Call::Filter(term)));
        self.own_order()?;
        if self.nothing {
            query.calls.push(Call::Nothing);
        }
        self.annotations = aggregates;
        if self.annotations.is_empty() && self.keys.is_none() {
            self.cut(query);
        }
        Ok(())
    }

    /// The order that the model has of its own, where none was asked for.
    pub fn own_order(&mut self) -> Translated<()> {
        if self.order.is_some() || self.keys.is_some() || self.row.is_some() {
            return Ok(());
        }
        let own = list(&self.pack.asked(&self.asked)["meta"]["ordering"]).to_vec();
        let before = self.joined.len();
        let order = self.order(&own)?;
        if self.joined.len() > before {
            return left("a model that is ordered over many rows");
        }
        self.order = Some(order);
        Ok(())
    }

    /// The query that goes on from what is there.
    fn begin(&mut self, model: String) -> Query {
        self.before.take().unwrap_or_else(|| self.over(model))
    }

    /// A query over a model, in which parts of instants are those in the active zone.
    pub fn over(&self, model: impl Into<String>) -> Query {
        match &self.pack.zone {
            Some(zone) if self.around.is_none() => Query::of(model).in_zone(super::zones::zone(zone)),
            _ => Query::of(model),
        }
    }

    fn is_window_name(&self, name: &str) -> bool {
        self.windows.iter().any(|known| known == name)
    }

    /// Whether a term has something of a window in it.
    pub fn mentions_window(&self, term: &Term) -> bool {
        let json = serde_json::to_string(term).unwrap();
        json.contains("\"window\"") || self.windows.iter().any(|name| json.contains(&format!("\"{name}")))
    }

    fn is_aggregate_name(&self, name: &str) -> bool {
        self.names.iter().any(|(known, aggregate)| *aggregate && plain(known) == name)
    }

    pub fn cut(&mut self, query: &mut Query) {
        let mut add = |call| query.calls.push(call);
        if let Some(order) = self.order.take() {
            add(Call::OrderBy(order));
        }
        if std::mem::take(&mut self.reversed) {
            add(Call::Reverse);
        }
        if self.distinct {
            add(Call::Distinct);
        }
        for (start, count) in self.slices.drain(..) {
            if start > 0 {
                add(Call::Offset(start));
            }
            if let Some(count) = count {
                add(Call::Limit(count));
            }
        }
    }

    /// The names of the columns of the model's key.
    pub fn key(&self) -> Vec<String> {
        let meta = self.pack.models.get(&self.model).unwrap();
        meta.key
            .iter()
            .map(|&column| meta.fields[usize::from(meta.columns[usize::from(column)].field)].name.to_string())
            .collect()
    }

    /// The whole query.
    pub fn ready(mut self) -> Translated<Ready> {
        if let Some(combined) = self.combined.take() {
            return self.combined_ready(*combined);
        }
        // What is picked has no rows beside it, in Django neither.
        if !self.prefetched.is_empty() && self.picked.is_none() {
            return self.whole_rows();
        }
        let mut query = self.begin(self.model.clone());
        let key = self.key();
        self.own_order()?;
        let names: Vec<String> = self.annotations.iter().map(|(name, _)| name.clone()).collect();
        let mut columns = match &self.picked {
            Some(picked) => picked.iter().map(|(name, _)| name.clone()).collect(),
            None => key.iter().map(|name| plain(&format!("key_{name}"))).collect::<Vec<_>>(),
        };
        let grouped = self.is_grouped();
        let picked = self.picked.clone();
        let pick = |(name, term): (String, Term)| Pick::Term { name, term };
        if !grouped {
            let mut row: Vec<(String, Term)> = match picked {
                Some(picked) => picked,
                None => {
                    let own = match self.whole {
                        true => self.own_keys(&key),
                        false => key.iter().map(|name| (plain(&format!("key_{name}")), path(name.as_str()))).collect(),
                    };
                    let names = if self.bare { &[][..] } else { &names[..] };
                    own.into_iter().chain(names.iter().map(|name| (format!("{name}_s"), path(name.as_str())))).collect()
                }
            };
            if self.distinct {
                // Django selects what different rows are ordered by, too.
                for order in self.order.iter().flatten() {
                    let Order::Term { by, .. } = order else {
                        continue;
                    };
                    if !row.iter().any(|(_, term)| term == by) {
                        row.push((format!("o_{}", row.len()), by.clone()));
                    }
                }
            }
            // A picked annotation has its name already.
            let row: Vec<(String, Term)> = row
                .into_iter()
                .map(|(name, term)| if names.contains(&name) { (format!("{name}_s"), term) } else { (name, term) })
                .collect();
            columns = columns
                .into_iter()
                .map(|name| if names.contains(&name) { format!("{name}_s") } else { name })
                .collect();
            let more = row.len() > columns.len() && self.bare;
            let slices = std::mem::take(&mut self.slices);
            let (distinct, mut rest) = (std::mem::take(&mut self.distinct), Query::of(""));
            self.emit(&mut query)?;
            (self.slices, self.distinct) = (slices, distinct);
            let order = query.calls.iter().rposition(|call| matches!(call, Call::OrderBy(_)));
            let order = order.map(|place| query.calls.split_off(place)).unwrap_or_default();
            let joined = query.calls.iter().any(|call| matches!(call, Call::Join(_)));
            let first_of = self.first_of.take();
            let alike = first_of.map(|fields| Call::DistinctOn(fields.into_iter().map(Pick::Path).collect()));
            let row = Call::Values(row.into_iter().map(pick).collect());
            match alike {
                // Joined rows are told apart when they are nothing but their values.
                Some(alike) if joined => {
                    query.calls.extend(order);
                    query.calls.extend([row, alike]);
                }
                Some(alike) => {
                    query.calls.extend(order.iter().cloned());
                    query.calls.extend([alike, row]);
                    query.calls.extend(order);
                }
                None => {
                    query.calls.push(row);
                    query.calls.extend(order);
                }
            }
            self.cut(&mut rest);
            query.calls.extend(rest.calls);
            if more {
                query.calls.push(Call::Values(columns.iter().map(|name| Pick::Path(name.clone())).collect()));
            }
            return Ok(Ready { query, columns: self.shown(columns) });
        }
        let keys: Vec<(String, Term)> = match self.keys.clone() {
            Some(keys) => keys,
            None => self.own_keys(&key),
        };
        let (slices, distinct) = (std::mem::take(&mut self.slices), std::mem::take(&mut self.distinct));
        let having = std::mem::take(&mut self.having);
        let plain_names: Vec<String> = names.iter().filter(|name| !self.is_aggregate_name(name)).cloned().collect();
        self.emit(&mut query)?;
        (self.slices, self.distinct) = (slices, distinct);
        let mut row: Vec<(String, Term)> = keys
            .into_iter()
            .map(|(name, term)| if names.contains(&name) { (format!("{name}_s"), term) } else { (name, term) })
            .collect();
        // After `values`, only what it names is a key.
        let kept = |name: &&String| picked.as_ref().is_none_or(|picked| picked.iter().any(|(known, _)| known == *name));
        for name in plain_names.iter().filter(|_| self.keys.is_none()).filter(kept) {
            let selected = format!("{name}_s");
            if !row.iter().any(|(known, _)| *known == selected) {
                row.push((selected, path(name.as_str())));
            }
        }
        // What is ordered by is a key as well.
        for order in self.order.iter().flatten() {
            let Order::Term { by, .. } = order else {
                continue;
            };
            let known = row.iter().any(|(_, term)| term == by) || self.mentions_aggregate(by);
            if !known {
                row.push((format!("o_{}", row.len()), by.clone()));
            }
        }
        // What is picked later is one too.
        for (name, term) in picked.iter().flatten() {
            let selected = format!("{name}_s");
            if plain_names.contains(name) && !row.iter().any(|(known, _)| *known == selected) {
                row.push((selected, path(name.as_str())));
            } else if !names.contains(name) && !row.iter().any(|(known, _)| known == name) {
                row.push((name.clone(), term.clone()));
            }
        }
        // What a condition on groups names beside aggregates is one as well.
        for name in std::mem::take(&mut self.loose) {
            if !row.iter().any(|(_, term)| *term == path(name.as_str())) {
                row.push((format!("o_{}", row.len()), path(name)));
            }
        }
        // And so is what stands beside an aggregate.
        for (_, term) in &self.annotations {
            let mut loose = Vec::new();
            beside_aggregates(&serde_json::to_value(term).unwrap(), &mut loose);
            for name in loose.into_iter().filter(|name| !name.starts_with("z_")) {
                if !row.iter().any(|(_, term)| *term == path(name.as_str())) {
                    row.push((format!("o_{}", row.len()), path(name)));
                }
            }
        }
        columns = columns
            .into_iter()
            .map(|name| if plain_names.contains(&name) { format!("{name}_s") } else { name })
            .collect();
        query.calls.push(Call::GroupBy(row.into_iter().map(pick).collect()));
        std::mem::take(&mut self.annotations).into_iter().for_each(|item| query.calls.push(Call::Annotate(vec![item])));
        having.into_iter().for_each(|term| query.calls.push(Call::Filter(term)));
        self.cut(&mut query);
        if self.bare {
            query.calls.push(Call::Values(columns.iter().map(|name| Pick::Path(name.clone())).collect()));
        }
        Ok(Ready { query, columns: self.shown(columns) })
    }

    /// The columns of a result: keys of several parts are one each.
    fn shown(&self, columns: Vec<String>) -> Vec<String> {
        let part_of = |name: &str| {
            let (base, place) = name.rsplit_once('_')?;
            self.composites.iter().any(|(known, _)| known == base).then(|| (base.to_owned(), place == "0"))
        };
        let shown = columns.into_iter().filter_map(|name| match part_of(&name) {
            Some((base, true)) => Some(base),
            Some((_, false)) => None,
            None => Some(name),
        });
        shown.collect()
    }

    fn mentions_aggregate(&self, term: &Term) -> bool {
        let json = serde_json::to_string(term).unwrap();
        json.contains("\"aggregate\"")
            || self.names.iter().any(|(name, aggregate)| *aggregate && json.contains(&format!("\"{}\"", plain(name))))
    }

    /// Every field of the model, its key under names of its own.
    fn own_keys(&self, key: &[String]) -> Vec<(String, Term)> {
        let meta = self.pack.models.get(&self.model).unwrap();
        let own = key.iter().map(|name| (plain(&format!("key_{name}")), path(name.as_str())));
        let fields =
            meta.fields.iter().filter(|field| field.column_count == 1 && !key.iter().any(|name| *name == field.name));
        own.chain(fields.map(|field| (format!("f_{}", plain(&field.name)), path(&*field.name)))).collect()
    }
}

/// The paths in a term that stand in no aggregate and in no query.
fn beside_aggregates(term: &Json, paths: &mut Vec<String>) {
    match term {
        Json::Array(all) => all.iter().for_each(|one| beside_aggregates(one, paths)),
        Json::Object(map) => {
            for (name, inner) in map {
                match (name.as_str(), inner) {
                    ("path", Json::String(path)) => paths.push(path.clone()),
                    ("aggregate" | "query" | "exists" | "any" | "over" | "where" | "value" | "typed", _) => {}
                    (_, inner) => beside_aggregates(inner, paths),
                }
            }
        }
        _ => {}
    }
}
