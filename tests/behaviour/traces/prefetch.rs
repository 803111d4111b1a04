//! Prefetched rows: what is asked for, and whether they are the recorded ones.

use super::{
    compare::{instance, same},
    emit::Ready,
    pack::{Pack, list, text},
    translate::{Level, Translated, left, plain},
};
use orm::dynamic::{Call, DynRow, Prefetch, Query, path};
use serde_json::Value as Json;

impl Pack {
    /// The path here of a relation that Django knows by its accessor, and the model that it leads to.
    fn relation(&self, model: &str, accessor: &str) -> Option<(Vec<String>, String)> {
        let json = self.model(model);
        let reverse = list(&json["reverse"]).iter().find(|reverse| text(&reverse["accessor"]) == accessor);
        if let Some(reverse) = reverse {
            let to = self.label(text(&reverse["model"])).to_owned();
            return Some((vec![text(&reverse["query_name"]).to_owned()], to));
        }
        let Some(field) = self.field(json, accessor) else {
            // A child has what its parent has.
            return list(&json["parents"]).iter().find_map(|parent| {
                let parent = self.label(text(parent));
                let (path, to) = self.relation(parent, accessor)?;
                Some((std::iter::once(self.link(json, parent)?).chain(path).collect(), to))
            });
        };
        let to = field["fk"]["to"].as_str().or(field["m2m"]["to"].as_str()).or(self.object(field))?;
        Some((vec![accessor.to_owned()], self.label(to).to_owned()))
    }
}

/// The rows at the end of a path of relations.
fn at_end<'r>(row: &'r DynRow, path: &[String]) -> Option<&'r [DynRow]> {
    match path {
        [last] => row.related(last),
        [link, rest @ ..] => at_end(row.related(link)?.first()?, rest),
        [] => None,
    }
}

impl Level<'_> {
    /// Adds what a call asks for.
    pub fn prefetch_related(&mut self, call: &Json) -> Translated<()> {
        if call["lookups"].is_null() {
            self.prefetched.clear();
        }
        for lookup in list(&call["lookups"]) {
            if self.prefetched_below(lookup)? {
                continue;
            }
            let (mut model, mut parts) = (self.model.clone(), Vec::new());
            let mut last = (model.clone(), "");
            for part in text(&lookup["path"]).split("__") {
                let Some((name, to)) = self.pack.relation(&model, part) else {
                    return left("refused, name.unknown: a relation that is not there");
                };
                parts.extend(name);
                last = (std::mem::replace(&mut model, to), part);
            }
            let relation = parts.join("__");
            let mut asked = Prefetch::from(relation.clone());
            if !lookup["query"].is_null() {
                let mut level = Level::new(self.pack, text(&lookup["query"]["model"]), self.nulls_first);
                if !lookup["query"]["related"].is_null() {
                    level.belongs(&lookup["query"]["related"])?;
                }
                let between = level.row_between(self.pack.model(&last.0), last.1, &lookup["query"]);
                level.calls(list(&lookup["query"]["calls"]))?;
                if level.model != model && self.pack.link(self.pack.model(&level.model), &model).is_some() {
                    // Rows of a child stand for those of its parent, which has their keys.
                    if level.order.is_some() || level.is_cut() {
                        return left("rows of a child, in an order of their own, in place of those of its parent");
                    }
                    level.bare = true;
                    let rows = Query::of(model.as_str()).filter("pk__in", level.ready()?.query);
                    self.prefetched.push(Prefetch::of(relation).rows(rows));
                    continue;
                }
                asked = Prefetch::of(relation).rows(level.whole_rows()?.query);
                if let Some(between) = between {
                    asked = asked.between(between);
                }
            }
            if let Some(name) = lookup["to_attr"].as_str() {
                asked = asked.named(plain(name));
                self.named_rows.push((name.to_owned(), model, self.prefetched.len()));
            }
            self.prefetched.push(asked);
        }
        Ok(())
    }

    /// What is asked for below rows that an earlier lookup has given a name.
    fn prefetched_below(&mut self, lookup: &Json) -> Translated<bool> {
        let Some((first, rest)) = text(&lookup["path"]).split_once("__") else {
            return Ok(false);
        };
        let Some((_, model, place)) = self.named_rows.iter().find(|(name, ..)| name == first) else {
            return Ok(false);
        };
        let mut below = Level::new(self.pack, model, self.nulls_first);
        let mut lookup = lookup.clone();
        lookup["path"] = rest.into();
        below.prefetch_related(&serde_json::json!({"lookups": [lookup]}))?;
        let Prefetch::Rows(rows) = &mut self.prefetched[*place] else {
            return Ok(false);
        };
        let query = rows.query.get_or_insert_with(|| Query::of(model.as_str()));
        query.calls.push(Call::Prefetch(below.prefetched));
        Ok(true)
    }

    /// The query with whole rows, and what is prefetched for them.
    pub fn whole_rows(mut self) -> Translated<Ready> {
        if self.is_grouped() || self.picked.is_some() || self.combined.is_some() || self.row.is_some() {
            return left("related rows beside values");
        }
        let mut query = self.over(self.model.clone());
        let meta = self.pack.models.get(&self.model).unwrap();
        let columns = meta.key.iter().map(|&column| {
            let field = &meta.fields[usize::from(meta.columns[usize::from(column)].field)];
            if field.relation.is_some() { format!("{}_id", field.name) } else { field.name.to_string() }
        });
        let columns = columns.collect();
        let names: Vec<String> = self.annotations.iter().map(|(name, _)| name.clone()).collect();
        let prefetched = std::mem::take(&mut self.prefetched);
        self.own_order()?;
        self.emit(&mut query)?;
        let order = query.calls.iter().position(|call| matches!(call, Call::OrderBy(_))).unwrap_or(query.calls.len());
        let annotated = names.into_iter().map(|name| Call::Annotate(vec![(format!("{name}_s"), path(name))]));
        query.calls.splice(order..order, annotated);
        if !prefetched.is_empty() {
            query.calls.push(Call::Prefetch(prefetched));
        }
        Ok(Ready { query, columns })
    }
}

