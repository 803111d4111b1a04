--
-- Add constraint app_book_once to app.Book
--
CREATE UNIQUE INDEX `app_book_once` ON `app_book` (`title`, `pages` DESC);

-- ==== and back ====

--
-- Undo: Add constraint app_book_once to app.Book
--
DROP INDEX `app_book_once` ON `app_book`;
