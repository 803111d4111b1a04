//! Writes: drafts, bulk, edits, updates, deletions, unique keys and sets of related rows, on every back end.

mod both;
mod bulk;
mod computed;
mod constraints;
mod deletes;
mod drafts;
mod edits;
mod generated;
mod kept;
mod keys;
mod made;
mod many;
mod merging;
pub mod press;
mod refusals;
mod related;
mod shared_keys;
mod statements;
mod updates;
mod versions;
