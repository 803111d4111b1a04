-- an update
UPDATE `shop_book` SET `stock` = `stock` + ?, `price` = CAST(? AS DECIMAL(65, 2)) WHERE `active`

-- an update by related rows
UPDATE `shop_book` AS `book` JOIN (SELECT DISTINCT `book2`.`id` FROM `shop_book` AS `book2` JOIN `shop_person` AS `author` ON `book2`.`author_id` = `author`.`id` WHERE `author`.`name` = ?) AS `chosen` ON `book`.`id` = `chosen`.`id` SET `book`.`active` = ?

-- an update of a slice
UPDATE `shop_book` AS `book` JOIN (SELECT `book2`.`id` FROM `shop_book` AS `book2` ORDER BY `book2`.`price` DESC, `book2`.`id` DESC LIMIT ?) AS `chosen` ON `book`.`id` = `chosen`.`id` SET `book`.`active` = ?

-- an update from other rows of the table
UPDATE `shop_book` SET `stock` = CASE WHEN `price` > CAST(? AS DECIMAL(65, 0)) THEN ? ELSE `stock` END WHERE `price` > CAST(? AS DECIMAL(65, 0))

-- a deletion
DELETE FROM `shop_tag` WHERE `slug` = ?

-- a deletion by related rows
DELETE `line` FROM `shop_line` AS `line` JOIN (SELECT DISTINCT `line2`.`id` FROM `shop_line` AS `line2` JOIN `shop_book` AS `book` ON `line2`.`book_id` = `book`.`id` JOIN `shop_person` AS `author` ON `book`.`author_id` = `author`.`id` WHERE `author`.`name` = ?) AS `chosen` ON `line`.`id` = `chosen`.`id`

