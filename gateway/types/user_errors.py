"""Why a command was refused: data of its payload, not an error of the request."""

import strawberry

from gateway.types.explanations import Citation, LocalText


@strawberry.type(
    description="操作被拒的原因：业务上的拒绝是数据，随结果返回 "
    "Why a command was refused: a business refusal is data of the payload"
)
class UserError:
    """A refusal that a person can act on."""

    code: str = strawberry.field(
        description="稳定的原因代码，如 issue.step_skipped A stable dotted code, like issue.step_skipped"
    )
    message: LocalText = strawberry.field(description="发生什么、为何、怎么办 What happened, why, what to do")
    field: list[str] | None = strawberry.field(
        description="所涉输入字段的路径，涉及整个操作时为空 The path of the input field at fault, null for the whole"
    )
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")
