--
-- Add index bk_expr to app.Book
--
CREATE INDEX `bk_expr` ON `app_book` ((LOWER(`title`)) DESC);

-- ==== and back ====

--
-- Undo: Add index bk_expr to app.Book
--
DROP INDEX `bk_expr` ON `app_book`;
