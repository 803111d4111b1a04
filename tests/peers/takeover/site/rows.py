"""Writes the first rows by Django's ORM, the far ends of each kind among them."""

import datetime
import uuid
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db.models import JSONField, Value  # noqa: E402
from store import models as store  # noqa: E402

UTC = datetime.timezone.utc
WORDS = "Zoë Ünïcøde 漢字 🦀 'quoted' \"twice\" \\ back % _ \t tab\nline"


def exact(whole):
    """As many digits as the column holds."""
    digits = ("9" if whole else "1234567890" * 3)[:1] * store.DIGITS if whole else ("1234567890" * 3)[: store.DIGITS]
    return Decimal(digits).scaleb(-store.PLACES)


# From the least to the most, and what lies between.
SAMPLES = [
    dict(
        char="", text="", slug="a", email="a@example.com", url="http://example.com/", small=-32768, integer=-(2**31),
        big=-(2**63), positive_small=0, positive=0, positive_big=0, boolean=False, money=Decimal("-999999.99"),
        exact=-exact(True), float=-1.7976931348623157e308, date=datetime.date(1, 1, 1), time=datetime.time(0, 0),
        moment=datetime.datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC), duration=datetime.timedelta(days=-100_000, microseconds=1),
        uuid=uuid.UUID(int=0), ip="::", ipv4="0.0.0.0", json=Value(None, JSONField()), binary=b"", file="", path="/",
    ),
    dict(
        char="x" * 50, text=WORDS, slug="é-漢字", email="a.b@exämple.de", url="https://example.com/?a=b&c=%20#d", small=32767,
        integer=2**31 - 1, big=2**63 - 1, positive_small=32767, positive=2**31 - 1, positive_big=2**63 - 1, boolean=True,
        money=Decimal("999999.99"), exact=exact(True), float=1.7976931348623157e308, date=datetime.date(9999, 12, 31),
        time=datetime.time(23, 59, 59, 999999), moment=datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        duration=datetime.timedelta(days=100_000, microseconds=999999), uuid=uuid.UUID(int=2**128 - 1),
        ip="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ipv4="255.255.255.255",
        json={"b": [1, 2.5, None, True, {"ü": "漢"}], "a": "", "big": 2**53}, binary=bytes(range(256)),
        file="files/ü.pdf", path="/a b/ü",
    ),
    dict(
        char=" blanks ", text="null", slug="a-b_c", email="a+b@sub.example.com", url="https://example.com", small=0, integer=0,
        big=0, positive_small=1, positive=1, positive_big=1, boolean=True, money=Decimal("0"), exact=exact(False),
        float=5e-324, date=datetime.date(2024, 2, 29), time=datetime.time(12, 30), duration=datetime.timedelta(microseconds=-1),
        moment=datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), uuid=uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"),
        ip="10.0.0.9", ipv4="10.0.0.9", json=[], binary=b"\0", file="files/a", path="/a",
    ),
    dict(
        char="0", text="\u0301 combining", slug="0", email="0@example.com", url="ftp://example.com/x", small=-1, integer=-1, big=-1,
        positive_small=2, positive=2, positive_big=2, boolean=False, money=Decimal("0.10"), exact=Decimal("-0.000001"), float=0.1,
        date=datetime.date(1970, 1, 1), time=datetime.time(0, 0, 0, 1), duration=datetime.timedelta(0),
        moment=datetime.datetime(2024, 10, 27, 2, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=45))),
        uuid=uuid.UUID(int=1), ip="2001:db8::1", ipv4="127.0.0.1", json="text", binary=b"\xff\xfe", file="x", path="/x",
    ),
    dict(
        char="1", text="1", slug="1", email="1@example.com", url="http://[::1]/", small=1, integer=1, big=1, positive_small=3,
        positive=3, positive_big=3, boolean=False, money=Decimal("1e2"), exact=Decimal("1"), float=-0.0,
        date=datetime.date(1582, 10, 4), time=datetime.time(1), duration=datetime.timedelta(hours=-1),
        moment=datetime.datetime(1900, 1, 1, tzinfo=UTC), uuid=uuid.UUID(int=2), ip="::ffff:10.0.0.1", ipv4="1.2.3.4", json=0.1,
        binary=b"text", file="y", path="/y",
    ),
]


