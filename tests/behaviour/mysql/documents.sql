-- a path
SELECT `id` FROM `papers_sheet` WHERE JSON_EXTRACT(`data`, ?) IS NOT NULL

-- the first of a list
SELECT `id` FROM `papers_sheet` WHERE CASE WHEN JSON_TYPE(JSON_EXTRACT(`data`, ?)) = 'ARRAY' THEN JSON_EXTRACT(`data`, ?) END IS NOT NULL

-- a text
SELECT `id` FROM `papers_sheet` WHERE CASE JSON_TYPE(JSON_EXTRACT(`data`, ?)) WHEN 'STRING' THEN (CONVERT(JSON_UNQUOTE(JSON_EXTRACT(`data`, ?)) USING utf8mb4) COLLATE utf8mb4_0900_bin) END = ?

-- a whole number
SELECT `id` FROM `papers_sheet` WHERE CASE WHEN JSON_TYPE(JSON_EXTRACT(`data`, ?)) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') AND CAST(JSON_EXTRACT(`data`, ?) AS DECIMAL(65, 20)) = TRUNCATE(CAST(JSON_EXTRACT(`data`, ?) AS DECIMAL(65, 20)), 0) AND CAST(JSON_EXTRACT(`data`, ?) AS DECIMAL(65, 20)) BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(CAST(JSON_EXTRACT(`data`, ?) AS DECIMAL(65, 20)) AS SIGNED) END > ?

-- a truth value
SELECT `id` FROM `papers_sheet` WHERE CASE JSON_TYPE(JSON_EXTRACT(`data`, ?)) WHEN 'BOOLEAN' THEN JSON_UNQUOTE(JSON_EXTRACT(`data`, ?)) = 'true' END = ?

-- null
SELECT `id` FROM `papers_sheet` WHERE JSON_TYPE(JSON_EXTRACT(`data`, ?)) = 'NULL'

-- equal
SELECT `id` FROM `papers_sheet` WHERE (CAST(JSON_EXTRACT(`data`, ?) AS JSON) = CAST(? AS JSON))

-- keys
SELECT `id` FROM `papers_sheet` WHERE (JSON_TYPE(`data`) = 'OBJECT' AND JSON_CONTAINS_PATH(`data`, 'one', ?)) AND (JSON_TYPE(`data`) = 'OBJECT' AND JSON_CONTAINS_PATH(`data`, 'one', ?))

-- contains
SELECT `id` FROM `papers_sheet` WHERE (JSON_TYPE(`data`) = 'OBJECT' AND JSON_TYPE(JSON_EXTRACT(`data`, ?)) = 'ARRAY' AND EXISTS (SELECT 1 FROM JSON_TABLE(JSON_EXTRACT(`data`, ?), '$[*]' COLUMNS (item JSON PATH '$')) AS items0 WHERE (((CAST(items0.item AS JSON) = CAST(? AS JSON))))) AND JSON_TYPE(JSON_EXTRACT(`data`, ?)) = 'OBJECT' AND (CAST(JSON_EXTRACT(JSON_EXTRACT(`data`, ?), ?) AS JSON) = CAST(? AS JSON)))

