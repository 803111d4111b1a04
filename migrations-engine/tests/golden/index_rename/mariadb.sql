--
-- Add index bk_a to app.Book
--
CREATE INDEX `bk_a` ON `app_book` (`title`);
--
-- Rename index bk_a of app.Book to bk_b
--
ALTER TABLE `app_book` RENAME INDEX `bk_a` TO `bk_b`;

-- ==== and back ====

--
-- Undo: Rename index bk_a of app.Book to bk_b
--
ALTER TABLE `app_book` RENAME INDEX `bk_b` TO `bk_a`;
--
-- Undo: Add index bk_a to app.Book
--
DROP INDEX `bk_a` ON `app_book`;
