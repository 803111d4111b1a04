--
-- Add constraint bk_chk to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `bk_chk` CHECK (`pages` >= 0);

-- ==== and back ====

--
-- Undo: Add constraint bk_chk to app.Book
--
ALTER TABLE `app_book` DROP CONSTRAINT `bk_chk`;
