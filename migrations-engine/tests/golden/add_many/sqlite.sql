BEGIN;
--
-- Add field related to app.Book
--
CREATE TABLE "app_book_related" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "from_book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, "to_book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX "app_book_related_from_book_id_9c6db058" ON "app_book_related" ("from_book_id");
CREATE UNIQUE INDEX "app_book_related_from_book_id_to_book_id_e1250997_uniq" ON "app_book_related" ("from_book_id", "to_book_id");
CREATE INDEX "app_book_related_to_book_id_0d992b15" ON "app_book_related" ("to_book_id");
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Add field related to app.Book
--
DROP TABLE "app_book_related";
COMMIT;
