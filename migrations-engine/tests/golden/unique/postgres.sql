BEGIN;
--
-- Add constraint bk_u to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "bk_u" UNIQUE ("title", "author_id");
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_u to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "bk_u";
COMMIT;
