"""Root fields over policy packs: documents and rules, with the sentences they rest on."""

from typing import Annotated

import strawberry

from gateway.services import Services
from gateway.types.arguments import Info, KnownAt, OnDay
from gateway.types.fields import resolved
from gateway.types.rules import PackSection, PolicyDocument, PolicyPack, Rule, RuleLine
from services.runtime.rules_client import RulesClient

Pack = Annotated[str, strawberry.argument(description="政策包，如 guandu The policy pack")]
Section = Annotated[PackSection, strawberry.argument(description="部分 The section")]


def keeper(services: Services, section: PackSection) -> RulesClient:
    """The service that keeps a section of the packs."""
    if section is PackSection.PAYROLL:
        return services.payroll
    return services.consultation if section is PackSection.CONSULTATION else services.staffing


@strawberry.type
class RuleQueries:
    """The root fields."""

    @resolved("各政策包 The policy packs")
    async def packs(self, info: Info) -> list[PolicyPack] | None:
        services = info.context.loaders.services
        found = await services.ask("staffing", services.staffing.packs())
        return [PolicyPack.of(one) for one in found.items]

    @resolved("政策包自己的文件 The source documents of a pack")
    async def documents(self, info: Info, pack: Pack) -> list[PolicyDocument] | None:
        services = info.context.loaders.services
        found = await services.ask("staffing", services.staffing.documents(pack))
        return [PolicyDocument.of(one) for one in found.items]

    @resolved("一份文件，含上级与补充文件 One document, also of a wider pack or a supplement")
    async def document(
        self,
        info: Info,
        pack: Pack,
        key: Annotated[
            str, strawberry.argument(name="id", description="文件标识，如 changzhou-2022 The document's identifier")
        ],
    ) -> PolicyDocument | None:
        services = info.context.loaders.services
        return PolicyDocument.of(await services.ask("staffing", services.staffing.document(pack, key)))

    @resolved("某部分当日的规则，无效的写明原因 The rules of a section, each in force or with the reason why not")
    async def rules(
        self, info: Info, pack: Pack, section: Section, on: OnDay = None, known_at: KnownAt = None
    ) -> list[RuleLine] | None:
        kept = keeper(info.context.loaders.services, section)
        call = kept.rules(pack, str(section.value), on=on, known_at=known_at)
        return [RuleLine.of(one) for one in (await info.context.loaders.services.ask(kept.service, call)).items]

    @resolved("一条规则的各版本、公式与原文 A rule with its versions, formulas and sentences")
    async def rule(
        self,
        info: Info,
        pack: Pack,
        section: Section,
        rule: Annotated[str, strawberry.argument(description="规则名称，如 staffing_norm The rule's name")],
        on: OnDay = None,
        known_at: KnownAt = None,
    ) -> Rule | None:
        kept = keeper(info.context.loaders.services, section)
        call = kept.rule(pack, str(section.value), rule, on=on, known_at=known_at)
        return Rule.of(await info.context.loaders.services.ask(kept.service, call))
