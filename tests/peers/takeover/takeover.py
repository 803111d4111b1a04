"""Takes databases of Django's over, as `docs/from-django.md` says it, and looks whether anything has changed by that.

`run` starts it. For SQLite, PostgreSQL and MariaDB: Django makes the tables and writes rows; `inspectdb` writes the models; the additions of
a person (`additions.py`) are put beside them; a program with them compares, records its first migration, reads every row, writes rows of
its own, and exchanges fixtures with Django. The schema is the same before and after, to the letter.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from additions import added

HERE, FOLDER = Path(__file__).resolve().parent, Path(sys.argv[1])
ROOT = HERE.parents[2]
VENDORS = sys.argv[2:] or ["sqlite", "postgres", "mariadb"]
SERVERS = {
    "postgres": urlsplit(os.environ.get("ORM_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/")),
    "mariadb": urlsplit(os.environ.get("ORM_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/")),
}
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Whose tables are taken over beside those of `store`.
APPS = ["contenttypes", "auth"]


def ran(command, **more):
    """Runs it; what it prints is shown where it fails."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode:
        sys.exit(f"$ {' '.join(map(str, command))}\n{done.stdout}\nTAKEOVER FAILED")
    return done.stdout


class Database:
    """One of Django's: `a`, which is taken over, and `b`, which gets the rows of `a` as fixtures."""

    def __init__(self, vendor, name):
        self.vendor, self.folder = vendor, FOLDER / vendor
        self.name = f"takeover_{name}" if vendor != "sqlite" else str(self.folder / f"{name}.db")
        server = SERVERS.get(vendor)
        self.url = f"sqlite://{self.name}" if server is None else f"{server.scheme}://{server.netloc}/{self.name}"
        engine = {"sqlite": "sqlite3", "postgres": "postgresql", "mariadb": "mysql"}[vendor]
        settings = {"ENGINE": f"django.db.backends.{engine}", "NAME": self.name}
        if server:
            settings |= {"HOST": server.hostname, "USER": server.username, "PASSWORD": server.password or ""}
            settings |= {"PORT": server.port} if server.port else {}
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "TAKEOVER": json.dumps(settings),
            "TAKEOVER_VENDOR": vendor,
            "PYTHONWARNINGS": "ignore",
        }

    def server(self, *statements, within="postgres"):
        """What is not done by Django; on PostgreSQL within a database."""
        server = SERVERS.get(self.vendor)
        if self.vendor == "postgres":
            import psycopg

            with psycopg.connect(f"{server.scheme}://{server.netloc}/{within}", autocommit=True) as connection:
                for statement in statements:
                    connection.execute(statement)
        elif self.vendor == "mariadb":
            import pymysql

            to = dict(host=server.hostname, port=server.port or 3306, user=server.username, password=server.password or "")
            with pymysql.connect(**to) as connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def drop(self):
        self.server(f"DROP DATABASE IF EXISTS {self.name}")

    def make(self):
        self.drop()
        self.server(f"CREATE DATABASE {self.name}")
        if self.vendor == "postgres":
            self.server("CREATE EXTENSION hstore", within=self.name)
        self.django("-m", "django", "migrate", "-v0")

    def django(self, *arguments):
        return ran([sys.executable, *map(str, arguments)], cwd=self.folder / "site", env=self.env)

    def orm(self, *arguments):
        """A command of the program with the models."""
        return ran([self.folder / "program", "--database", self.url, *map(str, arguments)], cwd=self.folder)

    def schema(self):
        return self.django("schema.py")


def say(vendor, what):
    print(f"{vendor}: {what}", flush=True)


