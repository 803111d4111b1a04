--
-- Add field slug to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `slug` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL;
UPDATE `app_book` SET `slug` = LOWER(`title`);
ALTER TABLE `app_book` MODIFY COLUMN `slug` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;

-- ==== and back ====

--
-- Undo: Add field slug to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `slug`;
