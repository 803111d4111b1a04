--
-- Alter field title of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `title` varchar(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
CREATE INDEX `app_book_title_30dcdb86` ON `app_book` (`title`);
--
-- Add field stock to app.Book
--
ALTER TABLE `app_book` ADD COLUMN `stock` integer DEFAULT 0 NOT NULL;
ALTER TABLE `app_book` ALTER COLUMN `stock` DROP DEFAULT;
--
-- Add index app_book_stock to app.Book
--
CREATE INDEX `app_book_stock` ON `app_book` (`stock`);
--
-- Add constraint app_book_stock_positive to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_stock_positive` CHECK (`stock` >= 0);

-- ==== and back ====

--
-- Undo: Add constraint app_book_stock_positive to app.Book
--
ALTER TABLE `app_book` DROP CONSTRAINT `app_book_stock_positive`;
--
-- Undo: Add index app_book_stock to app.Book
--
DROP INDEX `app_book_stock` ON `app_book`;
--
-- Undo: Add field stock to app.Book
--
ALTER TABLE `app_book` DROP COLUMN `stock`;
--
-- Undo: Alter field title of app.Book
--
DROP INDEX `app_book_title_30dcdb86` ON `app_book`;
ALTER TABLE `app_book` MODIFY COLUMN `title` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