def tables(vendor):
    """Makes the databases, and rows in one of them."""
    folder = FOLDER / vendor
    folder.mkdir()
    shutil.copytree(HERE / "site", folder / "site", ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    a, b = Database(vendor, "a"), Database(vendor, "b")
    for app in ["store", "own"] if vendor == "postgres" else ["store"]:
        a.django("-m", "django", "makemigrations", "-v0", app)
    for database in (a, b):
        database.make()
    a.django("rows.py")
    return a, b


def program(begin, a):
    """The crate of a user: models as `inspectdb` writes them, with what has to be added."""
    crate = a.folder / "crate"
    shutil.copytree(HERE / "program", crate)
    manifest = crate / "Cargo.toml"
    own = a.vendor == "postgres"
    text = manifest.read_text().replace("VENDOR", a.vendor).replace("ORM", str(ROOT / "orm"))
    manifest.write_text(text.replace("own = []", 'own = []\ndefault = ["own"]') if own else text)
    models = crate / "src" / "models.rs"
    apps = [part for app in ["store", *APPS, *(["own"] if own else [])] for part in ("--app", app)]
    ran([begin, "--database", a.url, "inspectdb", *apps, "--exclude", "django_migrations", "--output", models])
    written = models.read_text()
    kept = os.environ.get("TAKEOVER_KEEP")
    if kept:
        shutil.copy(models, Path(kept) / f"{a.vendor}.written.rs")
    models.write_text(added(written, a.vendor))
    if kept:
        shutil.copy(models, Path(kept) / f"{a.vendor}.rs")


def build(members):
    """Builds crates with the versions that the workspace has locked, and its settings."""
    profile = "[profile.dev]\ndebug = \"line-tables-only\"\n[profile.dev.package.\"*\"]\ndebug = false\n"
    (FOLDER / "Cargo.toml").write_text(f"[workspace]\nresolver = \"3\"\nmembers = {json.dumps(members)}\n{profile}")
    shutil.copy(ROOT / "Cargo.lock", FOLDER / "Cargo.lock")
    ran(["cargo", "build", "--quiet"], cwd=FOLDER, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})
    return lambda name: TARGET / "debug" / name


def over(a, b):
    """Takes it over, and hands rows to and fro."""
    vendor, values = a.vendor, a.folder / "values.json"
    before = a.schema()

    def look(database, *how):
        database.orm("values", values)
        return database.django("look.py", values, *how).strip()

    a.orm("makemigrations", "--no-input")
    for database in (a, b):
        recorded = database.orm("migrate", "--fake-initial")
        assert "Applying" not in recorded, recorded
        database.orm("migrate", "--check")
        database.orm("makemigrations", "--check")
        database.orm("check")
        assert database.schema() == before, "the schema has changed"
    say(vendor, f"taken over; {look(a)}")

    a.orm("write")
    say(vendor, f"rows of both; {look(a)}")
    a.django("after.py")
    say(vendor, f"rows by Django after that; {look(a)}")

    text, again = a.folder / "django.json", a.folder / "orm.json"
    b.django("-m", "django", "flush", "--no-input", "-v0")
    b.orm("flush", "--yes")
    a.django("-m", "django", "dumpdata", "-o", text)
    b.orm("loaddata", text)
    say(vendor, f"a fixture of Django's, loaded; {look(b, 'fixture')}")
    b.orm("flush", "--yes")
    a.django("without_null.py")
    a.orm("dumpdata", "-o", again)
    b.django("-m", "django", "loaddata", again, "-v0")
    say(vendor, f"a fixture for Django, loaded; {look(b)}")
    theirs, ours = said(a, values), said(b, values)
    lost = [(row, other) for label in theirs for row, other in zip(theirs[label], ours[label]) if row != other]
    assert theirs == ours, f"a fixture has lost something: {lost}"
    for database in (a, b):
        database.orm("check")
        assert database.schema() == before, "the schema has changed"
    say(vendor, "the schema is what it was")


def said(database, path):
    """What the program says of a database, its rows in one order. Django's `loaddata` gives `_order` anew, whatever the fixture says, and
    makes empty paths of those that are NULL."""
    database.orm("values", path)
    without = lambda row: {name: value for name, value in row.items() if name != "_order" and (name != "file" or value)}
    text = lambda of: json.dumps(sorted(of, key=json.dumps) if isinstance(of, list) else without(of))
    return {label: sorted(map(text, rows)) for label, rows in json.loads(path.read_text()).items()}


def main():
    start = time.monotonic()
    databases = [Database(vendor, name) for vendor in VENDORS for name in ("a", "b")]
    try:
        pairs = [tables(vendor) for vendor in VENDORS]
        shutil.copytree(HERE / "begin", FOLDER / "begin")
        manifest = FOLDER / "begin" / "Cargo.toml"
        manifest.write_text(manifest.read_text().replace("ORM", str(ROOT / "orm")))
        begin = build(["begin"])("takeover-begin")
        for a, _ in pairs:
            program(begin, a)
        found = build([f"{vendor}/crate" for vendor in VENDORS])
        for a, b in pairs:
            shutil.copy(found(f"takeover-{a.vendor}"), a.folder / "program")
        say("all", f"tables, models and programs took {time.monotonic() - start:.0f} s")
        for a, b in pairs:
            over(a, b)
    finally:
        for database in databases:
            database.drop()
    say("all", f"took {time.monotonic() - start:.0f} s")


main()
