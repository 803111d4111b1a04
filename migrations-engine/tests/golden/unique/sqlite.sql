BEGIN;
--
-- Add constraint bk_u to app.Book
--
CREATE UNIQUE INDEX "bk_u" ON "app_book" ("title", "author_id");
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_u to app.Book
--
DROP INDEX "bk_u";
COMMIT;
