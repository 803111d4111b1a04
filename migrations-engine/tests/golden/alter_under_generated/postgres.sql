BEGIN;
--
-- Alter field size of app.Item
--
DROP INDEX "app_item_more_516b13f6";
ALTER TABLE "app_item" DROP COLUMN "more";
ALTER TABLE "app_item" ALTER COLUMN "size" TYPE bigint;
ALTER TABLE "app_item" ADD COLUMN "more" integer GENERATED ALWAYS AS ("size" + 1) STORED NOT NULL;
CREATE INDEX "app_item_more_516b13f6" ON "app_item" ("more");
--
-- Alter field more of app.Item
--
DROP INDEX "app_item_more_516b13f6";
ALTER TABLE "app_item" DROP COLUMN "more";
ALTER TABLE "app_item" ADD COLUMN "more" bigint GENERATED ALWAYS AS ("size" + 1) STORED NOT NULL;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field more of app.Item
--
ALTER TABLE "app_item" DROP COLUMN "more";
ALTER TABLE "app_item" ADD COLUMN "more" integer GENERATED ALWAYS AS ("size" + 1) STORED NOT NULL;
CREATE INDEX "app_item_more_516b13f6" ON "app_item" ("more");
--
-- Undo: Alter field size of app.Item
--
DROP INDEX "app_item_more_516b13f6";
ALTER TABLE "app_item" DROP COLUMN "more";
ALTER TABLE "app_item" ALTER COLUMN "size" TYPE integer;
ALTER TABLE "app_item" ADD COLUMN "more" integer GENERATED ALWAYS AS ("size" + 1) STORED NOT NULL;
CREATE INDEX "app_item_more_516b13f6" ON "app_item" ("more");
COMMIT;
