"""What a person puts beside the fields that `inspectdb` has written: what Django's classes say and the database does not know.

That is the second step of `docs/from-django.md`. Nothing is searched for in vain: an addition that finds no place is a mistake.
"""

import re

ENUMS = '''
/// Django's `Kind`.
#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Book,
    Lamp,
    #[choice(value = "any-thing")]
    Other,
}

/// Django's `Level`, of a `PositiveSmallIntegerField`.
#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Level {
    Low = 1,
    High = 5,
}

/// As they are stored.
macro_rules! stored {
    ($($choices:ident)+) => {$(
        impl serde::Serialize for $choices {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let stored = self.to_value().map_err(serde::ser::Error::custom)?;
                stored.to_json().serialize(to)
            }
        }
    )+};
}
stored! { Kind Level }
'''


class Models:
    def __init__(self, text):
        self.text = text

    def replaced(self, old, new, times=1):
        found = self.text.count(old)
        assert found == times, f"{found} times, not {times}: {old}\n{self.text}"
        self.text = self.text.replace(old, new)

    def called(self, old, new):
        """Gives a struct another name."""
        self.text, found = re.subn(rf"\b{old}\b(?! *=|\")", new, self.text)
        assert found, old

    def field(self, model, field, add="", ty=None, name=None, without=()):
        """Adds to what is said of a field, and gives it another type or another name."""
        begin = re.search(rf"pub struct {model} \{{\n", self.text)
        assert begin, model
        end = self.text.index("\n}\n", begin.end() - 1)
        line = re.compile(rf"((?:    // NOTE: .*\n)*)(?:    #\[field\((.*)\)\]\n)?    pub {re.escape(field)}: (.*),\n")
        found = line.search(self.text, begin.end() - 1, end + 1)
        assert found, f"{model}.{field}\n{self.text[begin.start():end]}"
        said = [part for part in [found[2] or ""] if part]
        for part in without:
            said = [re.sub(rf"(, )?\b{part}(, )?", lambda it: ", " if it[1] and it[2] else "", all) for all in said]
        said = [part for part in said if part] + ([add] if add else [])
        attribute = f"    #[field({', '.join(said)})]\n" if said else ""
        # Names that are the struct's own keep their columns.
        self.text = (
            f"{self.text[:found.start()]}{attribute}    pub {name or field}: {ty or found[3]},\n{self.text[found.end():]}"
        )

    def more(self, model, lines):
        """Adds fields to a struct."""
        self.text, found = re.subn(rf"(pub struct {model} \{{\n(?:    .*\n)*)", lambda it: it[1] + lines, self.text)
        assert found == 1, model

    def rule(self, model, field, rule):
        self.field(model, field, f"on_delete = {rule}" if rule else "", without=["on_delete = do_nothing"])


