//! Running plans on a database.

mod connection;

pub use connection::{Connection, NoSteps, Steps};
