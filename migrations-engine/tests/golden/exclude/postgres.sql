BEGIN;
--
-- Add constraint one_price to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "one_price" EXCLUDE USING gist ("author_id" WITH =, (LOWER("title")) WITH <>) WHERE ("pages" > 10) DEFERRABLE INITIALLY DEFERRED;
--
-- Rename constraint one_price of app.Book to one_title
--
ALTER TABLE "app_book" RENAME CONSTRAINT "one_price" TO "one_title";
--
-- Remove constraint one_title from app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "one_title";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Remove constraint one_title from app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "one_title" EXCLUDE USING gist ("author_id" WITH =, (LOWER("title")) WITH <>) WHERE ("pages" > 10) DEFERRABLE INITIALLY DEFERRED;
--
-- Undo: Rename constraint one_price of app.Book to one_title
--
ALTER TABLE "app_book" RENAME CONSTRAINT "one_title" TO "one_price";
--
-- Undo: Add constraint one_price to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "one_price";
COMMIT;
