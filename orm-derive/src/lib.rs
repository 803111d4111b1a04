//! Derive macros of `orm`.
