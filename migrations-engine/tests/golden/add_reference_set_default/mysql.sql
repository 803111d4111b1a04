-- M042: app.0002_change: Add field editor to app.Book: app.Book.editor: MySQL does not honour ON DELETE SET DEFAULT

-- ==== and back ====

-- M042: app.0002_change: Remove field editor from app.Book: app.Book.editor: MySQL does not honour ON DELETE SET DEFAULT
