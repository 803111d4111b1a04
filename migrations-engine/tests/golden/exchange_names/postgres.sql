BEGIN;
--
-- Rename field isbn of app.Book to isbn__
--
ALTER TABLE "app_book" RENAME COLUMN "isbn" TO "isbn__";
--
-- Rename field title of app.Book to isbn
--
ALTER TABLE "app_book" RENAME COLUMN "title" TO "isbn";
--
-- Rename field isbn__ of app.Book to title
--
ALTER TABLE "app_book" RENAME COLUMN "isbn__" TO "title";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename field isbn__ of app.Book to title
--
ALTER TABLE "app_book" RENAME COLUMN "title" TO "isbn__";
--
-- Undo: Rename field title of app.Book to isbn
--
ALTER TABLE "app_book" RENAME COLUMN "isbn" TO "title";
--
-- Undo: Rename field isbn of app.Book to isbn__
--
ALTER TABLE "app_book" RENAME COLUMN "isbn__" TO "isbn";
COMMIT;
