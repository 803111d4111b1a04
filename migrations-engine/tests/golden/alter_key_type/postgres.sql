BEGIN;
--
-- Alter field id of app.Author
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_author_id_980d3e25_fk_app_author_id";
ALTER TABLE "app_author" ALTER COLUMN "id" TYPE integer;
DO $$ BEGIN EXECUTE format('ALTER SEQUENCE %s AS integer', pg_get_serial_sequence('"app_author"', 'id')); END $$;
ALTER TABLE "app_book" ALTER COLUMN "author_id" TYPE integer;
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_author_id_980d3e25_fk_app_author_id" FOREIGN KEY ("author_id") REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
COMMIT;

-- ==== and back ====

BEGIN;
--
-- Undo: Alter field id of app.Author
--
ALTER TABLE "app_book" DROP CONSTRAINT "app_book_author_id_980d3e25_fk_app_author_id";
ALTER TABLE "app_author" ALTER COLUMN "id" TYPE bigint;
DO $$ BEGIN EXECUTE format('ALTER SEQUENCE %s AS bigint', pg_get_serial_sequence('"app_author"', 'id')); END $$;
ALTER TABLE "app_book" ALTER COLUMN "author_id" TYPE bigint;
ALTER TABLE "app_book" ADD CONSTRAINT "app_book_author_id_980d3e25_fk_app_author_id" FOREIGN KEY ("author_id") REFERENCES "app_author" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
COMMIT;
