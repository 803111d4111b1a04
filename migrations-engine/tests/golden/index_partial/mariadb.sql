-- M040: app.0002_change: Add index bk_part to app.Book: `bk_part`: MariaDB has no partial indexes
--   hint: leave the condition out, or make the index on a generated field

-- ==== and back ====

-- M040: app.0002_change: Remove index bk_part from app.Book: `bk_part`: MariaDB has no partial indexes
--   hint: leave the condition out, or make the index on a generated field
