--
-- Alter field title of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `title` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL;

-- ==== and back ====

--
-- Undo: Alter field title of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `title` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