/// A recorded query, by which rows beside rows are compared.
pub struct Recorded<'p> {
    pub pack: &'p Pack,
    pub query: &'p Json,
    /// Whether the recording found the order of lists to be always the same.
    pub ordered: bool,
}

impl Recorded<'_> {
    /// Whether the rows under a name have an order: one that was asked for, or their model's own. Without one they come as the
    /// database likes.
    fn has_order(&self, name: &str, to: Option<&str>) -> bool {
        let mut lookups = Vec::new();
        lookups_of(self.query, &mut lookups);
        let given = lookups.iter().rev().find(|lookup| match lookup["to_attr"].as_str() {
            Some(own) => own == name,
            None => text(&lookup["path"]).rsplit("__").next() == Some(name),
        });
        let query = given.map_or(&Json::Null, |lookup| &lookup["query"]);
        let asked = list(&query["calls"]).iter().rev().find(|call| call["m"] == "order_by");
        let of_model = |label: &str| !list(&self.pack.asked(label)["meta"]["ordering"]).is_empty();
        let own = || query["model"].as_str().or(to).is_none_or(of_model);
        self.ordered && asked.map_or_else(own, |call| !list(&call["keys"]).is_empty())
    }
}

/// Everything that is prefetched in a query, and in the queries inside it.
fn lookups_of<'j>(json: &'j Json, lookups: &mut Vec<&'j Json>) {
    match json {
        Json::Array(all) => all.iter().for_each(|one| lookups_of(one, lookups)),
        Json::Object(map) => {
            lookups.extend(list(&json["lookups"]));
            map.values().for_each(|one| lookups_of(one, lookups));
        }
        _ => {}
    }
}

/// Whether a row has the recorded rows beside it.
pub fn beside(recorded: &Recorded<'_>, model: &str, row: &DynRow, wanted: &Json) -> bool {
    let pack = recorded.pack;
    let lists = wanted["prefetched"].as_object().into_iter().flatten();
    let mut lists = lists.map(|(name, wanted)| (name, list(wanted).to_vec()));
    let lists_agree = lists.all(|(name, wanted)| {
        let known = pack.relation(model, name);
        let ours = row.related(&plain(name)).or_else(|| at_end(row, &known.as_ref()?.0));
        let Some(ours) = ours else { return false };
        let to = known.map(|(_, to)| to);
        let one = |row: &DynRow, wanted: &Json| is_row(recorded, to.as_deref(), row, wanted);
        let mut left: Vec<&Json> = wanted.iter().collect();
        ours.len() == wanted.len()
            && match recorded.has_order(name, to.as_deref()) {
                true => ours.iter().zip(&wanted).all(|(row, wanted)| one(row, wanted)),
                false => ours.iter().all(|row| {
                    let place = left.iter().position(|wanted| one(row, wanted));
                    place.map(|place| left.swap_remove(place)).is_some()
                }),
            }
    });
    let mut single = wanted["rel"].as_object().into_iter().flatten();
    let single_agree = single.all(|(name, wanted)| {
        let Some((known, to)) = pack.relation(model, name) else {
            return true;
        };
        match (at_end(row, &known), wanted) {
            (None, _) => true,
            (Some(rows), Json::Null) => rows.is_empty(),
            (Some([row]), wanted) => is_row(recorded, Some(&to), row, wanted),
            (Some(_), _) => false,
        }
    });
    lists_agree && single_agree
}

fn is_row(recorded: &Recorded<'_>, model: Option<&str>, row: &DynRow, wanted: &Json) -> bool {
    match model {
        Some(model) => {
            let key = text(&recorded.pack.model(model)["pk"]).to_owned();
            let key = if row.get(&key).is_some() { key } else { format!("{key}_id") };
            instance(row, &[key], wanted) && beside(recorded, model, row, wanted)
        }
        // Rows under a name of their own: what their key is called is not known.
        None => row.values().first().is_some_and(|value| same(value, &wanted["pk"])),
    }
}
