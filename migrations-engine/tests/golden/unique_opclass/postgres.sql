BEGIN;
--
-- Add constraint app_book_once to app.Book
--
CREATE UNIQUE INDEX "app_book_once" ON "app_book" ("title" varchar_pattern_ops, "pages" DESC);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint app_book_once to app.Book
--
DROP INDEX "app_book_once";
COMMIT;
