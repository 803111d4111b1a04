-- M044: app.0002_change: Add constraint bk_un to app.Book: app.Book: `bk_un`: MariaDB has no unique constraints in which NULLs are equal

-- ==== and back ====

-- M044: app.0002_change: Remove constraint bk_un from app.Book: app.Book: `bk_un`: MariaDB has no unique constraints in which NULLs are equal
