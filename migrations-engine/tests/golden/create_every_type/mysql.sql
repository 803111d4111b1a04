--
-- Create model app.Every
--
CREATE TABLE `app_every` (`id` integer NOT NULL AUTO_INCREMENT PRIMARY KEY, `flag` bool DEFAULT 1 NOT NULL, `small` smallint NOT NULL, `int` integer NOT NULL, `big` bigint NOT NULL, `psmall` smallint UNSIGNED NOT NULL, `pint` integer UNSIGNED NOT NULL, `pbig` bigint UNSIGNED NULL, `float` float NOT NULL, `double` double precision DEFAULT 1.5 NOT NULL, `name` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'it''s 5% \\' NOT NULL, `body` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT ('-') NOT NULL, `price` numeric(8, 2) DEFAULT 9.99 NOT NULL, `day` date DEFAULT (UTC_DATE()) NOT NULL, `clock` time(6) DEFAULT '12:30:00' NOT NULL, `moment` datetime(6) DEFAULT (UTC_TIMESTAMP(6)) NOT NULL, `naive` datetime(6) NULL, `span` bigint DEFAULT 90000000 NOT NULL, `token` char(32) DEFAULT (REPLACE(UUID(), '-', '')) NOT NULL, `bytes` longblob NOT NULL, `data` json NULL, `address` char(39) NULL COMMENT 'v4 or v6', `Odd "Col``"` integer NOT NULL, `doubled` integer GENERATED ALWAYS AS (`small` * 2) STORED, CONSTRAINT `app_every_int_key` UNIQUE (`int`), CONSTRAINT `app_every_name_key` UNIQUE (`name`), CONSTRAINT `every_small` CHECK (`small` BETWEEN -5 AND 5 OR (`name` LIKE 'a_%' ESCAPE '!' AND NOT ((LEFT(`name`, CHAR_LENGTH('b''c')) = 'b''c'))))) COMMENT = 'one of each, isn''t it';
CREATE INDEX `app_every_big_5e83b93e` ON `app_every` (`big`);

-- ==== and back ====

--
-- Undo: Create model app.Every
--
DROP TABLE `app_every`;
