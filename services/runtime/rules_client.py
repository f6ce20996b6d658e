"""The rules of a service from outside: the same routes over each service's own sections of the policy packs."""

import re
from datetime import date, datetime

from services.runtime.client import ServiceClient, ServiceError
from services.runtime.rules_api_schemas import DocumentOut, DocumentsOut, PacksOut, RuleOut, RulesOut

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")


class RulesClient(ServiceClient):
    """Packs, documents and rules; `on` and `known_at` are today and now by default."""

    async def packs(self) -> PacksOut:
        """Every policy pack, and the digest of all their files."""
        return PacksOut.model_validate(await self.get("/v1/packs"))

    async def documents(self, pack: str) -> DocumentsOut:
        """The documents of a pack; ServiceError 404 for no such pack."""
        return DocumentsOut.model_validate(await self.get(f"/v1/packs/{self._name(pack)}/documents"))

    async def document(self, pack: str, document: str) -> DocumentOut:
        """One document, also of a wider pack; ServiceError 404."""
        path = f"/v1/packs/{self._name(pack)}/documents/{self._name(document)}"
        return DocumentOut.model_validate(await self.get(path))

    async def rules(
        self, pack: str, section: str, *, on: date | None = None, known_at: datetime | None = None
    ) -> RulesOut:
        """The rules of a section of a pack and of the wider ones, each in force or with the reason why not."""
        path, params = f"/v1/packs/{self._name(pack)}/rules", {"section": section, **_moment(on, known_at)}
        return RulesOut.model_validate(await self.get(path, params))

    async def rule(
        self, pack: str, section: str, rule: str, *, on: date | None = None, known_at: datetime | None = None
    ) -> RuleOut:
        """A rule with its versions; ServiceError 404."""
        path = f"/v1/packs/{self._name(pack)}/rules/{self._name(rule)}"
        return RuleOut.model_validate(await self.get(path, {"section": section, **_moment(on, known_at)}))

    def _name(self, text: str) -> str:
        """A name that may stand in an address; any other names nothing: ServiceError 404."""
        if NAME.fullmatch(text):
            return text
        zh, en = f"没有此名称：{text[:40]}，请核对", f"there is nothing of the name {text[:40]}; check it"
        raise ServiceError(self.service, 404, "name.unknown", zh, en)


def _moment(on: date | None, known_at: datetime | None) -> dict[str, str | None]:
    return {"on": on.isoformat() if on else None, "known_at": known_at.isoformat() if known_at else None}
