--
-- Rename field tags of app.Book to labels
--
RENAME TABLE `app_book_tags` TO `app_book_labels`;

-- ==== and back ====

--
-- Undo: Rename field tags of app.Book to labels
--
RENAME TABLE `app_book_labels` TO `app_book_tags`;
