//! Values come back as they were stored, to the last digit and microsecond.
