BEGIN;
--
-- Add field n to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;
ALTER TABLE "app_book" ALTER COLUMN "n" DROP DEFAULT;
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_n_check" CHECK ("n" >= 0);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field n to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_n_check";
ALTER TABLE "app_book" DROP COLUMN "n";
COMMIT;
