BEGIN;
--
-- Separately: Rename the table of app.Author to people
--
ALTER TABLE "app_author" RENAME TO "people";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Separately: Rename the table of app.Author to people
--
ALTER TABLE "people" RENAME TO "app_author";
COMMIT;
