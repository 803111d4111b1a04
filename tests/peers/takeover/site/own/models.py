"""What only PostgreSQL has."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    HStoreField,
    IntegerRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import BrinIndex, GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Room(models.Model):
    words = ArrayField(models.TextField(), default=list)
    short = ArrayField(models.CharField(max_length=10), null=True, blank=True)
    numbers = ArrayField(models.IntegerField(null=True), null=True, blank=True)
    days = ArrayField(models.DateField(), null=True, blank=True)
    prices = ArrayField(models.DecimalField(max_digits=8, decimal_places=2), null=True, blank=True)
    nights = DateRangeField(null=True, blank=True)
    moments = DateTimeRangeField(null=True, blank=True)
    small = IntegerRangeField(null=True, blank=True)
    big = BigIntegerRangeField(null=True, blank=True)
    costs = DecimalRangeField(null=True, blank=True)
    notes = HStoreField(null=True, blank=True)
    search = SearchVectorField(null=True, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="room_words"),
            HashIndex(fields=["id"], name="room_hash"),
            BrinIndex(fields=["id"], name="room_brin"),
        ]
        constraints = [
            ExclusionConstraint(name="nights_once", expressions=[("nights", RangeOperators.OVERLAPS)]),
        ]
