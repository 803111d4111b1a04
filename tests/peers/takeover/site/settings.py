"""Django's side: one of three databases, named by `TAKEOVER`, a JSON object as `DATABASES` has it."""

import json
import os

if os.environ["TAKEOVER_VENDOR"] == "mariadb":
    import pymysql

    pymysql.install_as_MySQLdb()

SECRET_KEY = "takeover"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": json.loads(os.environ["TAKEOVER"])}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "store"]
if os.environ["TAKEOVER_VENDOR"] == "postgres":
    INSTALLED_APPS += ["django.contrib.postgres", "own"]
