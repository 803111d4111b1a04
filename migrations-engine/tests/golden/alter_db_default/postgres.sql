BEGIN;
--
-- Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" SET DEFAULT 4;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "pages" DROP DEFAULT;
COMMIT;
