--
-- Alter field published of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `published` datetime(6) NULL;

-- ==== and back ====

--
-- Undo: Alter field published of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `published` date NULL;
