"""JSON lines on standard error; identity and bank numbers never reach them."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

# an identity number (18 characters, last may be X), a bank card (16-19 digits), a mobile number
_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{16,19}|1[3-9]\d{9})(?![0-9A-Za-z])")

log: structlog.stdlib.BoundLogger = structlog.get_logger("gongzhi")


def configure(level: str) -> None:
    """Sets the process's log once: structlog and the standard library's loggers end in the same JSON lines."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # today's stderr: it may be replaced
        cache_logger_on_first_use=False,
    )
    handler = _Forward()
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blots out what looks like an identity, bank card or mobile number in any text of the event."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _PERSONAL.sub("[redacted]", value)
    return event


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


class _Forward(logging.Handler):
    """Standard-library records as structlog events."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text} ({record.exc_info[0].__name__})"
        log.log(record.levelno, text, logger=record.name)
