--
-- Create model app.Line
--
CREATE TABLE `app_line` (`number` integer NOT NULL, `book_id` bigint NOT NULL, PRIMARY KEY (`number`, `book_id`));
CREATE INDEX `app_line_book_id_1275e504` ON `app_line` (`book_id`);
ALTER TABLE `app_line` ADD CONSTRAINT `app_line_book_id_1275e504_fk_app_book_id` FOREIGN KEY (`book_id`) REFERENCES `app_book` (`id`) ON DELETE CASCADE;

-- ==== and back ====

--
-- Undo: Create model app.Line
--
DROP TABLE `app_line`;
