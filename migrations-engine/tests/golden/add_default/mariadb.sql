--
-- Add field n to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `n` integer DEFAULT 7 NOT NULL;
ALTER TABLE `app_book` ALTER COLUMN `n` DROP DEFAULT;

-- ==== and back ====

--
-- Undo: Add field n to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `n`;
