BEGIN;
--
-- Shout
--
UPDATE app_author SET name = upper(name);
COMMIT;

-- ==== and back ====

BEGIN;
COMMIT;
