--
-- Add field tag to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `tag_id` bigint NULL;
CREATE INDEX `app_book_tag_id_90f22eed` ON `app_book` (`tag_id`);
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_tag_id_90f22eed_fk_app_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `app_tag` (`id`) ON DELETE SET NULL;

-- ==== and back ====

--
-- Undo: Add field tag to app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_tag_id_90f22eed_fk_app_tag_id`;
DROP INDEX `app_book_tag_id_90f22eed` ON `app_book`;
ALTER TABLE `app_book` DROP COLUMN `tag_id`;
