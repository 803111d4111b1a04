--
-- Rename model app.Author to Writer
--
RENAME TABLE `app_author` TO `app_writer`;

-- ==== and back ====

--
-- Undo: Rename model app.Author to Writer
--
RENAME TABLE `app_writer` TO `app_author`;
