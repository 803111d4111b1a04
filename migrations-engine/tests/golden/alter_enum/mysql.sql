--
-- Alter field mood of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `mood` text DEFAULT 'glad' NOT NULL;
--
-- Alter field other of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `other` text NOT NULL;

-- ==== and back ====

--
-- Undo: Alter field other of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `other` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
--
-- Undo: Alter field mood of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `mood` text DEFAULT 'glad' NOT NULL;
