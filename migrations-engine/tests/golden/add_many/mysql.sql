--
-- Add field related to app.Book
--
CREATE TABLE `app_book_related` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `from_book_id` bigint NOT NULL, `to_book_id` bigint NOT NULL, CONSTRAINT `app_book_related_from_book_id_to_book_id_e1250997_uniq` UNIQUE (`from_book_id`, `to_book_id`));
CREATE INDEX `app_book_related_from_book_id_9c6db058` ON `app_book_related` (`from_book_id`);
CREATE INDEX `app_book_related_to_book_id_0d992b15` ON `app_book_related` (`to_book_id`);
ALTER TABLE `app_book_related` ADD CONSTRAINT `app_book_related_from_book_id_9c6db058_fk_app_book_id` FOREIGN KEY (`from_book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;
ALTER TABLE `app_book_related` ADD CONSTRAINT `app_book_related_to_book_id_0d992b15_fk_app_book_id` FOREIGN KEY (`to_book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;

-- ==== and back ====

--
-- Undo: Add field related to app.Book
--
DROP TABLE `app_book_related`;
