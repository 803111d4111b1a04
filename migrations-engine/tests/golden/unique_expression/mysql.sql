--
-- Add constraint bk_ue to app.Book
--
CREATE UNIQUE INDEX `bk_ue` ON `app_book` ((LOWER(`title`)));

-- ==== and back ====

--
-- Undo: Add constraint bk_ue to app.Book
--
DROP INDEX `bk_ue` ON `app_book`;
