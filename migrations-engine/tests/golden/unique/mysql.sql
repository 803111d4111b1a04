--
-- Add constraint bk_u to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `bk_u` UNIQUE (`title`, `author_id`);

-- ==== and back ====

--
-- Undo: Add constraint bk_u to app.Book
--
ALTER TABLE `app_book` DROP INDEX `bk_u`;
