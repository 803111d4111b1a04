--
-- Add field s to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `s` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL;

-- ==== and back ====

--
-- Undo: Add field s to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `s`;