def added(text, vendor):
    models = Models(text)
    models.text = models.text.replace("#[derive(Model, Debug", "#[derive(Model, serde::Serialize, Debug")
    # What Django's classes are called, and their fields: fixtures go by these names.
    for old, new in [("Countries", "Country"), ("SmallThings", "Small"), ("DjangoContentType", "ContentType")]:
        models.called(old, new)
    models.replaced("        ContentType,\n", "")
    models.replaced("orm::app! {\n    pub contenttypes {\n        \n    }", "orm::app! {\n    pub contenttypes {\n        ContentType\n    }")
    models.field("Small", "match_it", name="r#match")
    models.field("Small", "self_value", name="selfish")
    models.field("Small", "camel_case", "default = false", name="camelCase")
    models.field("Credit", "order", name="_order")
    models.field("Book", "alike", "symmetrical", name="similar")
    models.field("Person", "friends", "symmetrical")
    models.field("Book", "buyer_id", "db_constraint = false, on_delete = do_nothing", "Option<ForeignKey<Person>>", "buyer", ["index"])
    models.field("Group", "persons", name="people")
    models.field("Person", "books", "via = keeper", name="kept")
    models.more("Book", "    #[field(through = Credit, via = book, to = person)]\n    pub authors: ManyToMany<Person>,\n")
    models.more("Person", "    #[field(through = Credit, via = person, to = book)]\n    pub books: ManyToMany<Book>,\n")

    for model, field, rule in [
        ("Permission", "content_type", "cascade"),
        ("Person", "country", "protect"),
        ("Person", "mentor", "set_null"),
        ("Person", "user", "set_null"),
        ("Book", "publisher", "cascade"),
        ("Book", "imprint", "cascade"),
        ("Book", "keeper", ""),
        ("Credit", "book", "cascade"),
        ("Credit", "person", "cascade"),
        ("Credit", "editor", "set_null"),
        ("Note", "content_type", "cascade"),
        ("Middle", "small", "cascade"),
    ]:
        models.rule(model, field, rule)
    models.field("Restaurant", "place_ptr", "parent", without=["on_delete = do_nothing"])
    models.field("Pizzeria", "restaurant_ptr", "parent", without=["on_delete = do_nothing"])

    for model in ("Person", "Book"):
        models.field(model, "created", "auto_now_add")
        models.field(model, "changed", "auto_now")
    models.field("Publisher", "r#type", "default = Kind::Book", "Kind")
    models.field("Book", "kind", "default = Kind::Book", "Kind")
    models.field("Book", "level", "default = Level::Low", "Level")
    models.replaced('m.kind.is_in(["book", "lamp", "any-thing"])', "m.kind.is_in([Kind::Book, Kind::Lamp, Kind::Other])")
    empty = 'default = ""'
    for model, field, default in [
        ("Person", "nick", empty),
        ("Publisher", "homepage", empty),
        ("Publisher", "rank", "default = 0_u16"),
        ("Book", "count", "default = 1"),
        ("Book", "rank", "default = 1_u16"),
        ("Book", "active", "default = true"),
        ("Book", "cover", empty),
        ("Credit", "share", "default = 1.0"),
        ("User", "first_name", empty),
        ("User", "last_name", empty),
        ("User", "email", empty),
        ("User", "is_staff", "default = false"),
        ("User", "is_superuser", "default = false"),
        ("User", "is_active", "default = true"),
        ("User", "date_joined", "default = Utc::now"),
    ]:
        models.field(model, field, default)

    models.field("Plain", "file", ty="orm::files::StoredFile")
    models.field("Maybe", "file", ty="Option<orm::files::StoredFile>")
    if vendor != "postgres":
        # A span of time is a number there.
        models.field("Plain", "duration", ty="TimeDelta")
        models.field("Maybe", "duration", ty="Option<TimeDelta>")
        models.field("Given", "span", "db_default = sql(\"duration '86400000001us'\")", "TimeDelta", without=["db_default = 86400000001"])
    if vendor == "sqlite":
        # SQLite does not know how many digits a decimal has.
        guess = "max_digits = 15, decimal_places = 5"
        for model, field, digits, places in [
            ("Book", "price", 8, 2),
            ("Book", "total", 12, 2),
            ("Given", "money", 8, 2),
            ("Plain", "money", 8, 2),
            ("Maybe", "money", 8, 2),
            ("Plain", "exact", 15, 6),
            ("Maybe", "exact", 15, 6),
        ]:
            models.field(model, field, f"max_digits = {digits}, decimal_places = {places}", without=[guess])

    if vendor == "postgres":
        # Whether an element can be NULL the database does not say.
        models.field("Room", "numbers", ty="Option<Vec<Option<i32>>>")

    assert "// pub " not in models.text, "a column is left out\n" + models.text
    apps = ["contenttypes", "auth", "store"] + (["own"] if vendor == "postgres" else [])
    calls = "".join(f".app({app}())" for app in apps)
    return models.text + ENUMS + f"\npub fn project(project: orm::Project) -> orm::Project {{\n    project{calls}\n}}\n"
