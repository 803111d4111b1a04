--
-- Change the comment of app.Book
--
ALTER TABLE `app_book` COMMENT = 'All books';

-- ==== and back ====

--
-- Undo: Change the comment of app.Book
--
ALTER TABLE `app_book` COMMENT = '';
