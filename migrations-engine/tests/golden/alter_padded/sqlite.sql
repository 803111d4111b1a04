PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Alter field a of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Alter field b of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Alter field c of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Alter field d of app.Item
--
-- "app_item" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_item" in the live database
CREATE TABLE "new__app_item" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "a" varchar(4) NOT NULL, "b" char(5) NOT NULL, "c" text NOT NULL, "d" char(5) NOT NULL);
INSERT INTO "new__app_item" ("id", "a", "b", "c", "d") SELECT "id", "a", "b", "c", "d" FROM "app_item";
DELETE FROM sqlite_sequence WHERE name = 'new__app_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_item', seq FROM sqlite_sequence WHERE name = 'app_item' COLLATE NOCASE;
DROP TABLE "app_item";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_item" RENAME TO "app_item";
PRAGMA legacy_alter_table = OFF;
-- make the remembered triggers and indexes of "app_item" again; try every view
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Alter field d of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Undo: Alter field c of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Undo: Alter field b of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Undo: Alter field a of app.Item
--
-- "app_item" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_item" in the live database
CREATE TABLE "new__app_item" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "a" char(10) NOT NULL, "b" varchar(20) NOT NULL, "c" char(10) NOT NULL, "d" text NOT NULL);
INSERT INTO "new__app_item" ("id", "a", "b", "c", "d") SELECT "id", "a", "b", "c", "d" FROM "app_item";
DELETE FROM sqlite_sequence WHERE name = 'new__app_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_item', seq FROM sqlite_sequence WHERE name = 'app_item' COLLATE NOCASE;
DROP TABLE "app_item";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_item" RENAME TO "app_item";
PRAGMA legacy_alter_table = OFF;
-- make the remembered triggers and indexes of "app_item" again; try every view
COMMIT;
