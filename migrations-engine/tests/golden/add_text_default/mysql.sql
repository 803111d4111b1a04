--
-- Add field s to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `s` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT ('it''s 5%') NOT NULL;
ALTER TABLE `app_book` ALTER COLUMN `s` DROP DEFAULT;

-- ==== and back ====

--
-- Undo: Add field s to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `s`;
