BEGIN;
--
-- Add constraint bk_un to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "bk_un" UNIQUE NULLS NOT DISTINCT ("isbn");
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_un to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "bk_un";
COMMIT;
