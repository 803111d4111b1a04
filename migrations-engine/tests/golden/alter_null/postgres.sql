BEGIN;
--
-- Alter field title of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "title" DROP NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field title of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "title" SET NOT NULL;
COMMIT;
