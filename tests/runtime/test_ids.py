"""New identifiers are UUIDs version 7 of now."""

import time

from services.kernel.identity import made_at_ms
from services.runtime.ids import new_id


def test_identifiers_are_new_and_of_now() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {one.version for one in made} == {7}
    assert abs(made_at_ms(new_id()) - time.time() * 1000) < 5000
