"""New identifiers: the clock and the dice that the kernel may not touch."""

import secrets
import time
from uuid import UUID

from services.kernel.identity import uuid7


def new_id() -> UUID:
    """A UUID version 7 of this millisecond."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))
