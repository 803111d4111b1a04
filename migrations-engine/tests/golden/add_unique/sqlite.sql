PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Add field u to app.Book
--
-- remember the triggers and indexes that hang on "app_book" in the live database
CREATE TABLE "new__app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL, "u" integer NULL UNIQUE);
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

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Add field u to app.Book
--
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
