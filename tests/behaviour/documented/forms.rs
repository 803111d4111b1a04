//! The example of a form in `docs/models.md`.

use orm::{Kind, model::FieldMeta, prelude::*};
use serde_json::json;

orm::app! { pub diaries { BlogEntry, Writer } }

#[derive(Model, Debug, Clone)]
#[model(verbose_name = "entry", verbose_name_plural = "entries", permissions(publish = "may publish entries"))]
pub struct BlogEntry {
    pub id: i64,
    #[field(max_length = 80, min_length = 1, help = "as it stands in the list")]
    pub short_title: String,
    #[field(widget = "markdown")]
    pub text: String,
    pub mood: Option<Mood>,
    #[field(min = 1, max = 5, verbose_name = "rank in the list")]
    pub rank: i32,
    #[field(editable = false, default = 0)]
    pub views: i32,
    pub writer: ForeignKey<Writer>,
    #[field(auto_now_add)]
    pub created: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
pub struct Writer {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Merry,
    Grave,
}

/// What a form needs to know of a field; an admin and a serializer read the same.
fn describe(field: &FieldMeta) -> serde_json::Value {
    let choices = field.column.map_or(&[][..], |column| column.choices);
    let leads_to = field.relation.as_ref().map(|relation| relation.target().label());
    let widget = field.options.widget.unwrap_or(match (&leads_to, choices, field.column.map(|column| column.kind)) {
        (Some(_), ..) => "search",
        (None, [_, ..], _) => "select",
        (None, [], Some(Kind::Bool)) => "checkbox",
        (None, [], Some(Kind::I16 | Kind::I32 | Kind::I64 | Kind::F64 | Kind::Decimal)) => "number",
        _ => "text",
    });
    json!({
        "name": field.name,
        "label": field.label(),
        "help": field.options.help,
        "widget": widget,
        "required": field.column.is_none_or(|column| !column.nullable) && field.options.default.is_none(),
        "max_length": field.options.max_length,
        "min": field.options.rules.min.map(|min| min().to_json()),
        "max": field.options.rules.max.map(|max| max().to_json()),
        "choices": choices.iter().map(|choice| choice.label).collect::<Vec<_>>(),
        "leads_to": leads_to,
    })
}

#[test]
fn a_form_is_described() {
    let entry = BlogEntry::meta();
    assert_eq!((&*entry.verbose_name, &*entry.verbose_name_plural), ("entry", "entries"));
    assert_eq!(entry.permissions, [("publish", "may publish entries")]); // beside add, change, delete and view
    let form: Vec<_> = entry.fields.iter().filter(|field| field.is_editable()).map(describe).collect();
    let names: Vec<_> = form.iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["short_title", "text", "mood", "rank", "writer"]);
    assert_eq!(form[0]["label"], "short title");
    assert_eq!((&form[1]["widget"], &form[2]["widget"]), (&json!("markdown"), &json!("select")));
    assert_eq!((&form[3]["label"], &form[3]["max"]), (&json!("rank in the list"), &json!(5)));
    assert_eq!(form[4]["leads_to"], "diaries.Writer");
    assert_eq!(form[2]["choices"], json!(["Merry", "Grave"]));
    assert_eq!((&form[2]["required"], &form[0]["required"]), (&json!(false), &json!(true)));
}
