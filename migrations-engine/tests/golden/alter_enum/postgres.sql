BEGIN;
--
-- Alter field mood of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "mood" DROP DEFAULT;
ALTER TABLE "app_item" ALTER COLUMN "mood" TYPE state_of_mind USING "mood"::text::state_of_mind;
ALTER TABLE "app_item" ALTER COLUMN "mood" SET DEFAULT 'glad';
--
-- Alter field other of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "other" TYPE mood USING "other"::mood;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field other of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "other" TYPE varchar(9) USING "other"::text;
--
-- Undo: Alter field mood of app.Item
--
ALTER TABLE "app_item" ALTER COLUMN "mood" DROP DEFAULT;
ALTER TABLE "app_item" ALTER COLUMN "mood" TYPE mood USING "mood"::text::mood;
ALTER TABLE "app_item" ALTER COLUMN "mood" SET DEFAULT 'glad';
COMMIT;
