--
-- Alter field a of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `a` varchar(4) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL;
--
-- Alter field b of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `b` char(5) NOT NULL;
--
-- Alter field c of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `c` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL;
--
-- Alter field d of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `d` char(5) NOT NULL;

-- ==== and back ====

--
-- Undo: Alter field d of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `d` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL;
--
-- Undo: Alter field c of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `c` char(10) NOT NULL;
--
-- Undo: Alter field b of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `b` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL;
--
-- Undo: Alter field a of app.Item
--
ALTER TABLE `app_item` MODIFY COLUMN `a` char(10) NOT NULL;
