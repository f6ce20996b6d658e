"""The scalars of the schema: money, days, instants, months and division codes, each with its specification."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import NewType, TypeVar

import strawberry
from graphql import EnumValueNode, GraphQLError, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from services.kernel import period, region
from services.kernel.errors import DomainError
from services.kernel.region import DivisionCode

Yuan = NewType("Yuan", str)
"""An amount in yuan as text with two decimals, as the services send it: `"5213.40"`."""

Month = NewType("Month", str)
"""A calendar month: `"2026-10"`."""

Word = NewType("Word", str)
"""A name out of a policy pack, such as a state or a step; in a document it may be written bare or quoted."""

T = TypeVar("T")
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
YUAN = re.compile(r"-?\d{1,15}\.\d{2}", re.ASCII)


def parse_yuan(value: object) -> Yuan:
    """Read an amount given as text; at most two decimals, no float, whose cents would be a guess."""
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
        raise GraphQLError(
            f'Yuan 应为至多两位小数的文本，如 "5213.40" / is text with at most two decimals: {value!r:.40}'
        )
    return Yuan(f"{amount:.2f}")


def show_yuan(value: object) -> str:
    """The amount as the services sent it; anything else is a defect of ours."""
    if not isinstance(value, str) or not YUAN.fullmatch(value):
        raise GraphQLError(f"not an amount in yuan: {value!r:.40}")
    return value


def _read(parse: Callable[[str], T], value: object, name: str) -> T:
    """The value read by the kernel's parser, whose refusal is told in both languages."""
    if not isinstance(value, str):
        raise GraphQLError(f"{name} 应为文本 / is text: {value!r:.40}")
    try:
        return parse(value)
    except DomainError as refused:
        raise GraphQLError(f"{refused.zh} / {refused.en}") from refused


def parse_division_code(value: object) -> DivisionCode:
    """Read a division code of 12 digits."""
    return _read(region.parse, value, "DivisionCode")


def parse_month(value: object) -> Month:
    """Read a month written `YYYY-MM`."""
    return Month(str(_read(period.Month.parse, value, "Month")))


def parse_date(value: object) -> date:
    """Read a day written `YYYY-MM-DD`."""
    try:
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError(f'Date 应写作 "2026-10-31" / is written "2026-10-31": {value!r:.40}')


def parse_datetime(value: object) -> datetime:
    """Read an instant of RFC 3339 in the years 1 to 9999 of UTC; without an offset it would not be an instant."""
    try:
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:
                instant.astimezone(UTC)  # nobody behind the gateway can take what UTC has no year for
                return instant
    except (ValueError, OverflowError):
        pass
    raise GraphQLError(
        'DateTime 应带时区，如 "2026-10-31T08:00:00+08:00" / carries an offset, like "2026-10-31T08:00:00+08:00": '
        f"{value!r:.40}"
    )


def show_day_or_instant(value: object) -> str:
    """ISO 8601 text of a day or an instant; text of a service passes as it came."""
    return value.isoformat() if isinstance(value, date) else str(value)


def parse_word(value: object) -> Word:
    """Read a lower-case name."""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise GraphQLError(f"Word 应为小写英文名，如 open / is a lower-case name, like open: {value!r:.40}")
    return Word(value)


def parse_word_literal(node: ValueNode, _variables: object = None) -> Word:
    """Read a name written bare, as an enum value is, or quoted."""
    return parse_word(node.value if isinstance(node, EnumValueNode | StringValueNode) else None)


SCALARS: Mapping[object, ScalarDefinition] = {
    Yuan: strawberry.scalar(
        name="Yuan",
        description="以元为单位、两位小数的金额文本 An amount in yuan, as text with two decimals",
        specified_by_url="/scalars#Yuan",
        serialize=show_yuan,
        parse_value=parse_yuan,
    ),
    DivisionCode: strawberry.scalar(
        name="DivisionCode",
        description="12位统计用区划代码 A statistical division code of 12 digits",
        specified_by_url="/scalars#DivisionCode",
        parse_value=parse_division_code,
    ),
    Month: strawberry.scalar(
        name="Month",
        description="月份，如 2026-10 A calendar month, like 2026-10",
        specified_by_url="/scalars#Month",
        parse_value=parse_month,
    ),
    Word: strawberry.scalar(
        name="Word",
        description="政策包中的名称，如 open；可不加引号 A name out of a policy pack, like open; quotes are optional",
        specified_by_url="/scalars#Word",
        parse_value=parse_word,
        parse_literal=parse_word_literal,
    ),
    date: strawberry.scalar(
        name="Date",
        description="日期 A calendar day, ISO 8601",
        specified_by_url="/scalars#Date",
        serialize=show_day_or_instant,
        parse_value=parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="带时区的时刻 An instant with its offset, RFC 3339",
        specified_by_url="/scalars#DateTime",
        serialize=show_day_or_instant,
        parse_value=parse_datetime,
    ),
}
