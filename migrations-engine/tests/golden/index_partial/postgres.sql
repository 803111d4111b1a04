BEGIN;
--
-- Add index bk_part to app.Book
--
CREATE INDEX "bk_part" ON "app_book" ("title") WHERE "pages" > 100 AND "isbn" IS NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add index bk_part to app.Book
--
DROP INDEX "bk_part";
COMMIT;
