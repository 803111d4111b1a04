"""A small shop with a column of every kind, and everything that a table may have."""

import datetime
import os
import uuid
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Length, Lower, Now, Upper

VENDOR = os.environ["TAKEOVER_VENDOR"]
POSTGRES, SQLITE = VENDOR == "postgres", VENDOR == "sqlite"
# PostgreSQL 15 computes nothing on reading.
STORED = POSTGRES
# SQLite keeps 15 digits of a decimal, Django's and ours alike.
DIGITS, PLACES = (15, 6) if SQLITE else (28, 10)
ANY_CASE = {"sqlite": "NOCASE", "postgres": "und-x-icu", "mariadb": "utf8mb4_unicode_ci"}[VENDOR]


class Kind(models.TextChoices):
    BOOK = "book", "A book"
    LAMP = "lamp", "A lamp"
    OTHER = "any-thing", "Anything else"


class Level(models.IntegerChoices):
    LOW = 1
    HIGH = 5


class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        db_table = "Countries"
        verbose_name_plural = "countries"


class Person(Stamped):
    name = models.CharField(max_length=100, db_index=True, db_comment="as it is \"written\"")
    nick = models.CharField(max_length=50, blank=True, db_collation=ANY_CASE)
    email = models.EmailField(unique=True, null=True, blank=True)
    born = models.DateField(null=True, blank=True)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True)
    country = models.ForeignKey(Country, models.PROTECT, related_name="people")
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="pupils")
    friends = models.ManyToManyField("self", blank=True)
    follows = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="followers")
    groups = models.ManyToManyField(Group, blank=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["-born", "name"], name="person_by_age")]
        db_table_comment = "people, \\ and what they're called"


class Publisher(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    slug = models.SlugField(unique=True)
    homepage = models.URLField(blank=True)
    rank = models.PositiveSmallIntegerField(default=0)
    # A model is called so, too.
    type = models.CharField(max_length=20, choices=Kind, default=Kind.BOOK)


class Tag(models.Model):
    slug = models.SlugField(max_length=40, primary_key=True, allow_unicode=True)


class Book(Stamped):
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.BOOK)
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.LOW)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    count = models.IntegerField(default=1)
    rank = models.PositiveSmallIntegerField(default=1)
    active = models.BooleanField(default=True)
    published = models.DateField(null=True, blank=True)
    isbn = models.CharField(max_length=13, null=True, blank=True)
    authors = models.ManyToManyField(Person, through="Credit", through_fields=("book", "person"), related_name="books")
    tags = models.ManyToManyField(Tag, blank=True, related_name="books")
    similar = models.ManyToManyField("self", blank=True, db_table="alike")
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, blank=True)
    # By a unique field which is not the key.
    imprint = models.ForeignKey(
        Publisher, models.CASCADE, null=True, blank=True, to_field="slug", db_column="imprint", related_name="+"
    )
    # The database does not look after this one.
    buyer = models.ForeignKey(Person, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+")
    keeper = models.ForeignKey(Person, models.RESTRICT, null=True, blank=True, db_index=False, related_name="+")
    cover = models.FileField(upload_to="covers", blank=True)
    total = models.GeneratedField(
        expression=F("price") * F("count"),
        output_field=models.DecimalField(max_digits=12, decimal_places=2),
        db_persist=True,
    )
    shout = models.GeneratedField(
        expression=Upper("title"), output_field=models.CharField(max_length=200), db_persist=STORED
    )
    label = models.GeneratedField(
        expression=Concat("title", Value(" / "), "isbn"), output_field=models.CharField(max_length=300), db_persist=True
    )

    class Meta:
        unique_together = [("title", "kind")]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values) | Q(count__lt=F("rank") * 2), name="store_book_kind_known"
            ),
            models.CheckConstraint(condition=Q(published__isnull=True) | ~Q(title=""), name="published_has_title"),
            models.CheckConstraint(condition=Q(count__range=(0, 1_000_000)) & Q(rank__gt=0), name="counted"),
            models.UniqueConstraint(fields=["isbn"], name="isbn_once"),
        ]
        indexes = [
            models.Index(fields=["kind", "-price"], name="by_kind"),
            models.Index(fields=["-created"]),
        ]
        if VENDOR != "mariadb":
            constraints += [
                models.UniqueConstraint(fields=["title", "publisher"], name="active_once", condition=Q(active=True)),
                models.UniqueConstraint(Lower("title").desc(), F("kind"), name="title_any_case"),
            ]
            indexes += [
                models.Index(fields=["published"], name="dear_ones", condition=Q(price__gt=20, active=True)),
                models.Index(Lower("title"), F("price").desc(), name="by_lower_title"),
                models.Index(Length("title"), name="by_length"),
            ]
        if POSTGRES:
            constraints += [
                models.UniqueConstraint(fields=["level", "count", "id"], name="later", deferrable=models.Deferrable.DEFERRED),
                models.UniqueConstraint(fields=["isbn", "kind"], name="with_price", include=["price"]),
                models.UniqueConstraint(fields=["isbn", "price"], name="nulls_once", nulls_distinct=False),
            ]
            indexes += [
                models.Index(fields=["isbn"], name="begins_with", opclasses=["varchar_pattern_ops"]),
                models.Index(fields=["price"], name="price_and_title", include=["title"]),
            ]


