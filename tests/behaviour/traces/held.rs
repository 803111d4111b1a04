//! What foreign keys hold, and which rows of the loaded snapshot they lead to.

use super::pack::{Pack, is_true, list, text};
use orm::{model::ColumnMeta, tree::ModelRef};
use serde_json::Value as Json;

impl Pack {
    /// Where a relation of other fields' columns leads, if what it holds tells the rows there apart.
    pub fn object<'p>(&'p self, field: &'p Json) -> Option<&'p str> {
        let relation = &field["relation"];
        let target = self.model(text(&relation["to"]));
        let named = |name: &Json| {
            let fields = list(&target["fields"]).iter();
            fields.into_iter().find(|field| field["name"] == *name || field["attname"] == *name)
        };
        let to: Vec<&Json> = list(&relation["to_fields"]).iter().map(named).collect::<Option<_>>()?;
        let holds = |name: &str| to.iter().any(|field| text(&field["name"]) == name);
        let together = list(&target["meta"]["unique_together"]).iter();
        let apart = self.key_parts(target).iter().all(|part| holds(part))
            || to.iter().any(|field| is_true(&field["unique"]))
            || together.into_iter().any(|names| list(names).iter().all(|name| holds(text(name))));
        (apart && field["custom_class"].is_null()).then(|| self.label(text(&relation["to"])))
    }

    /// Whether a foreign key holds the key of its target, and no other field of it.
    pub fn points_to_key(&self, field: &Json) -> bool {
        let target = self.model(text(&field["fk"]["to"]));
        field["fk"]["to_field"] == target["pk"]
    }

    /// Whether a foreign key holds what tells the rows of its target apart.
    pub fn leads(&self, field: &Json) -> bool {
        if text(&field["type"]) == "ForeignObject" {
            return self.object(field).is_some();
        }
        let target = self.model(text(&field["fk"]["to"]));
        let held = self.field(target, text(&field["fk"]["to_field"]));
        held.is_some_and(|held| {
            let unique = is_true(&held["unique"]) || is_true(&held["fk"]["one_to_one"]);
            text(&held["type"]) != "CompositePrimaryKey" && (unique || self.points_to_key(field))
        })
    }

    /// The field that the table of a many-to-many holds of one of its sides, if it is another than the key.
    pub fn held_between(&self, field: &Json, side: &str) -> Option<String> {
        let through = self.model(text(&field["m2m"]["through"]));
        let side = self.field(through, text(&field["m2m"][side]))?;
        (!self.points_to_key(side)).then(|| text(&side["fk"]["to_field"]).to_owned())
    }

    /// What a foreign key holds that leads to the row of this key, in the snapshot that is loaded.
    pub fn held(&self, field: &Json, key: &Json) -> Json {
        self.beside(field, key, ["pk", "to_field"])
    }

    /// The key of the row that a foreign key leads to which holds this.
    pub fn key_of(&self, field: &Json, held: &Json) -> Json {
        self.beside(field, held, ["to_field", "pk"])
    }

    /// Of the row that has this value in one of the two fields that foreign keys to it may hold, the value in the other one.
    fn beside(&self, field: &Json, value: &Json, [from, to]: [&str; 2]) -> Json {
        if field["fk"].is_null() || self.points_to_key(field) {
            return value.clone();
        }
        let target = self.model(text(&field["fk"]["to"]));
        let name = |name: &str| text(if name == "pk" { &target["pk"] } else { &field["fk"]["to_field"] });
        self.found(target, &[(name(from), value)], name(to)).unwrap_or_default()
    }

    /// The key that a row of this key has as a row of one of its parents.
    pub fn key_above(&self, label: &str, owner: &Json, key: &Json) -> Option<Json> {
        let json = self.model(label);
        if json["label"] == owner["label"] {
            return Some(key.clone());
        }
        list(&json["parents"]).iter().map(|parent| self.label(text(parent))).find_map(|parent| {
            let link = self.link(json, parent)?;
            let above = match json["pk"] == *link {
                true => key.clone(),
                false => self.found(json, &[(text(&json["pk"]), key)], &link)?,
            };
            self.key_above(parent, owner, &above)
        })
    }

    /// The value of a field in the row of the loaded snapshot that has these values.
    pub fn found(&self, model: &Json, known: &[(&str, &Json)], wanted: &str) -> Option<Json> {
        let columns = list(&self.json["columns"][text(&model["table"])]);
        let place = |name: &str| {
            let field = list(&model["fields"]).iter().find(|it| it["name"] == *name || it["attname"] == *name)?;
            columns.iter().position(|known| *known == field["column"])
        };
        let known: Vec<(usize, &Json)> =
            known.iter().map(|(name, value)| Some((place(name)?, *value))).collect::<Option<_>>()?;
        let wanted = place(wanted)?;
        let rows = &self.json["snapshots"][&self.snapshot][text(&model["table"])];
        let mut rows = list(&self.json["tables"][text(rows)]["rows"]).iter();
        rows.find(|row| known.iter().all(|(place, value)| row[*place] == **value)).map(|row| row[wanted].clone())
    }

    /// The foreign key by which the table of a many-to-many leads to what is on the other side of an accessor.
    pub fn far_side<'p>(&'p self, owner: &'p Json, accessor: &Json) -> Option<&'p Json> {
        let reverse = list(&owner["reverse"]).iter().find(|reverse| reverse["accessor"] == *accessor);
        let (field, side) = match reverse {
            Some(reverse) => {
                (self.field(self.model(text(&reverse["model"])), text(&reverse["field"]))?, "source_field")
            }
            None => (self.field(owner, text(accessor))?, "target_field"),
        };
        self.field(self.model(text(&field["m2m"]["through"])), text(&field["m2m"][side]))
    }

    /// The columns that relations of other fields' columns have here, each with the relation and the part of the key that it holds.
    pub fn own_columns<'m>(&'m self, model: &'m ModelRef) -> Vec<(&'m Json, String, &'m ColumnMeta)> {
        let mut own = Vec::new();
        for field in list(&self.model(&model.label())["fields"]) {
            let Some(to) = Some(field).filter(|it| text(&it["type"]) == "ForeignObject").and_then(|it| self.object(it))
            else {
                continue;
            };
            let is_its = |column: &&ColumnMeta| model.fields[usize::from(column.field)].name == *text(&field["name"]);
            let parts = self.key_parts(self.model(to)).into_iter().zip(model.columns.iter().filter(is_its));
            own.extend(parts.map(|(part, column)| (field, part, column)));
        }
        own
    }

    /// The part of the key of the row to which a relation of other fields' columns leads.
    pub fn own_cell(&self, model: &ModelRef, names: &[Json], row: &Json, field: &Json, part: &str) -> Json {
        let fields = list(&self.model(&model.label())["fields"]);
        let held = |from: &Json| {
            let source = fields.iter().find(|field| field["name"] == *from || field["attname"] == *from)?;
            names.iter().position(|name| *name == source["column"]).map(|place| &row[place])
        };
        let relation = &field["relation"];
        let held = list(&relation["from_fields"]).iter().map(held).collect::<Option<Vec<_>>>();
        let Some(held) = held.filter(|held| !held.iter().any(|value| value.is_null())) else {
            return Json::Null;
        };
        let known: Vec<_> = list(&relation["to_fields"]).iter().map(text).zip(held).collect();
        self.found(self.model(text(&relation["to"])), &known, part).unwrap_or_default()
    }
}
