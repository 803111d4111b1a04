//! Typed models, querysets and migrations on Diesel.
