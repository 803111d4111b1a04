BEGIN;
--
-- Add constraint bk_ud to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "bk_ud" UNIQUE ("isbn") DEFERRABLE INITIALLY DEFERRED;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_ud to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "bk_ud";
COMMIT;
