BEGIN;
--
-- Alter field published of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "published" TYPE timestamp with time zone USING "published"::timestamp AT TIME ZONE 'UTC';
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field published of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "published" TYPE date USING ("published" AT TIME ZONE 'UTC')::date;
COMMIT;
