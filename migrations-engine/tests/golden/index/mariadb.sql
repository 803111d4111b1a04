--
-- Add index bk_idx to app.Book
--
CREATE INDEX `bk_idx` ON `app_book` (`title`, `pages` DESC);

-- ==== and back ====

--
-- Undo: Add index bk_idx to app.Book
--
DROP INDEX `bk_idx` ON `app_book`;
