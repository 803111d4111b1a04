BEGIN;
--
-- Add constraint bk_like to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "bk_like" CHECK (NOT (STARTS_WITH("title", '50%_off')) AND "title" NOT LIKE '%!%%' ESCAPE '!' AND LOWER("title") LIKE LOWER('%E') ESCAPE '!');
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint bk_like to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "bk_like";
COMMIT;
