--
-- Add field dbl to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `dbl` integer GENERATED ALWAYS AS (`pages` * 2) STORED;

-- ==== and back ====

--
-- Undo: Add field dbl to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `dbl`;
