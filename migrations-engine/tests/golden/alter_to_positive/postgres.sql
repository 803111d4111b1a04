BEGIN;
--
-- Alter field pages of app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_pages_check" CHECK ("pages" >= 0);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_pages_check";
COMMIT;
