--
-- Remove field author from app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
DROP INDEX `app_book_author_id_980d3e25` ON `app_book`;
ALTER TABLE `app_book` DROP COLUMN `author_id`;

-- ==== and back ====

--
-- Undo: Remove field author from app.Book
--
ALTER TABLE `app_book` ADD COLUMN `author_id` bigint NOT NULL;
CREATE INDEX `app_book_author_id_980d3e25` ON `app_book` (`author_id`);
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;
