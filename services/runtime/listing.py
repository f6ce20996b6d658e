"""REST's lists answered from what sparse reads declare: the fields a wire model names, rows straight to JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from services.runtime.auth import caller_of
from services.runtime.paging import Place
from services.runtime.reads_form import Form, Json, Shapes
from services.runtime.reads_pool import plain
from services.runtime.reads_run import Answer, answer_to, viewer_of
from services.runtime.selection import Entity

Item: TypeAlias = dict[str, Any]
"""An item by its wire names, in the order of the model."""
_Parts: TypeAlias = "tuple[tuple[str, _Parts | None], ...]"
"""The names of a model in their order, with the parts of the model inside."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: its items, and whether others lie before and after it, as REST tells that; `total` where counted."""

    items: list[Item]
    next: str | None
    previous: str | None
    total: int | None = None

    def links(self) -> dict[str, str | None]:
        """`next` and `previous` as a body holds them."""
        return {"next": self.next, "previous": self.previous}


class Listing:
    """A list of an entity's rows, each with the fields of a wire model, which thereby stays their only description.

    A field's name is the model's in camel case, unless `renamed` gives another. A model inside the model stands for the
    fields `<name>.<its name>`, unless the entity declares it whole. ValueError for a field not declared.
    """

    def __init__(self, entity: Entity, model: type[BaseModel], renamed: Mapping[str, str] | None = None) -> None:
        self._entity = entity
        self._fields: list[str] = []
        self._parts = self._named(model, renamed or {})
        if missing := [name for name in self._fields if name not in entity.fields]:
            raise ValueError(f"{entity.name} declares no {', '.join(missing)}")
        self._shapes = Shapes()
        self._forms: dict[tuple[str | None, bool], Form] = {}

    def _named(self, model: type[BaseModel], renamed: Mapping[str, str], within: str = "") -> _Parts:
        """The parts of an item; their fields follow each other as they do in a row."""
        parts: list[tuple[str, _Parts | None]] = []
        for name, info in model.model_fields.items():
            field, inner = renamed.get(name) if not within else None, info.annotation
            field = field or within + _camel(name)
            if field not in self._entity.fields and isinstance(inner, type) and issubclass(inner, BaseModel):
                parts.append((name, self._named(inner, renamed, f"{field}.")))
            else:
                self._fields.append(field)
                parts.append((name, None))
        return tuple(parts)

    async def rows(self, request: Request, by: str, keys: Sequence[object], **values: object) -> list[Item]:
        """The items of the keys that have one, in the order of the keys, each once; `values` as of a sparse read.

        A key is a text or an identifier. The caller's permissions and regions hold, as in every sparse read.
        """
        asked = list(dict.fromkeys(map(str, keys)))
        answer = await self._answer(request, self._form(by, count=False), {**values, "keys": asked})
        return [self._item(row) for row in answer["rows"] if row is not None]

    async def pages(
        self, request: Request, by: str | None, asked: Json, page: tuple[Place, int], *, count: bool = False
    ) -> list[Listed]:
        """A page of at most so many items for each key asked, or the one page of a root (`by` None).

        `asked` are values of a sparse read: `keys` or `region` or `authority`, `where`, `args`, `on`, `knownAt`.
        Malformed `page.cursor`, `page.both`; whatever the entity's arguments and filters refuse.
        """
        place, limit = page
        backward = place.is_backward()
        cursor = place.before if backward else place.after
        values = {**asked, "last" if backward else "first": limit, "before" if backward else "after": cursor}
        answer = await self._answer(request, self._form(by, count=count), values)
        return [self._listed(one, cursor, backward=backward) for one in answer["pages"]]

    def _listed(self, page: Answer, cursor: str | None, *, backward: bool) -> Listed:
        """On an empty page both links are the cursor it was asked with, where items lie there."""
        earlier, later = (page["more"], page["beyond"]) if backward else (page["beyond"], page["more"])
        return Listed(
            [self._item(row) for row in page["rows"]],
            (page["end"] or cursor) if later else None,
            (page["start"] or cursor) if earlier else None,
            page.get("total"),
        )

    def _item(self, row: Sequence[object]) -> Item:
        return _filled(self._parts, iter(row))

    def _form(self, by: str | None, *, count: bool) -> Form:
        form = self._forms.get((by, count))
        if form is None:
            read = {"by": by, "fields": self._fields, "beyond": True, "count": count}
            form = self._forms[by, count] = Form(self._shapes, self._entity, read)
        return form

    async def _answer(self, request: Request, form: Form, values: Json) -> Answer:
        state = request.app.state
        caller = await caller_of(request)
        return await answer_to(form, values, (state.read_pool, state, partial(viewer_of, caller)))


def json_of(body: Mapping[str, object]) -> Response:
    """A body as it goes out, with instants as the wire models write them; no model looks at it on the way."""
    return Response(orjson.dumps(body, default=plain, option=orjson.OPT_UTC_Z), media_type="application/json")


def _filled(parts: _Parts, values: Iterator[object]) -> Item:
    return {name: next(values) if inner is None else _filled(inner, values) for name, inner in parts}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
