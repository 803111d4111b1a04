
-- ==== and back ====

