--
-- Alter field author of app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_uniq` UNIQUE (`author_id`);
DROP INDEX `app_book_author_id_980d3e25` ON `app_book`;

-- ==== and back ====

--
-- Undo: Alter field author of app.Book
--
CREATE INDEX `app_book_author_id_980d3e25` ON `app_book` (`author_id`);
ALTER TABLE `app_book` DROP INDEX `app_book_author_id_980d3e25_uniq`;
