--
-- Alter field title of app.Book
--
ALTER TABLE `app_book` RENAME COLUMN `title` TO `ttl`;

-- ==== and back ====

--
-- Undo: Alter field title of app.Book
--
ALTER TABLE `app_book` RENAME COLUMN `ttl` TO `title`;
