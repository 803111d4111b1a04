//! From Django's conditions to terms: what a lookup is made on, and what of a condition is about groups.

use super::{
    pack::{list, text},
    translate::{Level, Over, Translated, left},
};
use orm::{
    Kind,
    dynamic::{Node, Term, call, path},
};
use serde_json::Value as Json;

impl Level<'_> {
    pub fn filter(&mut self, json: &Json, negated: bool) -> Translated<()> {
        if is_vacuous(json) {
            return Ok(());
        }
        self.calling = Some(std::mem::take(&mut self.belonging));
        // Of several conditions, each is about the rows or about the groups.
        let apart = !negated && json["op"] == "AND" && json["negated"] != Json::Bool(true);
        let parts = if apart { list(&json["children"]) } else { std::slice::from_ref(json) };
        let over = if negated { Over::Set } else { Over::Join };
        let translated: Translated<Vec<_>> = parts.iter().map(|part| self.q(part, over)).collect();
        self.calling = None;
        let loose = std::mem::take(&mut self.loose);
        let translated = translated?;
        if translated.iter().any(|(_, aggregate)| *aggregate) {
            self.loose = loose;
        }
        for (term, aggregate) in translated {
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
            let (field, ended) = (self.field.take(), self.ended.is_some());
            // A key of several columns is that of the one row of a query, or among those of its rows.
            let path = match (&self.at_key, text(&json["value"]["e"])) {
                (Some(parts), "query" | "subquery") if parts.len() > 1 && path.ends_with("pk") => {
                    format!("{path}__in")
                }
                _ => path,
            };
            if let Some(compared) = self.of_columns(json) {
                return Ok((compared?, aggregate));
            }
            if self.is_text_of_row(json) {
                return left("a literal that is a row, where a text is needed");
            }
            let path = match (is_rows(&json["value"]), path.ends_with("__isnull")) {
                (true, _) => self.of_row(path),
                (false, false) => self.of_held(path),
                (false, true) => path,
            };
            if self.is_aggregate(&json["value"]) {
                self.loose.extend(field.filter(|field| !field.is_empty()));
            } else if aggregate && json["value"]["e"] == "F" {
                let (beside, _) = self.path(text(&json["value"]["name"]), over)?;
                self.loose.extend(self.field.take().filter(|_| !beside.starts_with("z_")));
            }
            if let Some(of) = self.null_of(json, ended) {
                let path = ["__exact", "__iexact"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
                return Ok((Term::named(format!("{path}__{of}"), true), aggregate));
            }
            let asked = self.coerced(text(&json["path"]), &json["value"]);
            let value = self.value(&asked)?;
            // A `null` that is there is no NULL.
            if let (Some(known), true) =
                (path.strip_suffix("__in"), list(&asked).iter().any(|one| one["e"] == "json_null"))
            {
                let null = Term::named(format!("{known}__is_json_null"), true);
                return Ok((null | Term::named(path, value), aggregate));
            }
            if let Some((on, lookup)) = self.text_of(text(&json["path"]), &path) {
                let mut on = on.cast(Kind::Text);
                let mut value = if asked.is_number() { Term::Value(asked.to_string().into()) } else { value };
                // The digits of a UUID count, and not what stands between them.
                if self.resolved(text(&json["path"]))["type"] == "UUIDField" {
                    let digits = |term: Term| call("replace", [term, "-".into(), "".into()]);
                    (on, value) = (digits(on), digits(value));
                }
                return Ok((on.lookup(lookup, value), aggregate));
            }
            return Ok((Term::named(path, value), aggregate || self.is_aggregate(&json["value"])));
        }
        let negated_here = json["negated"] == Json::Bool(true);
        // In a filter, what stands below a negation is asked of sets.
        let over = if negated_here && self.calling.is_some() { Over::Set } else { over };
        let (mut terms, mut aggregate) = (Vec::new(), false);
        // What has nothing in it is no condition to Django, wherever it stands.
        for child in list(&json["children"]).iter().filter(|child| !is_vacuous(child)) {
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

    /// The lookup that a comparison with nothing is: a document may hold `null`, and of a relation there is no row.
    fn null_of(&self, json: &Json, ended: bool) -> Option<&'static str> {
        let value = &json["value"];
        let resolved = self.resolved(text(&json["path"]));
        let is_document = resolved["type"] == "JSONField" || value["output_field"]["type"] == "JSONField";
        let is_exact = resolved["lookup"].is_null()
            || resolved["lookup"] == "exact"
            || is_document && resolved["lookup"] == "iexact";
        let is_nothing =
            value.is_null() || value["e"] == "json_null" || value["e"] == "value" && value["value"].is_null();
        match (is_exact && is_nothing, is_document, ended) {
            (true, true, _) => Some("is_json_null"),
            (true, false, true) if value.is_null() => Some("isnull"),
            _ => None,
        }
    }

    /// A relation of other fields' columns that is compared by size: column by column, with what the given row has there.
    fn of_columns(&mut self, json: &Json) -> Option<Translated<Term>> {
        let lookup = text(&json["path"]).rsplit("__").next().filter(|it| ["gt", "gte", "lt", "lte"].contains(it))?;
        let name = text(&json["path"]).strip_suffix(lookup)?.strip_suffix("__")?;
        let field = self.pack.field(self.pack.model(&self.model), name).filter(|field| !field["relation"].is_null())?;
        let relation = &field["relation"];
        let held = match json["value"]["$obj"].is_string() {
            true => {
                let target = self.pack.model(text(&relation["to"]));
                let known = [(text(&target["pk"]), &json["value"]["pk"])];
                let to = list(&relation["to_fields"]).iter();
                to.map(|to| self.pack.found(target, &known, text(to))).collect::<Option<_>>()?
            }
            false => list(&json["value"]).to_vec(),
        };
        let terms = list(&relation["from_fields"]).iter().map(|from| path(text(from))).collect();
        Some(self.by_first_that_differs(lookup, terms, &held))
    }

    /// Whether a row is compared with a text: Django makes the text of it that a model's own program gives.
    fn is_text_of_row(&self, json: &Json) -> bool {
        let resolved = self.resolved(text(&json["path"]));
        let texts = ["CharField", "TextField"].contains(&text(&resolved["type"]));
        let is_row = |value: &Json| value["$obj"].is_string();
        texts && resolved["transforms"].is_null() && (is_row(&json["value"]) || list(&json["value"]).iter().any(is_row))
    }

    /// What the file says of a path.
    pub(super) fn resolved(&self, asked: &str) -> &Json {
        let paths = &self.pack.json["paths"];
        let resolved = &paths[&self.asked][asked];
        if resolved.is_null() { &paths[&self.model][asked] } else { resolved }
    }

    /// The text of a number or a day that a lookup on texts is made on: Django makes it one.
    fn text_of(&self, asked: &str, by_name: &str) -> Option<(Term, String)> {
        let resolved = self.resolved(asked);
        let lookup = text(&resolved["lookup"]);
        let texts = ["contains", "startswith", "endswith", "regex", "exact"];
        let on_text = lookup != "exact" && texts.contains(&lookup.strip_prefix('i').unwrap_or(lookup));
        let kind = text(&resolved["type"]);
        let numbers = ["Integer", "Auto", "Float", "Decimal", "Date", "Time", "Boolean", "UUID"];
        let is_number = numbers.iter().any(|number| kind.contains(number));
        let days = list(&resolved["transforms"]).iter().any(|part| ["date", "time"].contains(&text(part)));
        // So it does of a document, whose own lookups these are not.
        let of_document = kind == "JSONField"
            && lookup != "contains"
            && lookup != "iexact"
            && list(&resolved["transforms"]).is_empty();
        (on_text && (is_number && !days || of_document))
            .then(|| Some((path(by_name.strip_suffix(&format!("__{lookup}"))?), lookup.to_owned())))
            .flatten()
    }
}

/// Whether a condition has nothing in it.
fn is_vacuous(json: &Json) -> bool {
    json["e"] == "q" && list(&json["children"]).iter().all(is_vacuous)
}

/// Whether what is compared with are rows.
fn is_rows(value: &Json) -> bool {
    let picks = |call: &Json| ["values", "values_list"].contains(&text(&call["m"]));
    match value {
        Json::Array(all) => all.iter().any(is_rows),
        query if query["e"] == "query" || query["e"] == "subquery" => {
            let query = query.get("query").unwrap_or(query);
            !list(&query["calls"]).iter().any(picks)
        }
        other => other["$obj"].is_string(),
    }
}
