--
-- Alter field pages of app.Book
--
ALTER TABLE `app_book` RENAME COLUMN `pages` TO `pages_id`;
ALTER TABLE `app_book` MODIFY COLUMN `pages_id` bigint NULL;
CREATE INDEX `app_book_pages_id_4c3a9c82` ON `app_book` (`pages_id`);
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_pages_id_4c3a9c82_fk_app_author_id` FOREIGN KEY (`pages_id`) REFERENCES `app_author` (`id`) ON DELETE SET NULL;

-- ==== and back ====

--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_pages_id_4c3a9c82_fk_app_author_id`;
DROP INDEX `app_book_pages_id_4c3a9c82` ON `app_book`;
ALTER TABLE `app_book` RENAME COLUMN `pages_id` TO `pages`;
ALTER TABLE `app_book` MODIFY COLUMN `pages` integer NULL;
UPDATE `app_book` SET `pages` = 0 WHERE `pages` IS NULL;
ALTER TABLE `app_book` MODIFY COLUMN `pages` integer NOT NULL;
