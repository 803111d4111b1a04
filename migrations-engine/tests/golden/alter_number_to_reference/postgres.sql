BEGIN;
--
-- Alter field pages of app.Book
--
ALTER TABLE "app_book" RENAME COLUMN "pages" TO "pages_id";
ALTER TABLE "app_book" ALTER COLUMN "pages_id" TYPE bigint;
ALTER TABLE "app_book" ALTER COLUMN "pages_id" DROP NOT NULL;
CREATE INDEX "app_book_pages_id_4c3a9c82" ON "app_book" ("pages_id");
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_pages_id_4c3a9c82_fk_app_author_id" FOREIGN KEY ("pages_id") REFERENCES "app_author" ("id") ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_pages_id_4c3a9c82_fk_app_author_id";
DROP INDEX "app_book_pages_id_4c3a9c82";
ALTER TABLE "app_book" RENAME COLUMN "pages_id" TO "pages";
ALTER TABLE "app_book" ALTER COLUMN "pages" TYPE integer;
UPDATE "app_book" SET "pages" = 0 WHERE "pages" IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE "app_book" ALTER COLUMN "pages" SET NOT NULL;
COMMIT;
