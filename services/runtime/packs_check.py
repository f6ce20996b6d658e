"""Every formula of a pack checked before it is used: each version on its first day, under each of its readings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.kernel.errors import Malformed
from services.kernel.formula.rules import Version
from services.kernel.formula.ruleset import Ruleset
from services.runtime.packs_yaml import Problems


def check(own: Sequence[Version], in_force: Callable[[date], Ruleset], problems: Problems) -> None:
    """Record every formula of these versions that is refused, and of all rules in force on the last first day."""
    for version in own:
        ruleset = in_force(version.start)
        for reading in version.readings or [version.reading]:
            _check_version(_with(ruleset, replace(version, reading=reading)), version.rule, problems)
    if own:
        last = in_force(max(version.start for version in own))
        for rule in last.names():
            _check_version(last, rule, problems)


def _with(ruleset: Ruleset, version: Version) -> Ruleset:
    """The ruleset under one version, unless it is the one already chosen."""
    if ruleset.versions.get(version.rule) == version or version.absent:
        return ruleset
    versions: Mapping[str, Version] = {**ruleset.versions, version.rule: version}
    return replace(ruleset, versions=versions, _outputs={})


def _check_version(ruleset: Ruleset, rule: str, problems: Problems) -> None:
    version = ruleset.versions.get(rule)
    if version is None:
        return
    for output in version.spoken.names:
        try:
            ruleset.output(rule, output)
        except Malformed as error:
            problems.add_error(error, version.source)
