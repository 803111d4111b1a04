BEGIN;
--
-- Add field s to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "s" text NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field s to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "s";
COMMIT;
