BEGIN;
--
-- Alter field author of app.Book
--
DROP INDEX "app_book_author_id_980d3e25";
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_author_id_980d3e25_uniq" UNIQUE ("author_id");
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field author of app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_author_id_980d3e25_uniq";
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
COMMIT;
