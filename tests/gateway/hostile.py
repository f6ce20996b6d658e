"""Documents that want to hurt: each class with the limit that refuses it."""


def doubling(levels: int) -> str:
    """Fragments of which each spreads the next twice: 2 ** levels fields out of a few hundred characters."""
    parts = [f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(levels)]
    return " ".join(["{ ...f0 }", *parts, f"fragment f{levels} on Query {{ __typename }}"])


def doubling_below(levels: int) -> str:
    """The same one field deeper at each level, so that nothing can be merged away."""
    inside = "node(id: 1) { "
    parts = [f"fragment f{i} on Query {{ a: __typename ...f{i + 1} ...f{i + 1} }}" for i in range(levels)]
    return " ".join(["{ ...f0 }", *parts, f"fragment f{levels} on Query {{ {inside} id }} }}"])


def deep(levels: int) -> str:
    """Fields in fields."""
    return "{ community(code: 1) " + "{ community " * levels + "{ id }" + " }" * levels + " }"


def many_aliases(count: int) -> str:
    """The same field under many names."""
    return "{ " + " ".join(f"a{i}: __typename" for i in range(count)) + " }"


def many_directives(count: int) -> str:
    """A field with many directives."""
    return "{ __typename " + "@skip(if: false) " * count + "}"


def chain(length: int) -> str:
    """Fragments in a row, each spreading the next."""
    parts = [f"fragment f{i} on Query {{ ...f{i + 1} }}" for i in range(length)]
    return " ".join(["{ ...f0 }", *parts, f"fragment f{length} on Query {{ __typename }}"])


def cycle(length: int) -> str:
    """Fragments in a ring."""
    parts = [f"fragment f{i} on Query {{ ...f{(i + 1) % length} ...f{(i + 2) % length} }}" for i in range(length)]
    return " ".join(["{ ...f0 }", *parts])


def circular_introspection(levels: int) -> str:
    """Introspection that goes round in circles."""
    return "{ __schema { types " + "{ fields { type " * levels + "{ name }" + " } }" * levels + " } }"


def wide_introspection(count: int) -> str:
    """The whole schema under many names."""
    inside = "name description fields { name description args { name type { name } } type { name ofType { name } } }"
    return "{ " + " ".join(f"a{i}: __schema {{ types {{ {inside} }} }}" for i in range(count)) + " }"


def deep_list(levels: int) -> str:
    """An argument of lists in lists."""
    return "{ node(id: " + "[" * levels + "]" * levels + ") { id } }"


def repeated(count: int) -> str:
    """One field many times: the validator compares each with each."""
    return "{ " + 'node(id: "x") { id } ' * count + "}"


def repeated_in_fragments(count: int) -> str:
    """One field in many fragments."""
    spreads = " ".join(f"...f{i}" for i in range(count))
    parts = [f'fragment f{i} on Query {{ node(id: "x") {{ id }} }}' for i in range(count)]
    return " ".join([f"{{ {spreads} }}", *parts])


TYPES = """fragment t on __Type { name description fields { name args { name } type { name } } inputFields { name }
  enumValues { name } possibleTypes { name fields { name description type { name } } } interfaces { name } }"""


def repeated_in_vain(count: int) -> str:
    """One field many times in a fragment that nobody spreads: the validator compares those too."""
    return "{ __typename } fragment f on Community { " + "quota { posts } " * count + "}"


HOSTILE: dict[str, tuple[str, str]] = {
    "long": ("{ __typename } #" + "x" * 15_000, "characters"),
    "long_comment_lines": ("{ __typename }" + "\n#" * 7_400, ""),
    "many_tokens": ("{ " + "__typename " * 1_100 + "}", "tokens"),
    "long_integer": ("{ communities(first: " + "1" * 5_000 + ") { nodes { id } } }", "digits"),
    "long_default": ("query q($n: Int = -" + "9" * 9_000 + ") { communities(first: $n) { nodes { id } } }", "digits"),
    "long_float": ("{ communities(first: 0." + "1" * 9_000 + ") { nodes { id } } }", "digits"),
    "deep": (deep(30), "depth"),
    "very_deep": (deep(480), "nesting"),
    "open_brackets": ("{a" * 990, "nesting"),
    "wide_introspection": (wide_introspection(15), "introspection"),
    "wide_within": (
        "{ __schema { " + " ".join(f"a{i}: types {{ ...t }}" for i in range(15)) + " } } " + TYPES,
        "introspection",
    ),
    "deep_list": (deep_list(400), "nesting"),
    "many_aliases": (many_aliases(16), "aliases"),
    "aliases_doubling": (doubling_below(20), "aliases"),
    "many_directives": (many_directives(51), "directives"),
    "doubling_16": (doubling(16), "fields"),
    "doubling_24": (doubling(24), "fields"),
    "doubling_45": (doubling(45), "nesting"),
    "chain": (chain(100), "nesting"),
    "repeated": (repeated(90), "repeats"),
    "repeated_in_fragments": (repeated_in_fragments(55), "repeats"),
    "repeated_in_vain": (repeated_in_vain(240), "repeats"),
    "circular_introspection": (circular_introspection(12), "introspection_depth"),
}
