BEGIN;
COMMIT;

-- ==== and back ====

BEGIN;
COMMIT;
