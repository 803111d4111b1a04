"""Django beside this library: the same rows into the same tables of SQLite files, in turns.

`run` starts it. Prints medians of processor time, which other programs on the machine do not change, and the medians of the ratios of
each turn. Django runs with its defaults, and with the settings that this library has: WAL, synchronous = NORMAL.
"""

import platform
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

import django
from django.conf import settings

PROGRAM, FOLDER = sys.argv[1], Path(sys.argv[2])
TURNS = 7

TABLES = """
CREATE TABLE shelf_author (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(100) NOT NULL);
CREATE TABLE shelf_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, views bigint NOT NULL,
    author_id bigint NOT NULL REFERENCES shelf_author (id) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX shelf_book_author ON shelf_book (author_id);
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
    INSERT INTO shelf_author (name) SELECT 'author ' || n FROM n;
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
    INSERT INTO shelf_book (title, views, author_id) SELECT 'title ' || n, n, (n - 1) / 10 + 1 FROM n;
"""


def database(name, **options):
    path = FOLDER / f"{name}.db"
    conn = sqlite3.connect(path)
    conn.executescript(TABLES)
    conn.close()
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}


PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
settings.configure(
    INSTALLED_APPS=[],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": database("default"), "same": database("same", init_command=PRAGMAS)},
)
django.setup()

from django.db import connections, models  # noqa: E402


class Author(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "shelf"
        db_table = "shelf_author"


class Book(models.Model):
    title = models.CharField(max_length=200)
    views = models.BigIntegerField()
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")

    class Meta:
        app_label = "shelf"
        db_table = "shelf_book"


def books():
    return [Book(title=f"title {row}", views=row, author_id=row % 1_000 + 1) for row in range(100_000)]


def changed(alias, turn):
    rows = list(Book.objects.using(alias).filter(id__lte=10_000))
    for book in rows:
        book.title = f"changed {turn} {book.id}"
        book.views += 1
    return rows


def by_django(what, alias, turn):
    """Does it once: the number of rows, the seconds on a processor, and those that passed."""
    objects = Book.objects.using(alias)
    rows = changed(alias, turn) if what == "update" else None
    start, busy = time.perf_counter(), time.process_time()
    if what == "objects":
        done = len(books())
    elif what in ("create", "insert"):
        done = len(objects.bulk_create(books()))
    elif what == "update":
        done = objects.bulk_update(rows, ["title", "views"])
    elif what == "read":
        done = len(list(objects.filter(id__lte=10_000)))
    elif what == "prefetch":
        authors = list(Author.objects.using(alias).filter(id__lte=100).prefetch_related("books"))
        done = sum(len(author.books.all()) for author in authors)
    took, busy = time.perf_counter() - start, time.process_time() - busy
    if what in ("create", "insert"):
        with connections[alias].cursor() as cursor:
            cursor.execute("DELETE FROM shelf_book WHERE id > 10000")
    return done, busy, took


def by_orm(program, what):
    program.stdin.write(what + "\n")
    program.stdin.flush()
    rows, took, busy = map(int, program.stdout.readline().split())
    return rows, busy / 1e9, took / 1e9


def shown(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def main():
    path = database("orm")["NAME"]
    program = subprocess.Popen([PROGRAM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    cases = [
        ("create", "`bulk_create` of 100 000 rows"),
        ("insert", "the same, beside `bulk_insert`, which reads no keys back"),
        ("update", "`bulk_update` of 10 000 rows x 2 columns"),
        ("read", "10 000 rows"),
        ("prefetch", "100 parents x 10 children"),
    ]
    print(f"Django {django.get_version()}, Python {platform.python_version()}, its SQLite {sqlite3.sqlite_version}; "
          f"{TURNS} turns, medians")
    print(f"100 000 instances alone: {shown(statistics.median(by_django('objects', 'default', 0)[1] for _ in range(TURNS)))}\n")
    print("| What | Django | Django, our pragmas | orm | Ratio | Ratio, our pragmas | The same, by time that passes |")
    print("|---|---|---|---|---|---|---|")
    for what, name in cases:
        turns = []
        # The first turn fills caches.
        for turn in range(TURNS + 1):
            sides = [by_django(what, "default", turn), by_django(what, "same", turn), by_orm(program, what)]
            assert len({rows for rows, _, _ in sides}) == 1, (what, sides)
            turns.append(sides)
        turns = turns[1:]
        busy = [shown(statistics.median(turn[side][1] for turn in turns)) for side in range(3)]
        ratio = lambda side, clock: statistics.median(turn[side][clock] / turn[2][clock] for turn in turns)
        print(f"| {name} | {' | '.join(busy)} | **{ratio(0, 1):.1f}** | **{ratio(1, 1):.1f}** "
              f"| {ratio(0, 2):.1f}, {ratio(1, 2):.1f} |", flush=True)
    program.stdin.close()
    assert program.wait() == 0


main()
