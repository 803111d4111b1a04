BEGIN;
--
-- Rename model app.Author to Writer
--
ALTER TABLE "app_author" RENAME TO "app_writer";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename model app.Author to Writer
--
ALTER TABLE "app_writer" RENAME TO "app_author";
COMMIT;
