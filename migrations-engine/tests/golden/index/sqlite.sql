BEGIN;
--
-- Add index bk_idx to app.Book
--
CREATE INDEX "bk_idx" ON "app_book" ("title", "pages" DESC);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add index bk_idx to app.Book
--
DROP INDEX "bk_idx";
COMMIT;
