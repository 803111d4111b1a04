BEGIN;
--
-- Add field n to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "n" timestamp with time zone DEFAULT (STATEMENT_TIMESTAMP()) NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field n to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "n";
COMMIT;
