BEGIN;
--
-- Add field s to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "s" text DEFAULT 'it''s 5%' NOT NULL;
ALTER TABLE "app_book" ALTER COLUMN "s" DROP DEFAULT;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field s to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "s";
COMMIT;
