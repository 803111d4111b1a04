--
-- Rename field title of app.Book to name
--
ALTER TABLE `app_book` RENAME COLUMN `title` TO `name`;

-- ==== and back ====

--
-- Undo: Rename field title of app.Book to name
--
ALTER TABLE `app_book` RENAME COLUMN `name` TO `title`;
