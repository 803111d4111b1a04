-- M044: app.0002_change: Add constraint bk_ud to app.Book: app.Book: `bk_ud`: MySQL has no deferrable unique constraints

-- ==== and back ====

-- M044: app.0002_change: Remove constraint bk_ud from app.Book: app.Book: `bk_ud`: MySQL has no deferrable unique constraints
