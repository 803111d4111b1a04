BEGIN;
--
-- Alter field published of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "published" TYPE varchar(20) USING "published"::text;
UPDATE "app_book" SET "published" = 'never' WHERE "published" IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE "app_book" ALTER COLUMN "published" SET NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field published of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "published" TYPE date USING "published"::date;
ALTER TABLE "app_book" ALTER COLUMN "published" DROP NOT NULL;
COMMIT;
