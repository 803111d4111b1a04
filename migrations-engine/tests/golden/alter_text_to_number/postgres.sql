BEGIN;
--
-- Alter field isbn of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "isbn" TYPE integer USING "isbn"::integer;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field isbn of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "isbn" TYPE varchar(13) USING "isbn"::text;
COMMIT;
