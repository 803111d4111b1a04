BEGIN;
--
-- Add field dbl to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "dbl" integer GENERATED ALWAYS AS ("pages" * 2) VIRTUAL NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field dbl to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "dbl";
COMMIT;
