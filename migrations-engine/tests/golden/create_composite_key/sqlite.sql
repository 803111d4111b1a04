BEGIN;
--
-- Create model app.Line
--
CREATE TABLE "app_line" ("number" integer NOT NULL, "book_id" bigint NOT NULL REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY ("number", "book_id"));
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Create model app.Line
--
DROP TABLE "app_line";
COMMIT;
