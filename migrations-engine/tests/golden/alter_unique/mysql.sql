--
-- Alter field isbn of app.Book
--
ALTER TABLE `app_book` ADD CONSTRAINT `app_book_isbn_20fbcddf_uniq` UNIQUE (`isbn`);

-- ==== and back ====

--
-- Undo: Alter field isbn of app.Book
--
ALTER TABLE `app_book` DROP INDEX `app_book_isbn_20fbcddf_uniq`;
