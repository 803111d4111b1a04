--
-- Rename field author of app.Book to writer
--
ALTER TABLE `app_book` RENAME COLUMN `author_id` TO `writer_id`;

-- ==== and back ====

--
-- Undo: Rename field author of app.Book to writer
--
ALTER TABLE `app_book` RENAME COLUMN `writer_id` TO `author_id`;
