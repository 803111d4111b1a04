BEGIN;
--
-- Add index bk_a to app.Book
--
CREATE INDEX "bk_a" ON "app_book" ("title");
--
-- Rename index bk_a of app.Book to bk_b
--
DROP INDEX "bk_a";
CREATE INDEX "bk_b" ON "app_book" ("title");
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename index bk_a of app.Book to bk_b
--
DROP INDEX "bk_b";
CREATE INDEX "bk_a" ON "app_book" ("title");
--
-- Undo: Add index bk_a to app.Book
--
DROP INDEX "bk_a";
COMMIT;
