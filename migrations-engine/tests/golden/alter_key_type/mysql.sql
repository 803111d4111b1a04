--
-- Alter field id of app.Author
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_author` MODIFY COLUMN `id` integer NOT NULL AUTO_INCREMENT;
ALTER TABLE `app_book` MODIFY COLUMN `author_id` integer NOT NULL;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;

-- ==== and back ====

--
-- Undo: Alter field id of app.Author
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_author` MODIFY COLUMN `id` bigint NOT NULL AUTO_INCREMENT;
ALTER TABLE `app_book` MODIFY COLUMN `author_id` bigint NOT NULL;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;
