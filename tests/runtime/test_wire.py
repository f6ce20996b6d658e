"""Binary COPY of fixed-width rows: what goes in comes out, and what does not fit is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.runtime.wire import Field, Layout

ALL = Layout(
    (
        Field("id", "uuid"),
        Field("code", "text", 12),
        Field("small", "int2"),
        Field("fen", "int4"),
        Field("sum", "int8"),
        Field("on", "date"),
        Field("urban", "bool"),
        Field("amounts", "int4[]", 3),
    )
)


def block_of(rows: int, seed: int = 1) -> dict[str, np.ndarray]:
    dice = np.random.default_rng(seed)
    return {
        "id": dice.integers(0, 256, (rows, 16), dtype=np.uint8),
        "code": np.array([f"{530111001001 + n}" for n in range(rows)], dtype="S12"),
        "small": dice.integers(-(2**15), 2**15, rows).astype(np.int16),
        "fen": dice.integers(-(2**31), 2**31, rows).astype(np.int32),
        "sum": dice.integers(-(2**62), 2**62, rows),
        "on": dice.integers(-20_000, 40_000, rows).astype(np.int32),
        "urban": dice.integers(0, 2, rows).astype(bool),
        "amounts": dice.integers(-(2**31), 2**31, (rows, 3)).astype(np.int32),
    }


@given(st.integers(0, 50), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_what_goes_in_comes_out(rows: int, seed: int) -> None:
    block = block_of(rows, seed)
    found = ALL.decode(ALL.encode(block))
    for name, values in block.items():
        assert np.array_equal(found[name], values), name


def test_a_text_of_another_length_is_refused() -> None:
    layout = Layout((Field("code", "text", 4),))
    for values in (np.array([b"abc", b"abcd"]), np.array([b"abcde"])):
        with pytest.raises(ValueError, match="exactly 4 bytes"):
            layout.encode({"code": values})


def test_an_array_of_another_length_is_refused() -> None:
    layout = Layout((Field("amounts", "int4[]", 3),))
    with pytest.raises(ValueError, match="3 elements"):
        layout.encode({"amounts": np.zeros((5, 2), np.int32)})
    data = bytearray(layout.encode({"amounts": np.zeros((1, 3), np.int32)}))
    place = data.index(b"\0\0\0\x17") + 4
    data[place : place + 4] = (2).to_bytes(4, "big")
    with pytest.raises(ValueError, match="3 elements"):
        layout.decode(bytes(data))


def test_rows_of_another_shape_are_refused() -> None:
    data = ALL.encode(block_of(3))
    with pytest.raises(ValueError, match="NULL or not of its column's fixed width"):
        ALL.decode(data[:-3] + data[-2:])
    with pytest.raises(ValueError, match="NULL"):
        Layout(ALL.fields[:2]).decode(data)
