"""The roster's Arrow schema: one row per worker paid in a month, with the facts pay depends on."""

import pyarrow as pa

_SYMBOL = pa.dictionary(pa.int8(), pa.string())

ROSTER = pa.schema(
    [
        pa.field("worker_id", pa.binary(16), nullable=False),
        pa.field("community", pa.string(), nullable=False),
        pa.field("category", _SYMBOL, nullable=False),
        pa.field("entry_route", _SYMBOL, nullable=False),
        pa.field("post", _SYMBOL, nullable=False),
        pa.field("tier", _SYMBOL, nullable=True),
        pa.field("step", pa.int8(), nullable=True),
        pa.field("certificate", _SYMBOL, nullable=False),
        pa.field("education", _SYMBOL, nullable=False),
        pa.field("continuous_years", pa.int16(), nullable=False),
        pa.field("continuous_years_as_head", pa.int16(), nullable=False),
        pa.field("hired_on", pa.date32(), nullable=False),
        pa.field("urban", pa.bool_(), nullable=False),
        pa.field("in_state_establishment", pa.bool_(), nullable=False),
        pa.field("part_time", pa.bool_(), nullable=False),
        pa.field("subsidised", pa.bool_(), nullable=False),
        pa.field("holds_both_posts", pa.bool_(), nullable=False),
        pa.field("days_in_post", pa.int8(), nullable=False),
        pa.field("days_in_month", pa.int8(), nullable=False),
    ]
)
