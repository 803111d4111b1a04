BEGIN;
--
-- Create model app.Opt
--
CREATE TABLE "app_opt" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "a" integer NOT NULL, "s" varchar(20) NOT NULL, "author_id" bigint NOT NULL REFERENCES "app_author" ("id") ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED, "tag_id" bigint NULL UNIQUE REFERENCES "app_tag" ("id") ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, "parent_id" bigint NULL REFERENCES "app_opt" ("id") DEFERRABLE INITIALLY DEFERRED, "loose_id" bigint NULL);
CREATE INDEX "app_opt_author_id_455337a5" ON "app_opt" ("author_id");
CREATE INDEX "app_opt_parent_id_2d8cd11a" ON "app_opt" ("parent_id");
CREATE UNIQUE INDEX "opt_a_author" ON "app_opt" ("a", "author_id");
CREATE INDEX "opt_a_s" ON "app_opt" ("a", "s" DESC);
COMMIT;

-- ==== and back ====

PRAGMA foreign_keys = OFF;
BEGIN;
--
-- Undo: Create model app.Opt
--
DROP TABLE "app_opt";
COMMIT;
