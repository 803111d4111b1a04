--
-- Separately: Rename the table of app.Author to people
--
RENAME TABLE `app_author` TO `people`;

-- ==== and back ====

--
-- Undo: Separately: Rename the table of app.Author to people
--
RENAME TABLE `people` TO `app_author`;
