--
-- Add field n to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `n` datetime(6) DEFAULT (UTC_TIMESTAMP(6)) NOT NULL;

-- ==== and back ====

--
-- Undo: Add field n to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `n`;
