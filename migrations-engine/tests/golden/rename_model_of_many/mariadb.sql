--
-- Rename model app.Tag to Label
--
ALTER TABLE `app_book_tags` RENAME COLUMN `tag_id` TO `label_id`;
RENAME TABLE `app_tag` TO `app_label`;

-- ==== and back ====

--
-- Undo: Rename model app.Tag to Label
--
ALTER TABLE `app_book_tags` RENAME COLUMN `label_id` TO `tag_id`;
RENAME TABLE `app_label` TO `app_tag`;
