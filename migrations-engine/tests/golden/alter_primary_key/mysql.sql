--
-- Create model app.Line
--
CREATE TABLE `app_line` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `number` integer NOT NULL, `book_id` bigint NOT NULL);
CREATE INDEX `app_line_book_id_1275e504` ON `app_line` (`book_id`);
ALTER TABLE `app_line` ADD CONSTRAINT `app_line_book_id_1275e504_fk_app_book_id` FOREIGN KEY (`book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;
--
-- Alter field id of app.Line
--
ALTER TABLE `app_line` MODIFY COLUMN `id` bigint NOT NULL;
--
-- Make book, number the key of app.Line
--
ALTER TABLE `app_line` DROP PRIMARY KEY, ADD PRIMARY KEY (`book_id`, `number`);

-- ==== and back ====

--
-- Undo: Make book, number the key of app.Line
--
ALTER TABLE `app_line` DROP PRIMARY KEY, ADD PRIMARY KEY (`id`);
--
-- Undo: Alter field id of app.Line
--
ALTER TABLE `app_line` MODIFY COLUMN `id` bigint NOT NULL AUTO_INCREMENT;
--
-- Undo: Create model app.Line
--
DROP TABLE `app_line`;
