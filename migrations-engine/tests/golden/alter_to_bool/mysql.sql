--
-- Alter field pages of app.Book
--
UPDATE `app_book` SET `pages` = 1 WHERE `pages` NOT IN (0, 1);
ALTER TABLE `app_book` MODIFY COLUMN `pages` bool NOT NULL;

-- ==== and back ====

--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `pages` integer NOT NULL;
