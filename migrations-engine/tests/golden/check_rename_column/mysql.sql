--
-- Add constraint bk_chk to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `bk_chk` CHECK (`pages` >= 0);
--
-- Rename field pages of app.Book to length
--
ALTER TABLE `app_book` DROP CONSTRAINT `bk_chk`;
ALTER TABLE `app_book` RENAME COLUMN `pages` TO `length`;
ALTER TABLE `app_book` ADD CONSTRAINT `bk_chk` CHECK (`length` >= 0);

-- ==== and back ====

--
-- Undo: Rename field pages of app.Book to length
--
ALTER TABLE `app_book` DROP CONSTRAINT `bk_chk`;
ALTER TABLE `app_book` RENAME COLUMN `length` TO `pages`;
ALTER TABLE `app_book` ADD CONSTRAINT `bk_chk` CHECK (`pages` >= 0);
--
-- Undo: Add constraint bk_chk to app.Book
--
ALTER TABLE `app_book` DROP CONSTRAINT `bk_chk`;
