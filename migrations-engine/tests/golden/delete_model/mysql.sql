--
-- Delete model app.Book
--
DROP TABLE `app_book_tags`;
DROP TABLE `app_book`;

-- ==== and back ====

--
-- Undo: Delete model app.Book
--
CREATE TABLE `app_book` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `title` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `author_id` bigint NOT NULL, `pages` integer NOT NULL, `price` numeric(8, 2) NULL, `published` date NULL, `isbn` varchar(13) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL);
CREATE TABLE `app_book_tags` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `book_id` bigint NOT NULL, `tag_id` bigint NOT NULL, CONSTRAINT `app_book_tags_book_id_tag_id_29d98cde_uniq` UNIQUE (`book_id`, `tag_id`));
CREATE INDEX `app_book_author_id_980d3e25` ON `app_book` (`author_id`);
CREATE INDEX `app_book_tags_book_id_e497aee0` ON `app_book_tags` (`book_id`);
CREATE INDEX `app_book_tags_tag_id_d1db0c7a` ON `app_book_tags` (`tag_id`);
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;
ALTER TABLE `app_book_tags` ADD CONSTRAINT `app_book_tags_book_id_e497aee0_fk_app_book_id` FOREIGN KEY (`book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;
ALTER TABLE `app_book_tags` ADD CONSTRAINT `app_book_tags_tag_id_d1db0c7a_fk_app_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `app_tag` (`id`) ON DELETE CASCADE;
