//! Schema state, operations, plans and migration files.
