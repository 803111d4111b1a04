BEGIN;
--
-- Change the comment of app.Book
--
COMMENT ON TABLE "app_book" IS 'All books';
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Change the comment of app.Book
--
COMMENT ON TABLE "app_book" IS NULL;
COMMIT;
