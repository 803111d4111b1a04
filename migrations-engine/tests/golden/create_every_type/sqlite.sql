BEGIN;
--
-- Create model app.Every
--
CREATE TABLE "app_every" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "flag" bool DEFAULT 1 NOT NULL, "small" smallint NOT NULL, "int" integer NOT NULL UNIQUE, "big" bigint NOT NULL, "psmall" smallint unsigned NOT NULL CHECK ("psmall" >= 0), "pint" integer unsigned NOT NULL CHECK ("pint" >= 0), "pbig" bigint unsigned NULL CHECK ("pbig" >= 0), "float" real NOT NULL, "double" real DEFAULT 1.5 NOT NULL, "name" varchar(20) DEFAULT 'it''s 5% \' NOT NULL UNIQUE, "body" text DEFAULT '-' NOT NULL, "price" decimal DEFAULT 9.99 NOT NULL, "day" date DEFAULT (DATE('NOW')) NOT NULL, "clock" time DEFAULT '12:30:00' NOT NULL, "moment" datetime DEFAULT (STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')) NOT NULL, "naive" datetime NULL, "span" bigint DEFAULT 90000000 NOT NULL, "token" char(32) DEFAULT ((LOWER(HEX(RANDOMBLOB(6))) || '4' || SUBSTR(LOWER(HEX(RANDOMBLOB(2))), 2) || 'a' || SUBSTR(LOWER(HEX(RANDOMBLOB(8))), 2))) NOT NULL, "bytes" BLOB NOT NULL, "data" text NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "address" char(39) NULL, "Odd ""Col`""" integer NOT NULL, "doubled" integer GENERATED ALWAYS AS ("small" * 2) STORED NOT NULL, CONSTRAINT "every_small" CHECK ("small" BETWEEN -5 AND 5 OR ("name" GLOB 'a?*' AND NOT ((SUBSTR("name", 1, LENGTH('b''c')) = 'b''c')))));
CREATE INDEX "app_every_big_5e83b93e" ON "app_every" ("big");
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Create model app.Every
--
DROP TABLE "app_every";
COMMIT;
