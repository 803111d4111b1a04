-- M044: app.0002_change: Add constraint one_price to app.Book: app.Book: `one_price`: MySQL has no exclusions
--   hint: look for the other row in a transaction that locks what both belong to

-- ==== and back ====

-- M044: app.0002_change: Add constraint one_title to app.Book: app.Book: `one_title`: MySQL has no exclusions
--   hint: look for the other row in a transaction that locks what both belong to
