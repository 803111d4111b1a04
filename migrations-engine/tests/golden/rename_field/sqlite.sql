BEGIN;
--
-- Rename field title of app.Book to name
--
ALTER TABLE "app_book" RENAME COLUMN "title" TO "name";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename field title of app.Book to name
--
ALTER TABLE "app_book" RENAME COLUMN "name" TO "title";
COMMIT;
