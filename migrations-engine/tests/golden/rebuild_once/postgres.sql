BEGIN;
--
-- Alter field title of app.Book
--
ALTER TABLE "app_book" ALTER COLUMN "title" TYPE varchar(300);
CREATE INDEX "app_book_title_30dcdb86" ON "app_book" ("title");
CREATE INDEX "app_book_title_30dcdb86_like" ON "app_book" ("title" varchar_pattern_ops);
--
-- Add field stock to app.Book
--
ALTER TABLE "app_book" ADD COLUMN "stock" integer DEFAULT 0 NOT NULL;
ALTER TABLE "app_book" ALTER COLUMN "stock" DROP DEFAULT;
--
-- Add index app_book_stock to app.Book
--
CREATE INDEX "app_book_stock" ON "app_book" ("stock");
--
-- Add constraint app_book_stock_positive to app.Book
--
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_stock_positive" CHECK ("stock" >= 0);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Add constraint app_book_stock_positive to app.Book
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_stock_positive";
--
-- Undo: Add index app_book_stock to app.Book
--
DROP INDEX "app_book_stock";
--
-- Undo: Add field stock to app.Book
--
ALTER TABLE "app_book" DROP COLUMN "stock";
--
-- Undo: Alter field title of app.Book
--
DROP INDEX "app_book_title_30dcdb86";
DROP INDEX "app_book_title_30dcdb86_like";
ALTER TABLE "app_book" ALTER COLUMN "title" TYPE varchar(200);
COMMIT;
