--
-- Add constraint bk_like to app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `bk_like` CHECK (NOT ((LEFT(`title`, CHAR_LENGTH('50%_off')) = '50%_off')) AND `title` NOT LIKE '%!%%' ESCAPE '!' AND LOWER(`title`) LIKE LOWER('%E') ESCAPE '!');

-- ==== and back ====

--
-- Undo: Add constraint bk_like to app.Book
--
ALTER TABLE `app_book` DROP CONSTRAINT `bk_like`;
