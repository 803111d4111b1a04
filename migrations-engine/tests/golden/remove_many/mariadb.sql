--
-- Remove field tags from app.Book
--
DROP TABLE `app_book_tags`;

-- ==== and back ====

--
-- Undo: Remove field tags from app.Book
--
CREATE TABLE `app_book_tags` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `book_id` bigint NOT NULL, `tag_id` bigint NOT NULL, CONSTRAINT `app_book_tags_book_id_tag_id_29d98cde_uniq` UNIQUE (`book_id`, `tag_id`));
CREATE INDEX `app_book_tags_book_id_e497aee0` ON `app_book_tags` (`book_id`);
CREATE INDEX `app_book_tags_tag_id_d1db0c7a` ON `app_book_tags` (`tag_id`);
ALTER TABLE `app_book_tags` ADD CONSTRAINT `app_book_tags_book_id_e497aee0_fk_app_book_id` FOREIGN KEY (`book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;
ALTER TABLE `app_book_tags` ADD CONSTRAINT `app_book_tags_tag_id_d1db0c7a_fk_app_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `app_tag` (`id`) ON DELETE CASCADE;
