-- parts of a day
SELECT YEAR(`published`), (YEARWEEK(`published`, 3) DIV 100), QUARTER(`published`), WEEK(`published`, 3), DAYOFWEEK(`published`), (WEEKDAY(`published`) + 1) FROM `shop_book`

-- parts of a moment
SELECT HOUR(`placed`), SECOND(`placed`), DATE(`placed`), TIME(`placed`) FROM `shop_order`

-- a year as a range
SELECT `id` FROM `shop_book` WHERE `published` >= ? AND `published` < ?

-- the beginning of a month
SELECT CAST(CAST(DATE_FORMAT(`placed`, '%Y-%m-01') AS DATE) AS DATETIME(6)), CAST((CAST(DATE_FORMAT(`placed`, '%Y-01-01') AS DATE) + INTERVAL (QUARTER(`placed`) - 1) * 3 MONTH) AS DATETIME(6)), CAST(DATE(`placed` - INTERVAL WEEKDAY(`placed`) DAY) AS DATETIME(6)), CAST(DATE_FORMAT(`placed`, '%Y-%m-%d %H:00:00') AS DATETIME(6)) FROM `shop_order`

-- a fixed zone
SELECT HOUR((`placed` + INTERVAL ? MICROSECOND)) FROM `shop_order`

-- a named zone
SELECT HOUR(CAST(COALESCE(CONVERT_TZ(`placed`, '+00:00', ?), IF(`placed` IS NULL, NULL, ~0 + LENGTH(CONCAT('no such time zone', `placed`)))) AS DATETIME(6))) FROM `shop_order`

-- a span of time
SELECT `id` FROM `shop_order` WHERE (`placed` + INTERVAL ? MICROSECOND) < CURRENT_TIMESTAMP(6)

-- between two days
SELECT TIMESTAMPDIFF(MICROSECOND, ?, `published`) FROM `shop_book`

-- text
SELECT LOWER(`title`), CHAR_LENGTH(`title`), CONCAT(`title`, ?), LEFT(`title`, ?), LPAD(`title`, ?, ?), INSTR(`title`, ?), (SHA2(`title`, 256) COLLATE utf8mb4_0900_bin) FROM `shop_book`

-- numbers
SELECT FLOOR(`price`), ROUND(`price`, ?), SQRT(`stock`), CASE WHEN ((`stock`) > 0 OR (`stock`) = 0 AND (?) >= 0 OR (`stock`) < 0 AND (?) = TRUNCATE(?, 0)) THEN POWER(`stock`, ?) END, CAST(ROUND(CAST(`rating` AS DECIMAL(65, 20)), ?) AS DOUBLE), CAST((`stock` ^ ?) AS SIGNED) FROM `shop_book`

-- arithmetic
SELECT `stock` DIV ?, `stock` % `stock`, `price` * CAST(? AS DECIMAL(65, 0)), ROUND(`price` / `discount`, 6) FROM `shop_book`

-- conversions
SELECT (TRUNCATE(`price`, 0) DIV 1), CAST(`stock` AS DOUBLE) FROM `shop_book`

-- a choice
SELECT CASE WHEN `price` < CAST(? AS DECIMAL(65, 0)) THEN (? COLLATE utf8mb4_0900_bin) ELSE (? COLLATE utf8mb4_0900_bin) END FROM `shop_book`

-- of several
SELECT COALESCE(`discount`, CAST(? AS DECIMAL(65, 0))), GREATEST(`price`, CAST(? AS DECIMAL(65, 0))), NULLIF(`stock`, ?) FROM `shop_book`

