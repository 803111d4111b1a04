--
-- Create model app.Opt
--
CREATE TABLE `app_opt` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `a` integer NOT NULL, `s` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `author_id` bigint NOT NULL, `tag_id` bigint NULL, `parent_id` bigint NULL, `loose_id` bigint NULL, CONSTRAINT `app_opt_tag_id_key` UNIQUE (`tag_id`), CONSTRAINT `opt_a_author` UNIQUE (`a`, `author_id`));
CREATE INDEX `app_opt_author_id_455337a5` ON `app_opt` (`author_id`);
CREATE INDEX `app_opt_parent_id_2d8cd11a` ON `app_opt` (`parent_id`);
CREATE INDEX `opt_a_s` ON `app_opt` (`a`, `s` DESC);
ALTER TABLE `app_opt` ADD CONSTRAINT `app_opt_author_id_455337a5_fk_app_author_id` FOREIGN KEY (`author_id`) REFERENCES `app_author` (`id`) ON DELETE RESTRICT;
ALTER TABLE `app_opt` ADD CONSTRAINT `app_opt_parent_id_2d8cd11a_fk_app_opt_id` FOREIGN KEY (`parent_id`) REFERENCES `app_opt` (`id`);
ALTER TABLE `app_opt` ADD CONSTRAINT `app_opt_tag_id_073de405_fk_app_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `app_tag` (`id`) ON DELETE SET NULL;

-- ==== and back ====

--
-- Undo: Create model app.Opt
--
DROP TABLE `app_opt`;
