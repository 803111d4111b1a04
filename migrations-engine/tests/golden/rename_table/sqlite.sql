BEGIN;
--
-- Rename the table of app.Book to library_book
--
ALTER TABLE "app_book" RENAME TO "library_book";
ALTER TABLE "app_book_tags" RENAME TO "library_book_tags";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename the table of app.Book to library_book
--
ALTER TABLE "library_book" RENAME TO "app_book";
ALTER TABLE "library_book_tags" RENAME TO "app_book_tags";
COMMIT;
