//! Paths of typed handles, interned: a handle is `Copy`, so what it points to lives for ever. There are as many as
//! different paths in the program's text.

use crate::{
    model::{Model, ModelMeta},
    tree::{ModelRef, Path, Step, Steps},
};
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{LazyLock, OnceLock, PoisonError, RwLock},
};

/// A source of a query and the to-one relations from it, as typed handles know it.
#[derive(Debug)]
pub struct PathNode {
    source: u16,
    steps: &'static [Step],
    model: &'static ModelMeta,
    /// One per field, made when first followed.
    next: Box<[OnceLock<&'static PathNode>]>,
}

type Handles = &'static (dyn Any + Send + Sync);

static ROOTS: LazyLock<RwLock<HashMap<(usize, u16), &'static PathNode>>> = LazyLock::new(RwLock::default);
static HANDLES: LazyLock<RwLock<HashMap<(TypeId, usize), Handles>>> = LazyLock::new(RwLock::default);

impl PathNode {
    fn leak(source: u16, steps: &'static [Step], model: &'static ModelMeta) -> &'static PathNode {
        let next = model.fields.iter().map(|_| OnceLock::new()).collect();
        Box::leak(Box::new(PathNode { source, steps, model, next }))
    }

    /// The path to a source of the query itself.
    pub fn root(model: &'static ModelMeta, source: u16) -> &'static PathNode {
        if source == 0 {
            return model.root(|| PathNode::leak(0, &[], model));
        }
        let key = (std::ptr::from_ref(model).addr(), source);
        if let Some(node) = ROOTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return node;
        }
        let mut roots = ROOTS.write().unwrap_or_else(PoisonError::into_inner);
        roots.entry(key).or_insert_with(|| PathNode::leak(source, &[], model))
    }

    /// The path one to-one relation further.
    pub fn step(&'static self, field: u16, target: &'static ModelMeta) -> &'static PathNode {
        self.next[field as usize].get_or_init(|| {
            let step = Step { model: ModelRef::Static(self.model), field };
            let steps = self.steps.iter().cloned().chain([step]).collect();
            PathNode::leak(self.source, Vec::leak(steps), target)
        })
    }

    /// The handles of a model at the end of the path, made once.
    pub fn handles<F: Copy + Send + Sync + 'static>(&'static self, make: impl FnOnce() -> F) -> &'static F {
        let key = (TypeId::of::<F>(), std::ptr::from_ref(self).addr());
        let known = HANDLES.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        let handles = known.unwrap_or_else(|| {
            let made: Handles = Box::leak(Box::new(make()));
            *HANDLES.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made)
        });
        match handles.downcast_ref() {
            Some(handles) => handles,
            None => unreachable!("the key holds the type"),
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
