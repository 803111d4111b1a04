-- M041: app.0002_change: Add index bk_expr to app.Book: `bk_expr`: MariaDB has no indexes on expressions
--   hint: index a generated field instead

-- ==== and back ====

-- M041: app.0002_change: Remove index bk_expr from app.Book: `bk_expr`: MariaDB has no indexes on expressions
--   hint: index a generated field instead
