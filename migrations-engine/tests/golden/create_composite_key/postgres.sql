BEGIN;
--
-- Create model app.Line
--
CREATE TABLE "app_line" ("number" integer NOT NULL, "book_id" bigint NOT NULL, CONSTRAINT "app_line_pkey" PRIMARY KEY ("number", "book_id"));
ALTER TABLE "app_line" ADD CONSTRAINT "app_line_book_id_1275e504_fk_app_book_id" FOREIGN KEY ("book_id") REFERENCES "app_book" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Create model app.Line
--
DROP TABLE "app_line";
COMMIT;
