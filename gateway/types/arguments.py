"""What every resolver is given, and the arguments that many fields share."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from gateway.context import Context
from services.kernel.region import DivisionCode

Info = strawberry.Info[Context, None]
First = Annotated[
    int | None,
    strawberry.argument(
        description="从前往后每页几项，first 与 last 必给其一，1至100 Items of a page forwards: 1 to 100"
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="与 first 同用：上一页的 endCursor With `first`: `endCursor` of the page before"),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="从后往前每页几项，first 与 last 必给其一，1至100 Items of a page backwards: 1 to 100"
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="与 last 同用：下一页的 startCursor With `last`: `startCursor` of the page after"),
]
On = Annotated[
    date | None,
    strawberry.argument(
        description="基准日，默认上级所用之日，否则今天 The day asked; by default the parent's, else today"
    ),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description="按此刻已知的情况，默认现在 As known at this instant; now by default"),
]
OnDay = Annotated[date | None, strawberry.argument(description="基准日，默认今天 The day asked; today by default")]
RegionArea = Annotated[
    DivisionCode | None,
    strawberry.argument(description="区域代码，默认令牌的全部区域 The region; by default all the token may see"),
]
AuthorityArea = Annotated[
    DivisionCode | None,
    strawberry.argument(description="管理机关代码：只要其管理的社区 The authority: only what it manages"),
]
