"""What Django makes of the rows that the library wrote, and rows of its own after them."""

import datetime
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from store import models as store  # noqa: E402


def same(ours, theirs):
    assert ours == theirs, f"{ours!r}, not {theirs!r}"


def main():
    book = store.Book.objects.get(title="By orm")
    same((book.total, book.shout, book.label), (Decimal("6999999.93"), "BY ORM", "By orm / "))
    same((book.get_kind_display(), book.get_level_display(), book.active, book.buyer_id), ("Anything else", "High", True, 1_000_000))
    same((book.publisher, book.imprint), (store.Publisher.objects.get(slug="orm-press"),) * 2)
    same({tag.slug for tag in book.tags.all()}, {"日本", "neu"})
    same([other.title for other in book.similar.all()], ["Notes"])
    same({other.title for other in store.Book.objects.get(title="Notes").similar.all()}, {"straße", "By orm"})
    same([note.about for note in store.Note.objects.filter(text="about a book")], [book])
    assert abs(book.created - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)
    person = store.Person.objects.get(name="Orm ü")
    same((person.user.username, person.mentor.name, person.country.name, person.nick), ("orm", "Ada", "France", ""))
    same(([one.name for one in person.friends.all()], list(person.books.all())), (["Ada"], [book]))
    same({one.name for one in person.follows.all()}, {"Ada", "Orm ü"})
    same((person.user.is_active, person.user.has_usable_password()), (True, False))
    same(User.objects.get(username="orm").has_perm("store.add_book"), Group.objects.filter(
        name="written", permissions__codename="add_book").exists())
    pizzeria = store.Pizzeria.objects.get(oven="gas")
    same((pizzeria.name, pizzeria.address, pizzeria.seats), ("Chez Orm", "fe80::1", 1))
    same(store.Book.objects.filter(title="gone").count(), 0)
    lamp = store.Book.objects.get(title="straße")
    same((lamp.price, lamp.count, lamp.total), (Decimal("0.50"), 1, Decimal("0.50")))

    # Keys go on where the library stopped.
    store.Place.objects.create(name="after")
    after = store.Book.objects.create(title="After", price=1, publisher=book.publisher, kind=store.Kind.LAMP)
    after.tags.set(book.tags.all())
    store.Credit.objects.create(book=after, person=person)
    store.Maybe.objects.create(text="after", duration=datetime.timedelta(microseconds=-1))
    book.count, book.title = 2, "By orm, and Django"
    book.save()
    person.friends.remove(store.Person.objects.get(name="Ada"))
    person.user.delete()
    ContentType.objects.clear_cache()


main()
