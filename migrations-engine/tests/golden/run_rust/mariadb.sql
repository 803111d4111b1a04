--
-- Run step shout
--
-- run the Rust step `shout`

-- ==== and back ====

-- M030: app.0002_change: "Run step shout" cannot be undone: it has no reverse
--   hint: give the operation a `reverse` in its file (an empty one if nothing is to be done), and say `repair --accept` with the migration's name: its file is not as it was applied then
