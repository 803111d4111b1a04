--
-- Rename the table of app.Book to library_book
--
RENAME TABLE `app_book` TO `library_book`;
RENAME TABLE `app_book_tags` TO `library_book_tags`;

-- ==== and back ====

--
-- Undo: Rename the table of app.Book to library_book
--
RENAME TABLE `library_book` TO `app_book`;
RENAME TABLE `library_book_tags` TO `app_book_tags`;
