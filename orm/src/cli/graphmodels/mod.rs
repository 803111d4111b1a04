//! `graphmodels`: a picture of the models and their relations.

mod dot;
mod graph;
mod mermaid;
mod svg;

use super::{Command, CommandFuture, Context, chosen};
use crate::{Code, Error, Result, migrate};
use clap::{Arg, ArgAction};
use graph::Graph;

pub(super) struct GraphModels;

impl Command for GraphModels {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("graphmodels")
            .about("Draws the models and their relations, as Mermaid, DOT or SVG")
            .arg(Arg::new("apps").value_name("APP").num_args(0..).help("Only these applications"))
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .value_parser(["mermaid", "dot", "svg"])
                    .help("What to write; else what the file is called by, or mermaid"),
            )
            .arg(Arg::new("no-columns").long("no-columns").action(ArgAction::SetTrue).help("Only the models' names"))
            .arg(Arg::new("output").long("output").value_name("FILE").help("The file to write, over one that is there"))
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { draw(context) })
    }
}

fn draw(context: &Context<'_>) -> Result<()> {
    let (apps, matches) = (context.project().apps(), context.matches());
    let wanted = chosen(apps, matches)?;
    let schema = migrate::schema(apps)?;
    let graph = Graph::new(&schema, |app: &str| wanted.contains(app), !matches.get_flag("no-columns"));
    let output = matches.get_one::<String>("output");
    let format = matches.get_one::<String>("format").map(String::as_str);
    let by_name = output.and_then(|path| path.rsplit_once('.')).map(|(_, end)| end);
    let picture = match format.or(by_name) {
        Some("dot" | "gv") => dot::draw(&graph),
        Some("svg") => svg::draw(&graph),
        _ => mermaid::draw(&graph),
    };
    match output {
        None => context.say(picture.trim_end()),
        Some(path) => {
            std::fs::write(path, picture).map_err(|error| {
                Error::new(Code::BadSetting, format!("`{path}` cannot be written")).with_source(error)
            })?;
            context.say(format_args!("wrote {path}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrations_engine::{
        Schema,
        schema::{ColumnType, Field, Model, OnDelete},
    };

    fn graph(columns: bool) -> Graph {
        let key = |name: &str| migrations_engine::schema::ModelKey::new("shop", name);
        let mut schema = Schema::default();
        schema.insert(Model::new("shop", "Author").with(Field::auto_id()).with(Field::new("name", ColumnType::Text)));
        let price = ColumnType::Decimal { max_digits: 8, decimal_places: 2 };
        let book = Model::new("shop", "Book")
            .with(Field::auto_id())
            .with(Field::foreign_key("author", key("Author"), OnDelete::Cascade))
            .with(Field::foreign_key("next", key("Book"), OnDelete::SetNull).nullable())
            .with(Field::new("price", price).nullable());
        let many = Field::many_to_many(&book, "readers", key("Author"));
        schema.insert(book.with(many));
        Graph::new(&schema, |_| true, columns)
    }

    #[test]
    fn the_picture_has_models_columns_and_relations() {
        let wanted = "erDiagram
    Author {
        bigint id PK
        text name
    }
    Book {
        bigint id PK
        bigint author FK
        bigint next FK \"or NULL\"
        decimal(8-2) price \"or NULL\"
    }
    Book }o--|| Author : \"author\"
    Book }o--o| Book : \"next\"
    Book }o--o{ Author : \"readers\"
";
        assert_eq!(mermaid::draw(&graph(true)), wanted);
        assert!(mermaid::draw(&graph(false)).starts_with("erDiagram\n    Author\n    Book\n    Book }o--|| Author"));

        let dot = dot::draw(&graph(true));
        assert!(dot.contains("m1:r1 -> m0 [label = \"author\", dir = both, arrowtail = crow"), "{dot}");
        assert_eq!((dot.matches('{').count(), dot.matches('}').count()), (1, 1));

        let svg = svg::draw(&graph(true));
        assert_eq!(svg.matches("<path class=\"edge").count(), 3);
        assert_eq!(svg.matches("<rect x=").count(), 4);
        assert!(svg.contains(">price: decimal(8, 2)?</text>") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }

    #[test]
    fn what_is_referred_to_stands_on_the_left() {
        let svg = svg::draw(&graph(false));
        let place = |name: &str| {
            let before = svg.split(&format!(">{name}</text>")).next().unwrap_or_default();
            let x = before.rsplit("x=\"").next().unwrap_or_default();
            x.split('"').next().and_then(|x| x.parse::<f64>().ok())
        };
        assert!(place("Author") < place("Book"), "{svg}");
    }
}
