BEGIN;
--
-- Alter field isbn of app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_isbn_20fbcddf_uniq" UNIQUE ("isbn");
CREATE INDEX "app_book_isbn_20fbcddf_like" ON "app_book" ("isbn" varchar_pattern_ops);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field isbn of app.Book
--
DROP INDEX "app_book_isbn_20fbcddf_like";
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_isbn_20fbcddf_uniq";
COMMIT;
