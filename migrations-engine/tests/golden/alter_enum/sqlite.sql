PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Alter field other of app.Item
--
-- remember the triggers and indexes that hang on "app_item" in the live database
CREATE TABLE "new__app_item" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "mood" text DEFAULT 'glad' NOT NULL, "other" text NOT NULL);
INSERT INTO "new__app_item" ("id", "mood", "other") SELECT "id", "mood", "other" FROM "app_item";
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
-- Undo: Alter field other of app.Item
--
-- "app_item" is written anew below, once for all of this
--
-- Undo: Alter field mood of app.Item
--
-- "app_item" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_item" in the live database
CREATE TABLE "new__app_item" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "mood" text DEFAULT 'glad' NOT NULL, "other" varchar(9) NOT NULL);
INSERT INTO "new__app_item" ("id", "mood", "other") SELECT "id", "mood", "other" FROM "app_item";
DELETE FROM sqlite_sequence WHERE name = 'new__app_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_item', seq FROM sqlite_sequence WHERE name = 'app_item' COLLATE NOCASE;
DROP TABLE "app_item";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_item" RENAME TO "app_item";
PRAGMA legacy_alter_table = OFF;
-- make the remembered triggers and indexes of "app_item" again; try every view
COMMIT;
