"""The bytes of PostgreSQL's binary COPY for rows of fixed width, made from and into NumPy columns without a loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

Kind: TypeAlias = Literal["int2", "int4", "int8", "date", "bool", "text", "uuid", "int4[]"]

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_2000 = 10_957  # days from 1970-01-01, NumPy's first day, to 2000-01-01, PostgreSQL's
_INT4_OID = 23
_SIMPLE: Mapping[str, tuple[str, int]] = {
    "int2": (">i2", 2), "int4": (">i4", 4), "int8": (">i8", 8), "date": (">i4", 4), "bool": ("u1", 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One column: `width` is the bytes of a text (every value has exactly as many) or the elements of an array."""

    name: str
    kind: Kind
    width: int = 0

    @property
    def octets(self) -> int:
        """The bytes of one value on the wire."""
        if self.kind == "int4[]":
            return 20 + 8 * self.width
        if self.kind == "uuid":
            return 16
        return self.width if self.kind == "text" else _SIMPLE[self.kind][1]


@dataclass(frozen=True)
class Layout:
    """The columns of a COPY, all NOT NULL and of fixed width.

    In memory: int2/int4/int8 as integers of that size, date as int32 days since 1970-01-01, bool as bool, text as
    S<width>, uuid as uint8 of shape (n, 16), int4[] as int32 of shape (n, width).
    """

    fields: tuple[Field, ...]

    @cached_property
    def dtype(self) -> np.dtype:
        """One row on the wire."""
        parts: list[tuple[str, object]] = [("count", ">i2")]
        for one in self.fields:
            parts.append((f"{one.name}#", ">i4"))
            parts.append((one.name, _wire_type(one)))
        return np.dtype(parts)

    def encode(self, block: Mapping[str, np.ndarray]) -> bytes:
        """The whole COPY of a block; ValueError when a text is shorter than its column or shapes differ."""
        rows = np.zeros(len(block[self.fields[0].name]), dtype=self.dtype)
        rows["count"] = len(self.fields)
        for one in self.fields:
            rows[f"{one.name}#"] = one.octets
            _put(rows[one.name], one, block[one.name])
        return b"".join((_SIGNATURE, rows.tobytes(), _TRAILER))

    def decode(self, data: bytes | memoryview) -> dict[str, np.ndarray]:
        """The columns of a whole COPY; ValueError when a value is NULL or not of its fixed width."""
        body = memoryview(data)[len(_SIGNATURE) : -len(_TRAILER)]
        rows = np.frombuffer(body[: len(body) // self.dtype.itemsize * self.dtype.itemsize], dtype=self.dtype)
        fits = len(body) == len(rows) * self.dtype.itemsize and bool((rows["count"] == len(self.fields)).all())
        for one in self.fields:
            fits = fits and bool((rows[f"{one.name}#"] == one.octets).all())
        if not fits:
            raise ValueError("a value is NULL or not of its column's fixed width")
        return {one.name: _take(rows[one.name], one) for one in self.fields}


def _wire_type(field: Field) -> object:
    if field.kind == "int4[]":
        head = [("dimensions", ">i4"), ("nulls", ">i4"), ("oid", ">i4"), ("length", ">i4"), ("first", ">i4")]
        return np.dtype([*head, ("items", [("octets", ">i4"), ("value", ">i4")], (field.width,))])
    if field.kind == "uuid":
        return ("u1", (16,))
    return f"S{field.width}" if field.kind == "text" else _SIMPLE[field.kind][0]


def _put(place: np.ndarray, field: Field, values: np.ndarray) -> None:
    if field.kind == "int4[]":
        if values.shape != (len(place), field.width):
            raise ValueError(f"{field.name}: wants {field.width} elements a row")
        place["dimensions"], place["oid"], place["length"], place["first"] = 1, _INT4_OID, field.width, 1
        place["items"]["octets"] = 4
        place["items"]["value"] = values
    elif field.kind == "text":
        if values.dtype != np.dtype(f"S{field.width}") or not values.reshape(-1, 1).view(np.uint8).all():
            raise ValueError(f"{field.name}: every value needs exactly {field.width} bytes")
        place[:] = values
    else:
        place[:] = values - _EPOCH_2000 if field.kind == "date" else values


def _take(place: np.ndarray, field: Field) -> np.ndarray:
    if field.kind == "int4[]":
        if not bool((place["length"] == field.width).all()):
            raise ValueError(f"{field.name}: wants {field.width} elements a row")
        return place["items"]["value"].astype(np.int32)
    if field.kind == "date":
        return place.astype(np.int32) + np.int32(_EPOCH_2000)
    if field.kind == "bool":
        return place.astype(bool)
    return place.astype(place.dtype.newbyteorder("="))
