-- M041: app.0002_change: Add constraint bk_ue to app.Book: app.Book: `bk_ue`: MariaDB has no indexes on expressions
--   hint: index a generated field instead

-- ==== and back ====

-- M041: app.0002_change: Remove constraint bk_ue from app.Book: app.Book: `bk_ue`: MariaDB has no indexes on expressions
--   hint: index a generated field instead
