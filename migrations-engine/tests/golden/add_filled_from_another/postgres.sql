BEGIN;
--
-- Add field slug to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "slug" varchar(200) NULL;
UPDATE "app_book" SET "slug" = LOWER("title");
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE "app_book" ALTER COLUMN "slug" SET NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add field slug to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "slug";
COMMIT;
