BEGIN;
--
-- Alter field isbn of app.Book
--
UPDATE "app_book" SET "isbn" = 'none' WHERE "isbn" IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE "app_book" ALTER COLUMN "isbn" SET NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field isbn of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "isbn" DROP NOT NULL;
COMMIT;
