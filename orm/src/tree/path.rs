//! Where a column stands: which source of the query, and the relations that lead from it.

use crate::model::{FieldMeta, ModelMeta, ModelSet, Through};
use std::{fmt, ops::Deref, sync::Arc};

/// A model's metadata: `'static` for derived models, shared for those made at run time.
#[derive(Clone)]
pub enum ModelRef {
    /// A derived model.
    Static(&'static ModelMeta),
    /// A model between two others, made for them.
    Shared(Arc<ModelMeta>),
    /// A model that was described at run time, with those that it leads to.
    Member(Arc<ModelSet>, u16),
}

impl Deref for ModelRef {
    type Target = ModelMeta;
    fn deref(&self) -> &ModelMeta {
        match self {
            ModelRef::Static(meta) => meta,
            ModelRef::Shared(meta) => meta,
            ModelRef::Member(set, place) => set.model(*place),
        }
    }
}

impl PartialEq for ModelRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq::<ModelMeta>(&**self, &**other)
    }
}

impl fmt::Debug for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label())
    }
}

/// One step along a relation: the field of the model that owns it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The model that the step starts from.
    pub model: ModelRef,
    /// The relation, as the index of the field in its model.
    pub field: u16,
    /// Against its direction: from the row that a foreign key or a many-to-many leads to, to those that it leads from.
    pub reverse: bool,
    /// The model that a generic foreign key leads to, which the field leaves open.
    pub end: Option<ModelRef>,
}

impl Step {
    /// Along the relation.
    pub const fn new(model: ModelRef, field: u16) -> Step {
        Step { model, field, reverse: false, end: None }
    }

    /// The model that it leads to.
    pub(crate) fn target(&self) -> Option<ModelRef> {
        match self.reverse {
            true => Some(self.model.clone()),
            false => self.along(),
        }
    }

    /// The model that the row which it starts from is of.
    pub(crate) fn start(&self) -> Option<ModelRef> {
        match self.reverse {
            true => self.along(),
            false => Some(self.model.clone()),
        }
    }

    /// The model at the end of the relation.
    fn along(&self) -> Option<ModelRef> {
        match &self.field().relation {
            Some(relation) => Some(relation.target()),
            None => self.end.clone(),
        }
    }

    /// Whether at most one row is at the other end.
    pub(crate) fn is_to_one(&self) -> bool {
        let field = self.field();
        !self.reverse && (field.generic.is_some() || field.relation.as_ref().is_some_and(|known| known.is_to_one()))
    }

    /// The field.
    pub(crate) fn field(&self) -> &FieldMeta {
        &self.model.fields[usize::from(self.field)]
    }

    /// The model between, when there is one, as seen from where the step starts.
    pub(crate) fn between(&self) -> Option<Through> {
        let field = self.field();
        let between = field.relation.as_ref()?.through(&self.model, field)?;
        Some(if self.reverse { between.turned() } else { between.clone() })
    }

    /// The foreign key of the other model by which the step goes, as a field index there.
    pub(crate) fn foreign_key(&self) -> Option<u16> {
        let field = self.field();
        match self.reverse {
            true => (field.column_count > 0).then_some(self.field),
            false => field.relation.as_ref()?.reverse(&self.model, field),
        }
    }

    /// The columns of the model that the step starts from by which its rows are found in those that it leads to: foreign keys there
    /// hold them.
    pub(crate) fn held(&self) -> Option<Vec<u16>> {
        let start = self.start()?;
        let (model, key) = match self.between() {
            Some(through) => (through.model(), through.source),
            None => (self.target()?, self.foreign_key()?),
        };
        Some(model.fields.get(usize::from(key))?.ends(&start).to_vec())
    }

    /// The unique field that foreign keys hold of the row that the step starts from, if it is not the key.
    pub(crate) fn held_field(&self) -> Option<u16> {
        let start = self.start()?;
        let held = self.held().filter(|held| *held != start.key)?;
        Some(start.columns[usize::from(*held.first()?)].field)
    }

    /// Whether the row that the step starts from has the key of the other.
    pub(crate) fn has_key(&self) -> bool {
        !self.reverse && self.field().column_count > 0
    }
}

/// A source of the query (0 is the model it is over, later ones are explicit joins) and the to-one relations from it.
#[derive(Clone)]
pub struct Path {
    /// The source that the path starts from.
    pub source: u16,
    /// The steps, outermost first.
    pub steps: Steps,
}

/// Steps that are interned by typed handles, or owned by queries made at run time.
#[derive(Clone)]
pub enum Steps {
    /// Interned.
    Static(&'static [Step]),
    /// Owned.
    Shared(Arc<[Step]>),
}

impl Deref for Steps {
    type Target = [Step];
    fn deref(&self) -> &[Step] {
        match self {
            Steps::Static(steps) => steps,
            Steps::Shared(steps) => steps,
        }
    }
}

impl Path {
    /// The source itself, without a step.
    pub const fn source(source: u16) -> Path {
        Path { source, steps: Steps::Static(&[]) }
    }

    /// The path that goes one relation further.
    pub fn step(&self, model: ModelRef, field: u16) -> Path {
        let steps = self.steps.iter().cloned().chain([Step::new(model, field)]).collect();
        Path { source: self.source, steps: Steps::Shared(steps) }
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && *self.steps == *other.steps
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.source)?;
        for step in self.steps.iter() {
            write!(f, ".{}", step.model.fields[step.field as usize].name)?;
        }
        Ok(())
    }
}
