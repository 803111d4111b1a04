"""Prints everything that the database's catalog has, but for what `migrate` of the library keeps its history in."""

import re

import django

django.setup()

from django.db import connection  # noqa: E402

SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'orm\\_%' ESCAPE '\\' ORDER BY 1, 2"
POSTGRES = [
    """SELECT c.relname, c.relkind::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
        a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), (SELECT collname FROM pg_collation WHERE oid = a.attcollation),
        col_description(c.oid, a.attnum), obj_description(c.oid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'orm\\_%' ORDER BY 1, 3""",
    """SELECT conrelid::regclass::text, conname, contype::text, condeferrable, condeferred, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'orm\\_%' ORDER BY 1, 2""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'orm\\_%' ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
]


def main():
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            for table in connection.introspection.table_names(cursor):
                if not table.startswith("orm_"):
                    cursor.execute(f"SHOW CREATE TABLE `{table}`")
                    print(re.sub(r" AUTO_INCREMENT=\d+", "", cursor.fetchone()[1]))
            cursor.execute("SHOW TRIGGERS")
            print(cursor.fetchall())
        else:
            for sql in POSTGRES if connection.vendor == "postgresql" else [SQLITE]:
                cursor.execute(sql)
                for row in cursor.fetchall():
                    print(row)


main()
