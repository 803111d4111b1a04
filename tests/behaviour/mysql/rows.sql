-- a slice
SELECT `id` FROM `shop_book` ORDER BY `rating` IS NULL DESC, `rating` DESC, `title`, `id` LIMIT ? OFFSET ?

-- related rows
SELECT `profile`.`id`, `profile`.`person_id`, `profile`.`bio`, `profile`.`score`, `profile`.`person_id`, `person`.`name`, `person`.`email`, `person`.`born`, `person`.`country_id`, `person`.`mentor_id` FROM `shop_profile` AS `profile` JOIN `shop_person` AS `person` ON `profile`.`person_id` = `person`.`id`

-- pairs
SELECT `person`.`name`, `book`.`title` FROM `shop_person` AS `person` LEFT JOIN `shop_book` AS `book` ON `book`.`author_id` = `person`.`id` ORDER BY `person`.`name`

-- aggregates
SELECT COUNT(*), SUM(`price`), AVG(`stock` + 0e0), ROUND(AVG(`price`), 6), (SUM(CASE WHEN `active` THEN `stock` END) DIV 1), COUNT(DISTINCT `stock`), VAR_POP(`price`) FROM `shop_book`

-- joined texts
SELECT GROUP_CONCAT(DISTINCT `title` ORDER BY `title` SEPARATOR 0x272c20) FROM `shop_book`

-- groups
SELECT `author_id`, COUNT(*), MAX(`price`) FROM `shop_book` GROUP BY 1 HAVING COUNT(*) > ? ORDER BY COUNT(*) IS NULL DESC, COUNT(*) DESC

-- beside rows
SELECT `person`.`id`, (SELECT COUNT(*) FROM `shop_book` AS `book` WHERE `book`.`author_id` = `person`.`id`) FROM `shop_person` AS `person` WHERE (SELECT COUNT(*) FROM `shop_book` AS `book` WHERE `book`.`author_id` = `person`.`id`) > ? ORDER BY `person`.`name`

-- a window
SELECT SUM(`price`) OVER (PARTITION BY `author_id`), LAG(`stock`, ?) OVER (ORDER BY `id`) FROM `shop_book`

-- a filter on a window
SELECT `id`, c1 FROM (SELECT `book2`.`id`, `book2`.`title`, `book2`.`price`, `book2`.`discount`, `book2`.`active`, `book2`.`stock`, `book2`.`rating`, `book2`.`published`, `book2`.`author_id`, `book2`.`editor_id`, ROW_NUMBER() OVER (PARTITION BY `book2`.`author_id` ORDER BY `book2`.`price` DESC) AS c1 FROM `shop_book` AS `book2`) AS `book` WHERE c1 <= ?

-- a union
SELECT c0 FROM (SELECT `book2`.`title` AS c0 FROM `shop_book` AS `book2` UNION SELECT `tag`.`slug` AS c0 FROM `shop_tag` AS `tag`) AS `book` ORDER BY c0 IS NULL, c0 LIMIT ?

-- an intersection
SELECT c0 FROM (SELECT `tag2`.`slug` AS c0 FROM `shop_tag` AS `tag2` INTERSECT SELECT `book`.`title` AS c0 FROM `shop_book` AS `book`) AS `tag`

-- the first of each
SELECT `id` FROM (SELECT `line2`.`id`, `line2`.`order_id`, `line2`.`book_id`, `line2`.`quantity`, `line2`.`price`, ROW_NUMBER() OVER (PARTITION BY `line2`.`book_id` ORDER BY `line2`.`price` DESC, `line2`.`id` DESC) AS c1 FROM `shop_line` AS `line2`) AS `line` WHERE c1 = ? ORDER BY `price` DESC

-- a recursion
WITH RECURSIVE orm_cte1 AS (SELECT CAST(`id` AS SIGNED) AS c0, CAST(`name` AS CHAR(16000000)) COLLATE utf8mb4_0900_bin AS c1 FROM `shop_person` WHERE `mentor_id` IS NULL UNION SELECT `person`.`id` AS c0, CONCAT(`person2`.c1, `person`.`name`) AS c1 FROM `shop_person` AS `person` JOIN orm_cte1 AS `person2` ON 1 = 1 WHERE `person`.`mentor_id` = `person2`.c0) SELECT c0, c1 FROM orm_cte1 AS `person`

-- a joined common table
WITH orm_cte1 AS (SELECT `author_id` AS c0, COUNT(*) AS c1 FROM `shop_book` GROUP BY 1) SELECT `person`.`id`, `book`.c1 FROM `shop_person` AS `person` LEFT JOIN orm_cte1 AS `book` ON `book`.c0 = `person`.`id` ORDER BY `person`.`name`

-- different rows
SELECT DISTINCT `stock` FROM `shop_book` ORDER BY `stock` IS NULL, `stock`

-- locked rows
SELECT `id` FROM `shop_book` WHERE `id` = ? FOR UPDATE SKIP LOCKED

-- one value of a set
SELECT (SELECT `book`.`title` FROM `shop_book` AS `book` WHERE `book`.`author_id` = `person`.`id` ORDER BY `book`.`price` DESC, `book`.`id` DESC LIMIT ?) FROM `shop_person` AS `person` ORDER BY `person`.`name`

