BEGIN;
--
-- Add index bk_expr to app.Book
--
CREATE INDEX "bk_expr" ON "app_book" ((LOWER("title")) DESC NULLS LAST);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add index bk_expr to app.Book
--
DROP INDEX "bk_expr";
COMMIT;
