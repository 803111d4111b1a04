BEGIN;
--
-- Alter field a of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "a" TYPE character varying(10)[];
--
-- Alter field b of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "b" TYPE varchar(10)[] USING "b"::text::text[];
--
-- Alter field c of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "c" TYPE bit(4);
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field c of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "c" TYPE bit(8);
--
-- Undo: Alter field b of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "b" TYPE text USING "b"::text;
--
-- Undo: Alter field a of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "a" TYPE text[] USING "a"::text[];
COMMIT;
