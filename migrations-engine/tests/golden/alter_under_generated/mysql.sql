--
-- Alter field size of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `size` bigint NOT NULL;
--
-- Alter field more of app.Item
--
DROP INDEX `app_item_more_516b13f6` ON `app_item`;
ALTER TABLE `app_item` MODIFY COLUMN `more` bigint GENERATED ALWAYS AS (`size` + 1) STORED;

-- ==== and back ====

--
-- Undo: Alter field more of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `more` integer GENERATED ALWAYS AS (`size` + 1) STORED;
CREATE INDEX `app_item_more_516b13f6` ON `app_item` (`more`);
--
-- Undo: Alter field size of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `size` integer NOT NULL;
