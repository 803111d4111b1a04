--
-- Remove field pages from app.Book
--
ALTER TABLE `app_book` DROP COLUMN `pages`;

-- ==== and back ====

--
-- Undo: Remove field pages from app.Book
--
ALTER TABLE `app_book` ADD COLUMN `pages` integer DEFAULT 0 NOT NULL;
ALTER TABLE `app_book` ALTER COLUMN `pages` DROP DEFAULT;
