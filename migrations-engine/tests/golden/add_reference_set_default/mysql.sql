--
-- Add field editor to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `editor_id` bigint DEFAULT 1 NOT NULL;
CREATE INDEX `app_book_editor_id_588fd8be` ON `app_book` (`editor_id`);
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_editor_id_588fd8be_fk_app_author_id` FOREIGN KEY (`editor_id`) REFERENCES `app_author` (`id`);

-- ==== and back ====

--
-- Undo: Add field editor to app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_editor_id_588fd8be_fk_app_author_id`;
DROP INDEX `app_book_editor_id_588fd8be` ON `app_book`;
ALTER TABLE `app_book` DROP COLUMN `editor_id`;
