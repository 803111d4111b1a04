PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Create model app.Line
--
CREATE TABLE "app_line" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX "app_line_book_id_1275e504" ON "app_line" ("book_id");
--
-- Alter field id of app.Line
--
-- remember the triggers and indexes that hang on "app_line" in the live database
CREATE TABLE "new__app_line" ("id" bigint NOT NULL PRIMARY KEY, "number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "new__app_line" ("id", "number", "book_id") SELECT "id", "number", "book_id" FROM "app_line";
DROP TABLE "app_line";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_line" RENAME TO "app_line";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_line_book_id_1275e504" ON "app_line" ("book_id");
-- make the remembered triggers and indexes of "app_line" again; try every view
--
-- Make book, number the key of app.Line
--
-- remember the triggers and indexes that hang on "app_line" in the live database
CREATE TABLE "new__app_line" ("id" bigint NOT NULL, "number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY ("book_id", "number"));
INSERT INTO "new__app_line" ("id", "number", "book_id") SELECT "id", "number", "book_id" FROM "app_line";
DROP TABLE "app_line";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_line" RENAME TO "app_line";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_line_book_id_1275e504" ON "app_line" ("book_id");
-- make the remembered triggers and indexes of "app_line" again; try every view
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Make book, number the key of app.Line
--
-- remember the triggers and indexes that hang on "app_line" in the live database
CREATE TABLE "new__app_line" ("id" bigint NOT NULL PRIMARY KEY, "number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "new__app_line" ("id", "number", "book_id") SELECT "id", "number", "book_id" FROM "app_line";
DROP TABLE "app_line";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_line" RENAME TO "app_line";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_line_book_id_1275e504" ON "app_line" ("book_id");
-- make the remembered triggers and indexes of "app_line" again; try every view
--
-- Undo: Alter field id of app.Line
--
-- remember the triggers and indexes that hang on "app_line" in the live database
CREATE TABLE "new__app_line" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "new__app_line" ("id", "number", "book_id") SELECT "id", "number", "book_id" FROM "app_line";
DROP TABLE "app_line";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_line" RENAME TO "app_line";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_line_book_id_1275e504" ON "app_line" ("book_id");
-- make the remembered triggers and indexes of "app_line" again; try every view
--
-- Undo: Create model app.Line
--
DROP TABLE "app_line";
COMMIT;
