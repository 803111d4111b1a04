--
-- Make name the key of app.Author
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_author` MODIFY COLUMN `id` bigint NOT NULL;
ALTER TABLE `app_author` DROP PRIMARY KEY, ADD PRIMARY KEY (`name`);
DROP INDEX `app_book_author_id_980d3e25` ON `app_book`;
CREATE INDEX `orm_aside_0` ON `app_author` (`id`);
ALTER TABLE `app_book` RENAME COLUMN `author_id` TO `orm_aside`;
ALTER TABLE `app_book` ADD COLUMN `author_id` varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL;
UPDATE `app_book` SET `author_id` = (SELECT t.`name` FROM `app_author` AS t WHERE t.`id` = `app_book`.`orm_aside`);
ALTER TABLE `app_book` MODIFY COLUMN `author_id` varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
ALTER TABLE `app_book` DROP COLUMN `orm_aside`;
CREATE INDEX `app_book_author_id_980d3e25` ON `app_book` (`author_id`);
DROP INDEX `orm_aside_0` ON `app_author`;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`name`) ON DELETE CASCADE;
--
-- Remove field id from app.Author
--
ALTER TABLE `app_author` DROP COLUMN `id`;

-- ==== and back ====

--
-- Undo: Remove field id from app.Author
--
ALTER TABLE `app_book` DROP FOREIGN KEY `app_book_author_id_980d3e25_fk_app_author_id`;
ALTER TABLE `app_author` DROP PRIMARY KEY, ADD COLUMN `id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY;
DROP INDEX `app_book_author_id_980d3e25` ON `app_book`;
CREATE INDEX `orm_aside_0` ON `app_author` (`name`);
ALTER TABLE `app_book` RENAME COLUMN `author_id` TO `orm_aside`;
ALTER TABLE `app_book` ADD COLUMN `author_id` bigint NULL;
UPDATE `app_book` SET `author_id` = (SELECT t.`id` FROM `app_author` AS t WHERE t.`name` = `app_book`.`orm_aside`);
ALTER TABLE `app_book` MODIFY COLUMN `author_id` bigint NOT NULL;
ALTER TABLE `app_book` DROP COLUMN `orm_aside`;
CREATE INDEX `app_book_author_id_980d3e25` ON `app_book` (`author_id`);
DROP INDEX `orm_aside_0` ON `app_author`;
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_author_id_980d3e25_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE CASCADE;
