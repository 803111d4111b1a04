--
-- Alter field isbn of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `isbn` integer NULL;

-- ==== and back ====

--
-- Undo: Alter field isbn of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `isbn` varchar(13) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;
