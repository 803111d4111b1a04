--
-- Add field u to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `u` integer NULL;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_u_key` UNIQUE (`u`);

-- ==== and back ====

--
-- Undo: Add field u to app.Book
--
ALTER TABLE `app_book` DROP INDEX `app_book_u_key`;
ALTER TABLE `app_book` DROP COLUMN `u`;
