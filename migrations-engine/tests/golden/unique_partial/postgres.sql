BEGIN;
--
-- Add constraint bk_up to app.Book
--
CREATE UNIQUE INDEX "bk_up" ON "app_book" ("title") WHERE "pages" > 1;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_up to app.Book
--
DROP INDEX "bk_up";
COMMIT;
