//! Paths of typed handles, interned: a handle is `Copy`, so what it points to lives for ever. There are as many as
//! different paths in the program's text.

use crate::{
    model::{Model, ModelMeta},
    tree::{BEFORE, ModelRef, Path, Step, Steps},
};
use std::{any::Any, fmt, sync::OnceLock};

/// A source of a query and the to-one relations from it, as typed handles know it.
pub struct PathNode {
    source: u16,
    steps: &'static [Step],
    model: &'static ModelMeta,
    /// One per field, made when first followed.
    next: Box<[OnceLock<&'static PathNode>]>,
    /// For a source: the next source, if it is of this model.
    sibling: OnceLock<&'static PathNode>,
    /// For a source: the row before, in the step of a recursion.
    before: OnceLock<&'static PathNode>,
    /// The handles at its end.
    known: OnceLock<&'static Known>,
}

/// Handles of one type at the end of a path, and those of other types that were made later. There are one or two.
struct Known {
    handles: &'static (dyn Any + Send + Sync),
    next: OnceLock<&'static Known>,
}

impl PathNode {
    fn leak(source: u16, steps: &'static [Step], model: &'static ModelMeta) -> &'static PathNode {
        let next = model.fields.iter().map(|_| OnceLock::new()).collect();
        let (sibling, before, known) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Box::leak(Box::new(PathNode { source, steps, model, next, sibling, before, known }))
    }

    /// The path to a source of the query itself.
    pub fn root(model: &'static ModelMeta, source: u16) -> &'static PathNode {
        let mut node = model.root(|| PathNode::leak(0, &[], model));
        let further = match source > BEFORE / 2 {
            true => {
                node = node.before.get_or_init(|| PathNode::leak(BEFORE, &[], model));
                BEFORE - source
            }
            false => source,
        };
        for place in 1..=further {
            let source = if node.source > BEFORE / 2 { BEFORE - place } else { place };
            node = node.sibling.get_or_init(|| PathNode::leak(source, &[], model));
        }
        node
    }

    /// The end of a path that leads by relations of derived models; none for one without steps.
    pub(crate) fn at(path: &Path) -> Option<&'static PathNode> {
        let derived = |model: &ModelRef| match model {
            ModelRef::Static(meta) => Some(*meta),
            ModelRef::Shared(_) | ModelRef::Member(..) => None,
        };
        let first = derived(&path.steps.first()?.model)?;
        path.steps.iter().try_fold(PathNode::root(first, path.source), |node, step| {
            Some(node.step(step.field, derived(&step.target()?)?))
        })
    }

    /// The path one to-one relation further.
    pub fn step(&'static self, field: u16, target: &'static ModelMeta) -> &'static PathNode {
        self.next[field as usize].get_or_init(|| {
            let step = Step::new(ModelRef::Static(self.model), field);
            let steps = self.steps.iter().cloned().chain([step]).collect();
            PathNode::leak(self.source, Vec::leak(steps), target)
        })
    }

    /// The handles of a model at the end of the path, made once.
    pub fn handles<F: Copy + Send + Sync + 'static>(&'static self, make: impl Fn() -> F) -> &'static F {
        let mut place = &self.known;
        loop {
            let known = place.get_or_init(|| {
                Box::leak(Box::new(Known { handles: Box::leak(Box::new(make())), next: OnceLock::new() }))
            });
            match known.handles.downcast_ref() {
                Some(handles) => return handles,
                None => place = &known.next,
            }
        }
    }

    /// The model at the end of the path.
    pub fn model(&self) -> &'static ModelMeta {
        self.model
    }

    /// The path, as the tree has it.
    pub fn path(&self) -> Path {
        Path { source: self.source, steps: Steps::Static(self.steps) }
    }

    /// The step that led here, if one did.
    pub fn last_step(&self) -> Option<&'static Step> {
        self.steps.last()
    }
}

/// The handles of `M` at the end of a path.
pub(super) fn handles_of<M: Model, S: super::Scope>(node: &'static PathNode) -> &'static M::Fields<S> {
    node.handles(|| M::fields_at::<S>(node))
}

impl fmt::Debug for PathNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(f)
    }
}
