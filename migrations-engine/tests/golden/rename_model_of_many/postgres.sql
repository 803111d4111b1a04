BEGIN;
--
-- Rename model app.Tag to Label
--
ALTER TABLE "app_book_tags" RENAME COLUMN "tag_id" TO "label_id";
ALTER TABLE "app_tag" RENAME TO "app_label";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Rename model app.Tag to Label
--
ALTER TABLE "app_book_tags" RENAME COLUMN "label_id" TO "tag_id";
ALTER TABLE "app_label" RENAME TO "app_tag";
COMMIT;
