BEGIN;
--
-- Alter field title of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "title" TYPE varchar(50);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field title of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "title" TYPE varchar(200);
COMMIT;
