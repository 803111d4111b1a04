//! Steps along generic foreign keys: which label, and which form of a key.

use super::{BinaryOp, Expr, Function, ModelRef, Path, Select, Selected, Step};
use crate::{Kind, Value, model::GenericShape};

/// What a generic foreign key holds where it leads to one model.
#[derive(Debug, Clone)]
pub(crate) struct Labelled {
    shape: GenericShape,
    /// The model that it leads to.
    model: ModelRef,
    /// Whether the row that the step starts from has it.
    forward: bool,
}

impl Step {
    /// The generic foreign key by which the step goes, if it goes by one.
    pub(crate) fn labelled(&self) -> Option<Labelled> {
        if let Some(shape) = self.field().generic {
            let forward = !self.reverse;
            return Some(Labelled { shape, model: self.end.clone()?, forward });
        }
        if self.has_key() || self.between().is_some() {
            return None;
        }
        let key = self.foreign_key()?;
        let shape = self.target()?.fields[usize::from(key)].generic?;
        Some(Labelled { shape, model: self.model.clone(), forward: false })
    }
}

impl Labelled {
    /// The values that related rows have in the columns that tie them, of those that the row which the step starts from has in its
    /// own. `None` where they lead nowhere.
    pub(crate) fn tied(&self, own: &[Value]) -> Option<Vec<Value>> {
        match (self.forward, own) {
            (true, [Value::Text(label), held]) => {
                let &[column] = &self.model.key[..] else { return None };
                let kind = self.model.columns[usize::from(column)].kind;
                self.model.has_label(label).then(|| self.shape.key(held, kind))?.map(|key| vec![key])
            }
            (false, [key]) => Some(vec![self.label(), self.shape.held(key)?]),
            _ => None,
        }
    }

    fn label(&self) -> Value {
        Value::Text(self.model.label())
    }

    /// The label and the key that it holds, for the key of a row of the model.
    pub(crate) fn pair(&self, key: Vec<Expr>) -> [Expr; 2] {
        let held = match (<[Expr; 1]>::try_from(key), &self.model.key[..]) {
            (Ok([key]), &[column]) => self.held(key, self.model.columns[usize::from(column)].kind),
            _ => self.misfit(),
        };
        [Expr::Value(self.label()), held]
    }

    /// A key of this kind in the form in which it is held.
    fn held(&self, key: Expr, kind: Kind) -> Expr {
        match (self.shape.key, kind) {
            _ if !self.shape.holds(&[kind]) => self.misfit(),
            (Kind::Text, Kind::Text) => key,
            (Kind::Text, Kind::Uuid) => {
                let text = |text: &str| Expr::Value(Value::Text(text.to_owned()));
                // Where the database writes hyphens.
                Expr::Call(Function::Replace, vec![Expr::Cast(Box::new(key), Kind::Text), text("-"), text("")])
            }
            (Kind::Text, _) => Expr::Cast(Box::new(key), Kind::Text),
            _ => key,
        }
    }

    /// The row at a path has the label, and its key is that of one of these rows.
    pub(crate) fn among(&self, owner: &Path, step: &Step, mut rows: Select) -> Expr {
        let own = |column| Expr::Column { path: owner.clone(), model: step.model.clone(), column };
        let key = self.model.key.iter().map(|&column| Expr::own(self.model.clone(), column)).collect();
        let [label, held] = self.pair(key);
        let mut columns = step.field().columns().map(own);
        let (Some(model), Some(key)) = (columns.next(), columns.next()) else { return self.misfit() };
        rows.selection = vec![Selected::Expr(held)];
        rows.related.clear();
        (rows.order, rows.default_order) = (Vec::new(), false);
        model.binary(BinaryOp::Eq, label).and(Expr::InQuery(vec![key], Box::new(rows)))
    }

    fn misfit(&self) -> Expr {
        Expr::refused(&crate::model::misfit(&self.model.name))
    }

    /// The row that has the columns is one of those that these values tie to; they stand one after the other.
    pub(crate) fn one_of(&self, tie: Vec<Expr>, values: Vec<Value>) -> Expr {
        match (self.forward, <[Expr; 2]>::try_from(tie)) {
            // The label is always the same one.
            (false, Ok([label, key])) => {
                let keys = values.into_iter().skip(1).step_by(2);
                let is_model = label.binary(BinaryOp::Eq, Expr::Value(self.label()));
                is_model.and(Expr::In(Box::new(key), Value::list(self.shape.key, keys)))
            }
            (_, Ok(tie)) => Expr::one_of_keys(tie.into(), self.shape.key, values),
            (_, Err(tie)) => {
                let kind = values.first().map_or(self.shape.key, Value::kind);
                Expr::one_of_keys(tie, kind, values)
            }
        }
    }
}
