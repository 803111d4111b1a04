//! What PostgreSQL alone has, in its words.

use super::{Sql, elements, expr::bad};
use crate::{
    Dialect, Kind, PgKind, Result, Value,
    tree::{Aggregate, Expr, Function, ModelRef, PgFunction, Select, Selected, Weight},
};

/// How a function is written.
enum Form {
    /// Between its arguments, in parentheses.
    Between(&'static str),
    /// Before its argument.
    Before(&'static str),
    /// A name before a list.
    Named(&'static str),
    /// The texts before, between and after its arguments.
    Around(&'static [&'static str]),
}

fn form(function: PgFunction) -> Form {
    use Form::{Around, Before, Between, Named};
    match function {
        PgFunction::Contains => Between(" @> "),
        PgFunction::ContainedBy => Between(" <@ "),
        PgFunction::Overlap | PgFunction::BothQueries => Between(" && "),
        PgFunction::ArrayLength => Named("CARDINALITY"),
        PgFunction::Elements => Named("UNNEST"),
        PgFunction::ArrayElement => Around(&["(", ")[", "]"]),
        PgFunction::ArraySlice => Around(&["(", ")[", ":", "]"]),
        PgFunction::ArrayHas => Between(" = ANY"),
        PgFunction::ArrayOf => Before("ARRAY"),
        PgFunction::FullyLess => Between(" << "),
        PgFunction::FullyGreater => Between(" >> "),
        PgFunction::NotLess => Between(" &> "),
        PgFunction::NotGreater => Between(" &< "),
        PgFunction::Adjacent => Between(" -|- "),
        PgFunction::RangeStart => Named("LOWER"),
        PgFunction::RangeEnd => Named("UPPER"),
        PgFunction::RangeIsEmpty => Named("ISEMPTY"),
        PgFunction::StartIncluded => Named("LOWER_INC"),
        PgFunction::EndIncluded => Named("UPPER_INC"),
        PgFunction::StartUnbounded => Named("LOWER_INF"),
        PgFunction::EndUnbounded => Named("UPPER_INF"),
        PgFunction::HasKey => Between(" ? "),
        PgFunction::HasKeys => Between(" ?& "),
        PgFunction::HasAnyKeys => Between(" ?| "),
        PgFunction::HStoreGet => Between(" -> "),
        PgFunction::HStoreKeys => Named("AKEYS"),
        PgFunction::HStoreValues => Named("AVALS"),
        PgFunction::Config => Around(&["CAST(", " AS regconfig)"]),
        PgFunction::Words => Between(" || ' ' || "),
        PgFunction::SearchVector => Named("TO_TSVECTOR"),
        PgFunction::Weighted(Weight::A) => Around(&["SETWEIGHT(", ", 'A')"]),
        PgFunction::Weighted(Weight::B) => Around(&["SETWEIGHT(", ", 'B')"]),
        PgFunction::Weighted(Weight::C) => Around(&["SETWEIGHT(", ", 'C')"]),
        PgFunction::Weighted(Weight::D) => Around(&["SETWEIGHT(", ", 'D')"]),
        PgFunction::Together | PgFunction::EitherQuery => Between(" || "),
        PgFunction::PlainQuery => Named("PLAINTO_TSQUERY"),
        PgFunction::PhraseQuery => Named("PHRASETO_TSQUERY"),
        PgFunction::RawQuery => Named("TO_TSQUERY"),
        PgFunction::WebQuery => Named("WEBSEARCH_TO_TSQUERY"),
        PgFunction::OtherThanQuery => Around(&["(!! ", ")"]),
        PgFunction::ThenQuery => Between(" <-> "),
        PgFunction::Matches => Between(" @@ "),
        PgFunction::Rank => Named("TS_RANK"),
        PgFunction::RankCover => Named("TS_RANK_CD"),
        PgFunction::Headline => Named("TS_HEADLINE"),
        PgFunction::Similarity => Named("SIMILARITY"),
        // What is looked for comes first in the function, and last in the operator.
        PgFunction::WordSimilarity => Named("WORD_SIMILARITY"),
        PgFunction::StrictWordSimilarity => Named("STRICT_WORD_SIMILARITY"),
        PgFunction::Distance => Between(" <-> "),
        PgFunction::WordDistance => Between(" <->> "),
        PgFunction::StrictWordDistance => Between(" <->>> "),
        PgFunction::Similar => Between(" % "),
        PgFunction::WordSimilar => Between(" %> "),
        PgFunction::StrictWordSimilar => Between(" %>> "),
        PgFunction::Unaccent => Named("UNACCENT"),
    }
}

/// Whether it is an array of texts of a limited length.
fn holds_varchars(expr: &Expr) -> bool {
    match expr {
        Expr::Column { model, column, .. } => {
            let column = &model.columns[usize::from(*column)];
            column.max_length.is_some() && matches!(column.kind, Kind::Postgres(PgKind::Array(Kind::Text)))
        }
        Expr::Derived { of: inner, .. } | Expr::Outer(_, inner) => holds_varchars(inner),
        // Of several values PostgreSQL takes the type of the first one; what is otherwise comes first there.
        Expr::Call(Function::Postgres(PgFunction::ArraySlice), parts)
        | Expr::Call(Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least, parts) => {
            parts.first().is_some_and(holds_varchars)
        }
        Expr::Case { branches, otherwise } => {
            let mut values = otherwise.as_deref().into_iter().chain(branches.iter().map(|(_, then)| then));
            values.next().is_some_and(holds_varchars)
        }
        Expr::Scalar(select) => matches!(&select.selection[..], [Selected::Expr(one)] if holds_varchars(one)),
        Expr::Aggregate(of) if matches!(of.function, Aggregate::Min | Aggregate::Max | Aggregate::Any) => {
            of.arguments.first().is_some_and(holds_varchars)
        }
        _ => false,
    }
}

impl Sql {
    /// A function of PostgreSQL's own.
    pub(super) fn postgres_function(&mut self, function: PgFunction, arguments: &[Expr]) -> Result<()> {
        self.has_function(function)?;
        match (function, arguments) {
            (PgFunction::Elements, _) => Err(elements::not_rows()),
            (PgFunction::ArrayHas, [array, value]) => {
                self.push("(");
                self.side(value)?;
                self.around(" = ANY(", array, "))")
            }
            (PgFunction::ArraySlice, [array, from, until]) => {
                self.around("(", array, ")[")?;
                self.expr(from)?;
                self.around(":", until, "]")
            }
            (PgFunction::ArraySlice, [array, from]) => {
                self.around("(", array, ")[")?;
                self.around("", from, ":]")
            }
            (PgFunction::ArrayOf, [Expr::Scalar(_)]) => self.around("ARRAY", &arguments[0], ""),
            (PgFunction::WordSimilarity | PgFunction::StrictWordSimilarity, [on, part]) => {
                self.form(form(function), &[part.clone(), on.clone()])
            }
            (PgFunction::Words, _) => {
                let texts: Vec<Expr> = arguments.iter().map(|argument| self.word(argument)).collect();
                self.form(form(function), &texts)
            }
            (PgFunction::Contains | PgFunction::ContainedBy | PgFunction::Overlap, [one, other]) => {
                let Form::Between(operator) = form(function) else { return self.form(form(function), arguments) };
                self.push("(");
                self.beside(one, other)?;
                self.push(operator);
                self.beside(other, one)?;
                self.push(")");
                Ok(())
            }
            _ => self.form(form(function), arguments),
        }
    }

    /// A side of a comparison. PostgreSQL compares no array of `varchar` with one of `text`: what stands beside the former becomes one,
    /// so that the column is left to its index.
    pub(super) fn beside(&mut self, side: &Expr, other: &Expr) -> Result<()> {
        match self.dialect == Dialect::Postgres && holds_varchars(other) {
            true => self.around("CAST(", side, " AS VARCHAR[])"),
            false => self.side(side),
        }
    }

    /// A value that is looked for among those of a query, which may have to select something else for it: the same of arrays of `varchar`.
    pub(super) fn of_varchars(&mut self, one: &Expr, among: &Select) -> Result<Option<Select>> {
        let [Selected::Expr(selected)] = &among.selection[..] else { return self.side(one).map(|()| None) };
        if holds_varchars(one) == holds_varchars(selected) || self.dialect != Dialect::Postgres {
            return self.side(one).map(|()| None);
        }
        self.beside(one, selected)?;
        Ok(holds_varchars(one).then(|| {
            let mut among = among.clone();
            if among.group_by.is_some() || among.distinct && among.is_sliced() {
                // What they are grouped, told apart and ordered by stays what it is.
                among.derive_values();
            }
            for selected in &mut among.selection {
                if let Selected::Expr(selected) = selected {
                    let pieces = vec!["CAST(".into(), " AS VARCHAR[])".into()];
                    let inside = std::mem::replace(selected, Expr::And(Vec::new()));
                    *selected = Expr::Raw { pieces, parts: vec![inside] };
                }
            }
            among
        }))
    }

    /// Refuses a function of PostgreSQL's own elsewhere.
    pub(super) fn has_function(&self, function: PgFunction) -> Result<()> {
        if self.dialect.capabilities().postgres_types {
            return Ok(());
        }
        Err(self.unsupported(
            &format!("form of `{function:?}`"),
            "arrays, ranges, hstore, full text search and similar texts are there on PostgreSQL only",
        ))
    }

    fn form(&mut self, form: Form, arguments: &[Expr]) -> Result<()> {
        match form {
            Form::Named(name) => self.named(name, arguments),
            Form::Between(_) if arguments.len() == 1 => self.expr(&arguments[0]),
            Form::Between(operator) => {
                self.push("(");
                self.list(arguments, operator, |sql, argument| sql.side(argument))?;
                self.push(")");
                Ok(())
            }
            Form::Before(word) => {
                self.push(word);
                self.list(arguments, "", |sql, argument| sql.side(argument))
            }
            Form::Around(pieces) => {
                if pieces.len() != arguments.len() + 1 {
                    return Err(bad(format!("a function of {} arguments has {}", pieces.len() - 1, arguments.len())));
                }
                self.push(pieces[0]);
                for (argument, piece) in arguments.iter().zip(&pieces[1..]) {
                    self.around("", argument, piece)?;
                }
                Ok(())
            }
        }
    }

    /// A text of a document: nothing where there is none.
    fn word(&self, expr: &Expr) -> Expr {
        let text = match self.kind(expr) {
            Some(Kind::Text) => expr.clone(),
            _ => Expr::Cast(Box::new(expr.clone()), Kind::Text),
        };
        Expr::Call(crate::tree::Function::Coalesce, vec![text, Expr::Value(Value::Text(String::new()))])
    }

    /// Refuses a model with a column of a type that this database does not have.
    pub(super) fn has_types_of(&self, model: &ModelRef) -> Result<()> {
        if self.dialect.capabilities().postgres_types {
            return Ok(());
        }
        let foreign = (0..).zip(&model.columns).find_map(|(place, column)| match column.kind {
            Kind::Postgres(own) => Some((place, own)),
            _ => None,
        });
        match foreign {
            Some((column, own)) => Err(model.blame(column, own.refused(self.dialect))),
            None => Ok(()),
        }
    }
}

impl PgKind {
    /// Whether a list of such values can be one bind.
    pub(super) fn in_lists(self) -> bool {
        matches!(self, PgKind::Enum(_))
    }
}
