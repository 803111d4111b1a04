PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Add field sheets to app.Book
--
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL, "sheets" integer GENERATED ALWAYS AS ("pages" / 2) STORED NOT NULL);
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", "author_id", "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
CREATE INDEX "app_book_sheets_81069700" ON "app_book" ("sheets");
-- make the remembered triggers and indexes of "app_book" again; try every view
--
-- Add constraint few_sheets to app.Book
--
-- "app_book" is written anew below, once for all of this
--
-- Add field gross to app.Book
--
-- "app_book" is written anew below, once for all of this
--
-- Alter field sheets of app.Book
--
-- "app_book" is written anew below, once for all of this
--
-- Alter field price of app.Book
--
-- "app_book" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL, "sheets" integer GENERATED ALWAYS AS ("pages" / 4) STORED NOT NULL, "gross" decimal GENERATED ALWAYS AS (ROUND("price" * 1.0 / "pages", 2)) STORED NULL, CONSTRAINT "few_sheets" CHECK ("sheets" < 1000));
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", "author_id", "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
CREATE INDEX "app_book_sheets_81069700" ON "app_book" ("sheets");
-- make the remembered triggers and indexes of "app_book" again; try every view
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Alter field price of app.Book
--
-- look whether every row of "app_book" fits
--
-- Undo: Alter field sheets of app.Book
--
-- "app_book" is written anew below, once for all of this
--
-- Undo: Add field gross to app.Book
--
-- "app_book" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL, "sheets" integer GENERATED ALWAYS AS ("pages" / 2) STORED NOT NULL, CONSTRAINT "few_sheets" CHECK ("sheets" < 1000));
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", "author_id", "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
CREATE INDEX "app_book_sheets_81069700" ON "app_book" ("sheets");
-- make the remembered triggers and indexes of "app_book" again; try every view
--
-- Undo: Add constraint few_sheets to app.Book
--
-- "app_book" is written anew below, once for all of this
--
-- Undo: Add field sheets to app.Book
--
-- "app_book" is written anew below, once for all of this
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL);
INSERT INTO "new__app_book" ("id", "title", "author_id", "pages", "price", "published", "isbn") SELECT "id", "title", "author_id", "pages", "price", "published", "isbn" FROM "app_book";
DELETE FROM sqlite_sequence WHERE name = 'new__app_book';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new__app_book', seq FROM sqlite_sequence WHERE name = 'app_book' COLLATE NOCASE;
DROP TABLE "app_book";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "new__app_book" RENAME TO "app_book";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
-- make the remembered triggers and indexes of "app_book" again; try every view
COMMIT;