def main():
    for sample in SAMPLES:
        store.Plain.objects.create(**sample)
        store.Maybe.objects.create(**sample)
    store.Maybe.objects.create()
    store.Given.objects.create()
    store.Given.objects.create(number=-1, text="", flag=False, money=Decimal("0.01"), span=datetime.timedelta(0))

    groups = [Group.objects.create(name=name) for name in ("readers", "Lesende ü")]
    ada_user = User.objects.create_user("ada", "ada@example.com", "secret", first_name="Ada")
    User.objects.create_superuser("root", password="secret")
    ada_user.groups.set(groups)
    ada_user.user_permissions.set(Permission.objects.all()[:3])

    uk = store.Country.objects.create(code="UK", name="United Kingdom")
    store.Country.objects.create(code="", name="nowhere")
    ada = store.Person.objects.create(
        name="Ada", nick="ADA", email="ada@example.com", born=datetime.date(1815, 12, 10), user=ada_user, country=uk
    )
    ben = store.Person.objects.create(name="Ben 漢", email=None, country=uk, mentor=ada)
    eva = store.Person.objects.create(name="Eva", nick="eva", country=uk, mentor=ben)
    ada.friends.add(ben, eva)
    ben.follows.add(ada, ben)
    ada.groups.set(groups)

    publisher = store.Publisher.objects.create(slug="press", homepage="https://example.com", rank=3, type=store.Kind.OTHER)
    store.Publisher.objects.create(slug="other")
    tags = [store.Tag.objects.create(slug=slug) for slug in ("rust", "日本")]
    notes = store.Book.objects.create(
        title="Notes", price=Decimal("12.50"), count=3, published=datetime.date(1843, 9, 1), isbn="9780000000001",
        publisher=publisher, imprint=publisher, buyer_id=4711, keeper=ben, cover="covers/notes.png", level=store.Level.HIGH,
    )
    lamp = store.Book.objects.create(title="straße", kind=store.Kind.LAMP, price=Decimal("0"), active=False, count=0)
    notes.tags.set(tags)
    lamp.tags.add(tags[0])
    notes.similar.add(lamp)
    store.Credit.objects.create(book=notes, person=ada, editor=ben, share=0.75)
    store.Credit.objects.create(book=notes, person=eva, share=0.25)
    store.Credit.objects.create(book=lamp, person=ada)
    notes.set_credit_order(list(notes.get_credit_order())[::-1])

    store.Place.objects.create(name="park", address="192.168.0.1")
    store.Restaurant.objects.create(name="Joe's", seats=40)
    store.Pizzeria.objects.create(name="Da Ada", address="::1", seats=2**31 - 1, oven="wood")
    for row in (notes, ada, groups[0]):
        store.Note.objects.create(
            content_type=ContentType.objects.get_for_model(row), object_id=row.pk, text=f"about {row.pk}"
        )
    for row in range(3):
        store.Seat.objects.create(row=row - 1, number="a", taken=[None, True, False][row])
        store.Seat.objects.create(row=row - 1, number="b")
    small = store.Small.objects.create(match=1, selfish="x", camelCase=True)
    store.Middle.objects.create(small=small)

    if store.POSTGRES:
        rooms()


def rooms():
    from django.contrib.postgres.search import SearchVector
    from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
    from own.models import Room

    day = datetime.date(2024, 2, 28)
    moment = datetime.datetime(2024, 2, 28, 1, 2, 3, 4, tzinfo=UTC)
    Room.objects.create()
    Room.objects.create(
        words=["a", "", WORDS], short=["x" * 10], numbers=[1, None, -(2**31)], days=[day], prices=[Decimal("1.50")],
        nights=DateRange(day, day + datetime.timedelta(days=3)), moments=DateTimeTZRange(moment, None),
        small=NumericRange(1, 5), big=NumericRange(None, 2**62), costs=NumericRange(Decimal("0.5"), Decimal("1.25"), "[]"),
        notes={"a": "b", "ü": None, "": ""},
    )
    Room.objects.create(
        words=[], short=[], numbers=[], days=[], prices=[], nights=DateRange(empty=True), small=NumericRange(empty=True),
        costs=NumericRange(None, None), notes={},
    )
    Room.objects.filter(notes__a="b").update(search=SearchVector(Value("fat cats sat"), config="english"))


main()
