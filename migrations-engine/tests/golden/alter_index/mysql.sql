--
-- Alter field title of app.Book
--
CREATE INDEX `app_book_title_30dcdb86` ON `app_book` (`title`);

-- ==== and back ====

--
-- Undo: Alter field title of app.Book
--
DROP INDEX `app_book_title_30dcdb86` ON `app_book`;
