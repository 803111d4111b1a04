BEGIN;
--
-- Add index bk_a to app.Book
--
CREATE INDEX "bk_a" ON "app_book" ("title");
--
-- Rename index bk_a of app.Book to bk_b
--
ALTER INDEX "bk_a" RENAME TO "bk_b";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename index bk_a of app.Book to bk_b
--
ALTER INDEX "bk_b" RENAME TO "bk_a";
--
-- Undo: Add index bk_a to app.Book
--
DROP INDEX "bk_a";
COMMIT;
