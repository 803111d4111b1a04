--
-- Alter field published of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `published` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL;
UPDATE `app_book` SET `published` = 'never' WHERE `published` IS NULL;
ALTER TABLE `app_book` MODIFY COLUMN `published` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;

-- ==== and back ====

--
-- Undo: Alter field published of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `published` date NULL;
