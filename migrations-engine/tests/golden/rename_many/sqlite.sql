BEGIN;
--
-- Rename field tags of app.Book to labels
--
ALTER TABLE "app_book_tags" RENAME TO "app_book_labels";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename field tags of app.Book to labels
--
ALTER TABLE "app_book_labels" RENAME TO "app_book_tags";
COMMIT;
