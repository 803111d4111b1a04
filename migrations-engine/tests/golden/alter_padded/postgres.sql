BEGIN;
--
-- Alter field a of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "a" TYPE varchar(4) USING "a"::text;
--
-- Alter field b of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "b" TYPE char(5);
--
-- Alter field c of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "c" TYPE text USING "c"::text;
--
-- Alter field d of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "d" TYPE char(5);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field d of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "d" TYPE text USING "d"::text;
--
-- Undo: Alter field c of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "c" TYPE char(10);
--
-- Undo: Alter field b of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "b" TYPE varchar(20) USING "b"::text;
--
-- Undo: Alter field a of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "a" TYPE char(10);
COMMIT;
