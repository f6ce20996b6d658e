"""Pages of other origins: which of them may ask, for their browsers check that first (CORS)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from services.runtime.lanes import Lane
from services.runtime.server import Base

ALLOWED: Mapping[str, Any] = {
    "allow_methods": ("GET", "POST"),
    "allow_headers": ("authorization", "content-type", "traceparent"),
    "expose_headers": ("x-request-id", "etag", "retry-after"),
    "max_age": 600,  # seconds that a browser remembers that it may
}


def welcome(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins ask, without cookies; without origins nothing is added, and costs nothing."""
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, **ALLOWED)
        base = cast("Base", app)
        for path, lane in base.lanes.items():  # they answer past the framework
            base.lanes[path] = cast("Lane", CORSMiddleware(lane, allow_origins=origins, **ALLOWED))
