"""What the library says of every row, beside what Django says of it: `look.py VALUES [fixture]`.

Behind `fixture` moments are compared to the millisecond: Django's fixtures say no more of them.
"""

import datetime
import ipaddress
import json
import math
import sys
import uuid
from decimal import Decimal

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError  # noqa: E402
from django.db import models  # noqa: E402

MILLISECONDS = sys.argv[2:] == ["fixture"]
# A proxy has no rows of its own.
OTHERS = {"store.CheapBook"}


def moment(value):
    return value.replace(microsecond=value.microsecond // 1000 * 1000) if MILLISECONDS else value


def read(field, value, moment=moment):
    """A value as the library serialises it, as Django's field has it."""
    if value is None:
        return None
    if isinstance(field, models.ForeignKey):
        return read(field.target_field, value)
    match field.get_internal_type():
        case "DecimalField":
            return Decimal(value)
        case "DateField":
            return datetime.date.fromisoformat(value)
        case "TimeField":
            return moment(datetime.time.fromisoformat(value))
        case "DateTimeField":
            return moment(datetime.datetime.fromisoformat(value))
        case "DurationField":
            seconds, nanos = value
            return datetime.timedelta(seconds=seconds, microseconds=nanos // 1000)
        case "UUIDField":
            return uuid.UUID(value)
        case "GenericIPAddressField":
            return ipaddress.ip_address(value)
        case "BinaryField":
            return bytes(value)
        case "JSONField":
            return value["is"]
        case "ArrayField":
            return [read(field.base_field, item) for item in value]
        case kind if kind.endswith("RangeField"):
            # Of these Django's fixtures say all.
            ends = [read(field.base_field, value.get(end), lambda whole: whole) for end in ("lower", "upper")]
            return field.range_type(*ends, bounds=value.get("bounds", "[)"), empty=value.get("empty", False))
    return value


def said(field, row):
    """What Django says of it."""
    value = getattr(row, field.attname)
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    match kind.get_internal_type():
        case "GenericIPAddressField" if value is not None:
            return ipaddress.ip_address(value)
        case "BinaryField" if value is not None:
            return bytes(value)
        case "FileField":
            return value.name
        case "TimeField" | "DateTimeField" if value is not None:
            return moment(value)
    return value


def same(ours, theirs):
    if isinstance(theirs, Decimal) and isinstance(ours, Decimal):
        return ours == theirs and ours.as_tuple().exponent == theirs.as_tuple().exponent
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return ours == theirs and math.copysign(1, ours) == math.copysign(1, theirs)
    if hasattr(theirs, "bounds"):
        # Django's range types are kinds of the one that the driver reads.
        return (ours.lower, ours.upper, ours._bounds) == (theirs.lower, theirs.upper, theirs._bounds)
    return type(ours) is type(theirs) and ours == theirs


def main():
    values, wrong, compared = json.load(open(sys.argv[1])), [], 0
    known = {model._meta.label for model in apps.get_models()}
    known |= {str(field) for model in apps.get_models() for field in model._meta.local_many_to_many}
    unsaid = known - set(values) - OTHERS
    if unsaid:
        wrong.append(f"nothing is said of {unsaid}")
    for label, rows in values.items():
        if label.count(".") == 2:
            wrong += pairs(label, rows)
            continue
        model = apps.get_model(label)
        fields = model._meta.local_concrete_fields
        key = model._meta.pk_fields
        ours = {}
        for row in rows:
            ours[tuple(read(field, row[field.name]) for field in key)] = row
        theirs = model._base_manager.all()
        if len(theirs) != len(rows):
            wrong.append(f"{label}: {len(rows)} rows, {len(theirs)} say Django")
        for instance in theirs:
            this = tuple(said(field, instance) for field in key)
            row = ours.get(this)
            if row is None:
                wrong.append(f"{label}: no {this}")
                continue
            for field in fields:
                if field.name not in row:
                    wrong.append(f"{label}.{field.name}: there is no such field")
                    continue
                left, right = read(field, row[field.name]), said(field, instance)
                if field.get_internal_type() == "JSONField":
                    # Django reads NULL and the `null` of JSON alike.
                    null = model._base_manager.filter(pk=instance.pk, **{f"{field.name}__isnull": True}).exists()
                    if null != (row[field.name] is None):
                        wrong.append(f"{label}.{field.name} of {this}: NULL and null are not the same")
                compared += 1
                if not same(left, right):
                    wrong.append(f"{label}.{field.name} of {this}: {left!r}, Django says {right!r}")
            wrong += clean(label, instance)
    for line in wrong[:60]:
        print(line)
    if wrong:
        sys.exit(f"{len(wrong)} differences")
    print(f"{compared} values are the same")


def pairs(label, sides):
    """A many-to-many, as each of its sides has it, beside the rows of the table between."""
    model, _, name = label.rpartition(".")
    field = apps.get_model(model)._meta.get_field(name)
    names = field.m2m_field_name(), field.m2m_reverse_field_name()
    attnames = [field.remote_field.through._meta.get_field(name).attname for name in names]
    theirs = sorted(field.remote_field.through._base_manager.values_list(*attnames))
    for side in sides:
        ours = sorted(tuple(pair[name] for name in names) for pair in side)
        if ours != theirs:
            yield f"{label}: {ours}, Django says {theirs}"


def clean(label, instance):
    """What Django has to say against a row, but for fields that are empty, paths of files, and a key that is to lead nowhere."""
    try:
        instance.full_clean(exclude=["path", "buyer", "words", "numbers"])
    except ValidationError as error:
        for name, mistakes in error.error_dict.items():
            for mistake in mistakes:
                if mistake.code not in ("blank", "null"):
                    where = label if name == NON_FIELD_ERRORS else f"{label}.{name}"
                    yield f"{where} of {instance.pk}: {mistake.code}: {mistake.messages}"


main()
