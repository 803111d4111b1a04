BEGIN;
--
-- Alter field title of app.Book
--
CREATE INDEX "app_book_title_30dcdb86" ON "app_book" ("title");
CREATE INDEX "app_book_title_30dcdb86_like" ON "app_book" ("title" varchar_pattern_ops);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field title of app.Book
--
DROP INDEX "app_book_title_30dcdb86";
DROP INDEX "app_book_title_30dcdb86_like";
COMMIT;