class Credit(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE, related_name="credits")
    editor = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="edited")
    share = models.FloatField(default=1.0)

    class Meta:
        unique_together = [("book", "person")]
        order_with_respect_to = "book"


class Place(models.Model):
    name = models.CharField(max_length=50)
    address = models.GenericIPAddressField(null=True, blank=True)


class Restaurant(Place):
    seats = models.PositiveIntegerField()


class Pizzeria(Restaurant):
    oven = models.CharField(max_length=20)


class CheapBook(Book):
    class Meta:
        proxy = True


class Note(models.Model):
    """About any row."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey()
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["content_type", "object_id"])]


class Seat(models.Model):
    """A key of two fields."""

    pk = models.CompositePrimaryKey("row", "number")
    row = models.SmallIntegerField()
    number = models.CharField(max_length=5)
    taken = models.BooleanField(null=True)


class Small(models.Model):
    """Small keys, and names that Rust writes otherwise."""

    id = models.SmallAutoField(primary_key=True)
    match = models.IntegerField(db_column="Match It")
    selfish = models.CharField(max_length=10, db_column="self")
    camelCase = models.BooleanField(default=False)

    class Meta:
        db_table = "Small Things"


class Middle(models.Model):
    id = models.AutoField(primary_key=True)
    small = models.ForeignKey(Small, models.CASCADE)


class Given(models.Model):
    """What the database gives by itself."""

    number = models.IntegerField(db_default=7)
    text = models.CharField(max_length=20, db_default="it's \\ \"given\"")
    flag = models.BooleanField(db_default=True)
    real = models.FloatField(db_default=0.25)
    money = models.DecimalField(max_digits=8, decimal_places=2, db_default=Decimal("9.90"))
    day = models.DateField(db_default=datetime.date(2020, 2, 29))
    moment = models.DateTimeField(db_default=Now())
    fixed = models.DateTimeField(db_default=datetime.datetime(2020, 2, 29, 12, 30, 0, 500, tzinfo=datetime.timezone.utc))
    span = models.DurationField(db_default=datetime.timedelta(days=1, microseconds=1))
    key = models.UUIDField(db_default=uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"))
    sum = models.IntegerField(db_default=Value(1) + Value(2))


class Plain(models.Model):
    """A column of every kind that is never NULL."""

    char = models.CharField(max_length=50)
    text = models.TextField()
    slug = models.SlugField(allow_unicode=True)
    email = models.EmailField()
    url = models.URLField()
    small = models.SmallIntegerField()
    integer = models.IntegerField()
    big = models.BigIntegerField()
    positive_small = models.PositiveSmallIntegerField()
    positive = models.PositiveIntegerField()
    positive_big = models.PositiveBigIntegerField()
    boolean = models.BooleanField()
    money = models.DecimalField(max_digits=8, decimal_places=2)
    exact = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    float = models.FloatField()
    date = models.DateField()
    time = models.TimeField()
    moment = models.DateTimeField()
    duration = models.DurationField()
    uuid = models.UUIDField()
    ip = models.GenericIPAddressField()
    ipv4 = models.GenericIPAddressField(protocol="IPv4")
    json = models.JSONField()
    binary = models.BinaryField()
    file = models.FileField(upload_to="files")
    path = models.FilePathField(path="/")


class Maybe(models.Model):
    """The same, and all may be NULL."""

    char = models.CharField(max_length=50, null=True, blank=True)
    text = models.TextField(null=True, blank=True)
    slug = models.SlugField(null=True, blank=True, allow_unicode=True)
    email = models.EmailField(null=True, blank=True)
    url = models.URLField(null=True, blank=True)
    small = models.SmallIntegerField(null=True, blank=True)
    integer = models.IntegerField(null=True, blank=True)
    big = models.BigIntegerField(null=True, blank=True)
    positive_small = models.PositiveSmallIntegerField(null=True, blank=True)
    positive = models.PositiveIntegerField(null=True, blank=True)
    positive_big = models.PositiveBigIntegerField(null=True, blank=True)
    boolean = models.BooleanField(null=True, blank=True)
    money = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    exact = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, null=True, blank=True)
    float = models.FloatField(null=True, blank=True)
    date = models.DateField(null=True, blank=True)
    time = models.TimeField(null=True, blank=True)
    moment = models.DateTimeField(null=True, blank=True)
    duration = models.DurationField(null=True, blank=True)
    uuid = models.UUIDField(null=True, blank=True, unique=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    ipv4 = models.GenericIPAddressField(protocol="IPv4", null=True, blank=True)
    json = models.JSONField(null=True, blank=True)
    binary = models.BinaryField(null=True, blank=True)
    file = models.FileField(upload_to="files", null=True, blank=True)
    path = models.FilePathField(path="/", null=True, blank=True)
