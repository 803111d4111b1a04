--
-- Add field sheets to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `sheets` integer GENERATED ALWAYS AS (`pages` DIV 2) STORED;
CREATE INDEX `app_book_sheets_81069700` ON `app_book` (`sheets`);
--
-- Add constraint few_sheets to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `few_sheets` CHECK (`sheets` < 1000);
--
-- Add field gross to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `gross` numeric(10, 2) GENERATED ALWAYS AS (`price` / NULLIF(`pages`, 0)) STORED;
--
-- Alter field sheets of app.Book
--
DROP INDEX `app_book_sheets_81069700` ON `app_book`;
ALTER TABLE `app_book` DROP CONSTRAINT `few_sheets`;
ALTER TABLE `app_book` DROP COLUMN `sheets`;
ALTER TABLE `app_book` ADD COLUMN `sheets` integer GENERATED ALWAYS AS (`pages` DIV 4) STORED;
ALTER TABLE `app_book` ADD CONSTRAINT `few_sheets` CHECK (`sheets` < 1000);
CREATE INDEX `app_book_sheets_81069700` ON `app_book` (`sheets`);
--
-- Alter field price of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `price` numeric(10, 2) NULL;

-- ==== and back ====

--
-- Undo: Alter field price of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `price` numeric(8, 2) NULL;
--
-- Undo: Alter field sheets of app.Book
--
DROP INDEX `app_book_sheets_81069700` ON `app_book`;
ALTER TABLE `app_book` DROP CONSTRAINT `few_sheets`;
ALTER TABLE `app_book` DROP COLUMN `sheets`;
ALTER TABLE `app_book` ADD COLUMN `sheets` integer GENERATED ALWAYS AS (`pages` DIV 2) STORED;
ALTER TABLE `app_book` ADD CONSTRAINT `few_sheets` CHECK (`sheets` < 1000);
CREATE INDEX `app_book_sheets_81069700` ON `app_book` (`sheets`);
--
-- Undo: Add field gross to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `gross`;
--
-- Undo: Add constraint few_sheets to app.Book
--
ALTER TABLE `app_book` DROP CONSTRAINT `few_sheets`;
--
-- Undo: Add field sheets to app.Book
--
DROP INDEX `app_book_sheets_81069700` ON `app_book`;
ALTER TABLE `app_book` DROP COLUMN `sheets`;
