BEGIN;
--
-- Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" TYPE bigint;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" TYPE integer;
COMMIT;
