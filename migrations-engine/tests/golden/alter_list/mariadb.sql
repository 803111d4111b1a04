-- M044: app.0002_change: Alter field a of app.Item: app.Item.a: MariaDB has no `text[]`, which is a type of PostgreSQL

-- ==== and back ====

-- M044: app.0002_change: Alter field c of app.Item: app.Item.a: MariaDB has no `character varying(10)[]`, which is a type of PostgreSQL
