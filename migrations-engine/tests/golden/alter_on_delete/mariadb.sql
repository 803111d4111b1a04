--
-- Alter field author of app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE RESTRICT;

-- ==== and back ====

--
-- Undo: Alter field author of app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;
