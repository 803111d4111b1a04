BEGIN;
--
-- Alter field title of app.Book
--
ALTER TABLE "app_book" RENAME COLUMN "title" TO "ttl";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field title of app.Book
--
ALTER TABLE "app_book" RENAME COLUMN "ttl" TO "title";
COMMIT;
