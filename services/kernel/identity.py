"""Identifiers that sort by the time they were made; the clock and the dice are arguments."""

from uuid import UUID


def uuid7(now_ms: int, random74: int) -> UUID:
    """UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits; larger numbers are cut to size."""
    high, low = (random74 >> 62) & 0xFFF, random74 & ((1 << 62) - 1)
    return UUID(int=(now_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def made_at_ms(identifier: UUID) -> int:
    """The Unix milliseconds inside a UUID version 7."""
    return identifier.int >> 80
