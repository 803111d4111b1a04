-- a draft
INSERT INTO `shop_tag` (`slug`) VALUES (?)

-- a draft with its key
INSERT INTO `shop_tag` (`id`, `slug`) VALUES (?, ?)

-- a draft with defaults
INSERT INTO `press_book` (`title`, `price`, `active`, `views`, `pages`, `created`, `updated`, `note`, `author_id`, `editor_id`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- a draft without a value
INSERT INTO `press_team` (`captain_id`) VALUES (?)

-- drafts
INSERT INTO `shop_tag` (`slug`) VALUES (?), (?)

-- drafts of different columns
INSERT INTO `shop_tag` (`slug`) VALUES (?), (?);
INSERT INTO `shop_tag` (`id`, `slug`) VALUES (?, ?)

-- drafts that give way
INSERT IGNORE INTO `shop_tag` (`slug`) VALUES (?), (?)

-- an upsert
INSERT INTO `press_tag` (`slug`, `name`, `uses`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`)

-- an upsert of several columns
INSERT INTO `papers_seat` (`row`, `place`, `guest`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE `guest` = VALUES(`guest`)

-- an upsert with nothing to change
INSERT INTO `shop_tag` (`slug`) VALUES (?) ON DUPLICATE KEY UPDATE `slug` = VALUES(`slug`)

-- an upsert that another key can be in the way of
-- refused: [dialect.unsupported] mysql cannot name the key of an upsert, and this model has others
  help: the upsert itself takes several statements there: a locked read, then an UPDATE or an INSERT

-- upserts
INSERT INTO `shop_tag` (`slug`) VALUES (?), (?) ON DUPLICATE KEY UPDATE `slug` = VALUES(`slug`)

-- upserts of the same row
INSERT INTO `shop_tag` (`slug`) VALUES (?) ON DUPLICATE KEY UPDATE `slug` = VALUES(`slug`);
INSERT INTO `shop_tag` (`slug`) VALUES (?) ON DUPLICATE KEY UPDATE `slug` = VALUES(`slug`)

-- upserts that another key can be in the way of
-- refused: [dialect.unsupported] mysql cannot name the key of an upsert, and this model has others
  help: the upsert itself takes several statements there: a locked read, then an UPDATE or an INSERT

