"""What a document may ask: size, tokens, depth, aliases, directives, fields; each check linear in the document.

The order matters. Characters and tokens are counted and brackets matched before anything is parsed, so that no
parser recurses into a hostile document; fragments are summed once each, so that doubling fragments cost what they
are long, not what they spell; only what passes here is validated and priced.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
)

from gateway.errors import Code, GatewayError


@dataclass(frozen=True)
class Limits:
    """The most a document may have of everything. Fragments count as often as they are spread."""

    characters: int = 15_000
    tokens: int = 1_000
    nesting: int = 40
    digits: int = 300
    depth: int = 10
    introspection_depth: int = 16
    introspection: int = 260_000  # half as much again as the query that tools send
    aliases: int = 15
    directives: int = 50
    fields: int = 2_000
    repeats: int = 1_000
    cost: int = 50_000


NAMES: Mapping[str, tuple[str, str]] = {
    "characters": ("字符数", "characters"),
    "tokens": ("词法单元数", "tokens"),
    "nesting": ("括号嵌套层数", "levels of brackets"),
    "digits": ("一个数的位数", "digits in one number"),
    "depth": ("字段嵌套层数", "levels of fields"),
    "introspection_depth": ("自省查询层数", "levels of introspection"),
    "introspection": ("自省查询的估计条数", "items of introspection, as estimated"),
    "aliases": ("别名数", "aliases"),
    "directives": ("指令数", "directives"),
    "fields": ("展开后的字段数", "fields, fragments spread"),
    "repeats": ("同名字段的配对数", "pairs of fields of one name"),
}
OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
LENGTHS: Mapping[str, int] = {  # what the lists of introspection are taken to hold
    "types": 150,
    "directives": 8,
    "fields": 8,
    "inputFields": 4,
    "enumValues": 4,
    "args": 2,
    "possibleTypes": 2,
}
NUMBERS = {TokenKind.INT, TokenKind.FLOAT}
CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


def exceeded(name: str, maximum: int) -> GatewayError:
    """The refusal of a document with more than `maximum` of something."""
    zh, en = NAMES[name]
    return GatewayError(
        Code.LIMIT_EXCEEDED,
        f"查询文档的{zh}超出上限 {maximum}，请拆分查询",
        f"the document has more than {maximum} {en}; split it",
        limit=name,
        maximum=maximum,
    )


def unreadable(error: GraphQLError) -> GatewayError:
    """The refusal of text that is not GraphQL."""
    places = [location.formatted for location in error.locations or ()]
    return GatewayError(
        Code.GRAPHQL_PARSE_FAILED, "查询文档有语法错误，请按所示位置更正", error.message, locations=places
    )


def scan(text: str, limits: Limits) -> None:
    """Count tokens, nesting and the digits of numbers without parsing. Raises GatewayError."""
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    while (token := lexer.advance()).kind != TokenKind.EOF:
        tokens += 1
        nesting += (token.kind in OPENING) - (token.kind in CLOSING)
        if tokens > limits.tokens:
            raise exceeded("tokens", limits.tokens)
        if nesting > limits.nesting:
            raise exceeded("nesting", limits.nesting)
        if token.kind in NUMBERS and len(token.value or "") > limits.digits:
            raise exceeded("digits", limits.digits)  # Python reads no integer of more than 4,300


def read(text: str, limits: Limits) -> DocumentNode:
    """The document of a text within the limits. Raises GatewayError when it is too large, or not GraphQL."""
    if len(text) > limits.characters:
        raise exceeded("characters", limits.characters)
    try:
        scan(text, limits)
        document = parse(text, allow_empty_selection_sets=False)
    except GraphQLError as error:
        raise unreadable(error) from error
    measure(document, limits)
    return document


@dataclass(frozen=True)
class Size:
    """How large a piece of a document is with its fragments spread; depths count levels of composite fields.

    `items` is how much introspection would answer if the piece stood in it, `introspection` what it does answer.
    """

    depth: int = 0
    introspection_depth: int = 0
    introspection: int = 0
    items: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both pieces in one selection."""
        return Size(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            self.introspection + other.introspection,
            self.items + other.items,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
        )


NOTHING = Size()


