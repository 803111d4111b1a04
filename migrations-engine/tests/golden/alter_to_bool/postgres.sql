BEGIN;
--
-- Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" TYPE boolean USING ("pages" <> 0);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" TYPE integer USING "pages"::integer;
COMMIT;
