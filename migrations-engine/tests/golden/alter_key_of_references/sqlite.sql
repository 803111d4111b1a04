PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Make name the key of app.Author
--
-- remember the triggers and indexes that hang on "app_author" in the live database
CREATE TABLE "new__app_author" ("id" bigint NOT NULL, "name" varchar(100) NOT NULL PRIMARY KEY, "age" integer NULL);
INSERT INTO "new__app_author" ("id", "name", "age") SELECT "id", "name", "age" FROM "app_author";
DROP TABLE "app_author";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_author" RENAME TO "app_author";
PRAGMA legacy_alter_table = OFF;
-- make the remembered triggers and indexes of "app_author" again; try every view
CREATE INDEX "orm_aside_0" ON "app_author" ("id");
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" varchar(100) NOT NULL REFERENCES "app_author" ("name") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL);
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", (SELECT t."name" FROM "app_author" AS t WHERE t."id" = "app_book"."author_id"), "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
-- make the remembered triggers and indexes of "app_book" again; try every view
DROP INDEX "orm_aside_0";
--
-- Remove field id from app.Author
--
ALTER TABLE "app_author" DROP COLUMN "id";
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Remove field id from app.Author
--
-- remember the triggers and indexes that hang on "app_author" in the live database
CREATE TABLE "new__app_author" ("name" varchar(100) NOT NULL, "age" integer NULL, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO "new__app_author" ("name", "age") SELECT "name", "age" FROM "app_author";
DROP TABLE "app_author";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_author" RENAME TO "app_author";
PRAGMA legacy_alter_table = OFF;
-- make the remembered triggers and indexes of "app_author" again; try every view
CREATE INDEX "orm_aside_0" ON "app_author" ("name");
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL);
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", (SELECT t."id" FROM "app_author" AS t WHERE t."name" = "app_book"."author_id"), "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
-- make the remembered triggers and indexes of "app_book" again; try every view
DROP INDEX "orm_aside_0";
COMMIT;
