--
-- Add index bk_inc to app.Book
--
CREATE INDEX `bk_inc` ON `app_book` (`title`);

-- ==== and back ====

--
-- Undo: Add index bk_inc to app.Book
--
DROP INDEX `bk_inc` ON `app_book`;
