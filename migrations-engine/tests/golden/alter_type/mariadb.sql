--
-- Alter field pages of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `pages` bigint NOT NULL;

-- ==== and back ====

--
-- Undo: Alter field pages of app.Book
--
ALTER TABLE `app_book` MODIFY COLUMN `pages` integer NOT NULL;
