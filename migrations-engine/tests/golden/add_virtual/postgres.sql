-- M044: app.0002_change: Add field dbl to app.Book: app.Book.dbl: PostgreSQL has no virtual columns; make the generated field `stored`

-- ==== and back ====

-- M044: app.0002_change: Remove field dbl from app.Book: app.Book.dbl: PostgreSQL has no virtual columns; make the generated field `stored`
