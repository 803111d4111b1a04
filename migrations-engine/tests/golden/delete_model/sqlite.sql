PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Delete model app.Book
--
DROP TABLE "app_book_tags";
DROP TABLE "app_book";
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Delete model app.Book
--
CREATE TABLE "app_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "pages" integer NOT NULL, "price" decimal NULL, "published" date NULL, "isbn" varchar(13) NULL);
CREATE INDEX "app_book_author_id_980d3e25" ON "app_book" ("author_id");
CREATE TABLE "app_book_tags" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "tag_id" bigint NOT NULL REFERENCES "app_tag" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX "app_book_tags_book_id_e497aee0" ON "app_book_tags" ("book_id");
CREATE UNIQUE INDEX "app_book_tags_book_id_tag_id_29d98cde_uniq" ON "app_book_tags" ("book_id", "tag_id");
CREATE INDEX "app_book_tags_tag_id_d1db0c7a" ON "app_book_tags" ("tag_id");
COMMIT;
