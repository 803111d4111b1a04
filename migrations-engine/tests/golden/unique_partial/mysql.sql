-- M040: app.0002_change: Add constraint bk_up to app.Book: app.Book: `bk_up`: MySQL has no partial indexes
--   hint: leave the condition out, or make the index on a generated field

-- ==== and back ====

-- M040: app.0002_change: Remove constraint bk_up from app.Book: app.Book: `bk_up`: MySQL has no partial indexes
--   hint: leave the condition out, or make the index on a generated field
