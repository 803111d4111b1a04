-- equal
SELECT `id` FROM `shop_book` WHERE `title` = ?

-- NULL
SELECT `id` FROM `shop_book` WHERE `rating` IS NULL

-- null-safe
SELECT `id` FROM `shop_book` WHERE `rating` <=> `rating`

-- not
SELECT `id` FROM `shop_book` WHERE NOT (`title` LIKE ?)

-- not, of what can be NULL
SELECT `id` FROM `shop_book` WHERE (`rating` > ?) IS NOT TRUE

-- contains, in any case
SELECT `id` FROM `shop_book` WHERE LOWER(`title`) LIKE LOWER(?)

-- starts with a column
SELECT `book`.`id` FROM `shop_book` AS `book` JOIN `shop_person` AS `author` ON `book`.`author_id` = `author`.`id` WHERE `book`.`title` LIKE CONCAT('', REPLACE(REPLACE(REPLACE(`author`.`name`, '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '%')

-- regex
SELECT `id` FROM `shop_book` WHERE (`title` REGEXP CONCAT('(?-i)', ?) OR `title` REGEXP CONCAT('(?i)', ?))

-- few values
SELECT `id` FROM `shop_book` WHERE `id` IN (?, ?, ?, ?)

-- many values
SELECT `id` FROM `shop_book` WHERE `id` IN (SELECT v FROM JSON_TABLE(?, '$[*]' COLUMNS (v BIGINT PATH '$')) AS list)

-- many texts
SELECT `id` FROM `shop_book` WHERE `title` IN (SELECT v FROM JSON_TABLE(?, '$[*]' COLUMNS (v LONGTEXT PATH '$')) AS list)

-- many floats
SELECT `id` FROM `shop_book` WHERE `rating` IN (SELECT v FROM JSON_TABLE(?, '$[*]' COLUMNS (v DOUBLE PATH '$')) AS list)

-- many keys of others
SELECT `id` FROM `shop_book` WHERE `author_id` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- a query
SELECT `book`.`id` FROM `shop_book` AS `book` WHERE `book`.`author_id` IN (SELECT `person`.`id` FROM `shop_person` AS `person` WHERE `person`.`born` IS NULL)

-- a slice
SELECT `book`.`id` FROM `shop_book` AS `book` WHERE `book`.`author_id` IN (SELECT * FROM (SELECT `person`.`id` FROM `shop_person` AS `person` ORDER BY `person`.`id` LIMIT ?) AS slice)

-- a set
SELECT `person`.`id`, `person`.`name`, `person`.`email`, `person`.`born`, `person`.`country_id`, `person`.`mentor_id` FROM `shop_person` AS `person` WHERE EXISTS (SELECT 1 FROM `shop_book` AS `book` WHERE `book`.`author_id` = `person`.`id` AND `book`.`price` > CAST(? AS DECIMAL(65, 0)) AND `book`.`active`) ORDER BY `person`.`name`

-- all of a set
SELECT `person`.`id`, `person`.`name`, `person`.`email`, `person`.`born`, `person`.`country_id`, `person`.`mentor_id` FROM `shop_person` AS `person` WHERE NOT EXISTS (SELECT 1 FROM `shop_book` AS `book` WHERE `book`.`author_id` = `person`.`id` AND NOT (`book`.`active`)) ORDER BY `person`.`name`