@dataclass
class Measure:
    """One walk over a document; each fragment is measured once."""

    fragments: Mapping[str, FragmentDefinitionNode]
    limits: Limits
    known: dict[str, Size] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def selections(self, chosen: SelectionSetNode | None, level: int) -> Size:
        """The size of a selection set that stands `level` fields and fragments below its operation."""
        if level > self.limits.nesting:
            raise exceeded("nesting", self.limits.nesting)
        if chosen is None:
            return NOTHING
        return together(self.selection(one, level + 1) for one in chosen.selections)

    def selection(self, node: SelectionNode, level: int) -> Size:
        """The size of a field, an inline fragment or a spread, its own directives included."""
        own = Size(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return own.beside(self.field(node, level))
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self.fragment(node.name.value, level))
        return own.beside(self.selections(getattr(node, "selection_set", None), level))

    def field(self, node: FieldNode, level: int) -> Size:
        """A field and what it selects; a level deeper when it selects anything."""
        inside = self.selections(node.selection_set, level)
        deeper = 1 if node.selection_set else 0
        size = Size(
            inside.depth + deeper,
            inside.introspection_depth,
            inside.introspection,
            (inside.items + 1) * LENGTHS.get(node.name.value, 1),
            inside.aliases + bool(node.alias),
            inside.directives,
            inside.fields + 1,
        )
        if node.name.value in {"__schema", "__type"}:
            return replace(size, depth=0, introspection_depth=size.depth, introspection=size.items)
        return size

    def fragment(self, name: str, level: int) -> Size:
        """A fragment's size, measured at its first spread. Raises GatewayError for a ring of fragments."""
        definition = self.fragments.get(name)
        if definition is None:
            return NOTHING
        if name in self.open:
            raise GatewayError(
                Code.GRAPHQL_VALIDATION_FAILED,
                f"片段 {name} 引用了自身，请去掉循环",
                f'Cannot spread fragment "{name}" within itself',
            )
        if name not in self.known:
            self.open.add(name)
            own = Size(directives=len(definition.directives or ()))
            self.known[name] = own.beside(self.selections(definition.selection_set, level))
            self.open.discard(name)
        return self.known[name]


def children(
    sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Mapping[str, list[FieldNode]]:
    """The fields of merged selection sets by the name they answer under, each fragment spread once."""
    found: dict[str, list[FieldNode]] = {}
    waiting, seen = list(sets), set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen and node.name.value in fragments:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
    return found


def repeats(sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How many pairs of fields answer under one name, which the validator compares one by one.

    It walks what the document spells, so a document must be known to spell few fields, and no ring.
    """
    pairs = 0
    for nodes in children(sets, fragments).values():
        inside = [node.selection_set for node in nodes if node.selection_set]
        pairs += len(nodes) * (len(nodes) - 1) // 2 + (repeats(inside, fragments) if inside else 0)
    return pairs


def together(sizes: Iterable[Size]) -> Size:
    """All the pieces in one selection."""
    return reduce(Size.beside, sizes, NOTHING)


def tokens_of(document: DocumentNode) -> int:
    """How many tokens a document has, comments included, the end of the text not."""
    count, token = 0, document.loc.start_token if document.loc else None
    while token is not None:
        count += token.kind not in {TokenKind.SOF, TokenKind.EOF}
        token = token.next
    return count


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The document's fragments by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def measure(document: DocumentNode, limits: Limits) -> None:
    """Hold every operation, and every fragment even if nobody spreads it, against the limits. Raises GatewayError."""
    walk = Measure(fragments_of(document), limits)
    for name, definition in walk.fragments.items():
        size = walk.fragment(name, 0)
        if definition.type_condition.name.value.startswith("__"):
            size = replace(size, depth=0, introspection_depth=size.depth)
        judge(size, limits)
        judge_repeats(
            definition.selection_set, walk.fragments, limits
        )  # the validator compares what nobody spreads too
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            own = Size(directives=len(node.directives or ()))
            judge(own.beside(walk.selections(node.selection_set, 0)), limits)
            judge_repeats(node.selection_set, walk.fragments, limits)


def judge(size: Size, limits: Limits) -> None:
    """Raise the first limit that a size exceeds."""
    for name in ("depth", "introspection_depth", "introspection", "aliases", "directives", "fields"):
        maximum = getattr(limits, name)
        if getattr(size, name) > maximum:
            raise exceeded(name, maximum)


def judge_repeats(chosen: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], limits: Limits) -> None:
    """Refuse a selection with too many fields of one name: the validator compares each with each."""
    if repeats([chosen], fragments) > limits.repeats:
        raise exceeded("repeats", limits.repeats)
