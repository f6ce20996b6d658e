"""Documents known by their sum: trusted ones from a folder, and the latest that clients registered by themselves.

An id is `sha256:` and the sum of the text in UTF-8, 64 hexadecimal digits in lower case, as the appendix on persisted
documents of GraphQL over HTTP has it. Apollo's `extensions.persistedQuery` is another spelling of the same id. A
document is registered by sending text and id together; only one that passed preparation is kept, so that a stranger
can neither fill the store with rubbish nor register under another's id.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from gateway.asked import Asked
from gateway.errors import Code, GatewayError
from gateway.prepare import Invalid, Prepared, Preparer
from services.runtime.settings import SettingsError

SUM = re.compile(r"sha256:[0-9a-f]{64}")
BARE_SUM = re.compile(r"[0-9a-f]{64}")
CUSTOM = re.compile(r"[A-Za-z0-9._~-]{1,200}")


class BadManifest(ValueError):
    """A file that is no manifest of documents, or that names one wrongly."""


class Unknown(GatewayError):
    """A document id that nobody registered here; clients send the text along with it next."""

    message = "PersistedQueryNotFound"  # the exact word that clients of automatic persisted queries wait for

    def __init__(self) -> None:
        super().__init__(
            Code.PERSISTED_QUERY_NOT_FOUND,
            "没有此标识的查询文档，请连同文档全文重新发送",
            "no document of this id is known here; send its text along with the id",
        )


def sum_of(text: str) -> str:
    """The id of a document's text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def mismatch() -> GatewayError:
    """The refusal of a text under the id of another."""
    return GatewayError(
        Code.BAD_USER_INPUT,
        "标识与查询文档的 SHA-256 不符，请重新计算",
        "the id is not the SHA-256 of the document; compute it again",
        argument="documentId",
    )


def unreadable_id() -> GatewayError:
    """The refusal of an id of no known form."""
    return GatewayError(
        Code.BAD_USER_INPUT,
        "文档标识应为 sha256: 加 64 位小写十六进制数字",
        "a document's id is `sha256:` and 64 hexadecimal digits in lower case",
        argument="documentId",
    )


def untrusted() -> GatewayError:
    """The refusal of a document that is not among the trusted ones."""
    return GatewayError(
        Code.FORBIDDEN,
        "本系统只接受登记过的查询文档，请以 documentId 发送",
        "only registered documents are taken here; send the id of one in `documentId`",
    )


class Documents:
    """Finds the document a request means, and has it prepared."""

    def __init__(
        self,
        preparer: Preparer,
        size: int,
        trusted: Mapping[str, Prepared] | None = None,
        *,
        only_trusted: bool = False,
    ) -> None:
        self.preparer = preparer
        self.size = size
        self.trusted = dict(trusted or {})
        self.only_trusted = only_trusted
        self._kept: OrderedDict[str, str] = OrderedDict()

    def prepare(self, asked: Asked) -> Prepared:
        """The prepared document of a request. Raises GatewayError or Invalid, and then keeps nothing."""
        named = asked.document_id
        if named is not None and asked.query is not None and named != sum_of(asked.query):
            raise mismatch() if SUM.fullmatch(named) else unreadable_id()
        trusted = self.trusted_of(asked)
        if trusted is not None:
            return trusted
        if asked.query is not None:
            return self._by_text(asked.query, named)
        return self._by_id(named or "")

    def trusted_of(self, asked: Asked) -> Prepared | None:
        """The trusted document a request means, by its id or by its very text; None for any other."""
        if not self.trusted:
            return None
        return self.trusted.get(asked.document_id or sum_of(asked.query or ""))

    def _by_text(self, text: str, named: str | None) -> Prepared:
        """A document sent in full, registered if it came with its id."""
        if self.only_trusted:
            raise untrusted()
        prepared = self.preparer.prepare(text)
        if named is not None:
            self._kept[named] = text
            self._kept.move_to_end(named)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)
        return prepared

    def _by_id(self, named: str) -> Prepared:
        """A document sent by its id alone. Raises Unknown for one that is not kept (any more)."""
        if not SUM.fullmatch(named) and not CUSTOM.fullmatch(named):
            raise unreadable_id()
        text = self._kept.get(named)
        if text is None:
            raise Unknown
        self._kept.move_to_end(named)
        return self.preparer.prepare(text)


def operations(content: bytes) -> Iterator[tuple[str, str]]:
    """(id, text) of each document of a manifest: a map of texts by id, or the form that Apollo's tools write.

    Raises BadManifest or a JSON error for anything else.
    """
    found = orjson.loads(content)
    if isinstance(found, dict) and isinstance(listed := found.get("operations"), list):
        found = {one.get("id"): one.get("body") for one in listed if isinstance(one, dict)}
    if not isinstance(found, dict):
        raise BadManifest("a map of documents by id is expected / 应为以标识为键的文档表")
    for name, text in found.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise BadManifest("ids and documents are texts / 标识与文档应为文本")
        yield name, text


def named_documents(path: Path) -> Iterator[tuple[str, str]]:
    """(id, text) of each document in a file; none in other files. Raises ValueError for what cannot be read."""
    if path.suffix in {".graphql", ".gql"}:
        text = path.read_bytes().decode()
        yield sum_of(text), text
    elif path.suffix == ".json":
        for name, text in operations(path.read_bytes()):
            named = f"sha256:{name}" if BARE_SUM.fullmatch(name) else name
            if named != sum_of(text) and not CUSTOM.fullmatch(named):
                raise BadManifest(f"{name}: not the SHA-256 of its document / 标识不是文档的 SHA-256")
            yield named, text


def trusted_documents(folder: Path | None, preparer: Preparer) -> dict[str, Prepared]:
    """The trusted documents of a folder by id, each within the limits and valid; none without a folder.

    Read are `*.graphql` and `*.gql` (one document a file, known by its sum) and `*.json` manifests, whose own ids hold.
    Raises SettingsError with every file that cannot be trusted and why.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise SettingsError(f"GONGZHI_TRUSTED_DOCUMENTS: no folder {folder} / 没有此文件夹")
    found: dict[str, Prepared] = {}
    problems = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        try:
            for name, text in named_documents(path):
                found[name] = found[sum_of(text)] = preparer.prepare(text)
        except Invalid as invalid:
            problems += [f"  {path}: {error.message}" for error in invalid.errors]
        except (GatewayError, ValueError) as error:
            problems.append(f"  {path}: {error}")
    if problems:
        raise SettingsError(
            "\n".join(["GONGZHI_TRUSTED_DOCUMENTS: 有文档不可用 / some documents are no good", *problems])
        )
    return found


def etag(data: object, media: str) -> str:
    """A weak tag of an answer: equal data in one media type have equal tags, whatever the request's id."""
    return f'W/"{hashlib.sha256(media.encode() + orjson.dumps(data)).hexdigest()[:32]}"'


def matches(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` names the tag; weak and strong tags compare alike."""
    if header is None:
        return False
    names = {name.strip().removeprefix("W/") for name in header.split(",")}
    return "*" in names or tag.removeprefix("W/") in names
