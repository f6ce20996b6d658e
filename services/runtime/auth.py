"""Who calls and what they may touch: roles with regions, and the dependency that every route must carry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Depends, Request

from services.kernel.errors import Forbidden
from services.kernel.region import subtree
from services.runtime.rls import Scope, merge
from services.runtime.tokens import Verifier, unauthenticated

Permission: TypeAlias = Literal[
    "staffing.read", "staffing.write", "staffing.roster", "payroll.read", "payroll.run", "payroll.write",
    "payslip.self", "consultation.read", "consultation.write", "policy.read", "import.write",
]  # fmt: skip
Role: TypeAlias = Literal[
    "worker", "resident", "community_secretary", "street_office", "district_civil_affairs", "district_payroll",
    "city_planner", "leading_group", "organisation_office", "auditor", "integrator", "administrator",
]  # fmt: skip

PERMISSIONS: frozenset[str] = frozenset(get_args(Permission))
ROLES: Mapping[str, frozenset[str]] = {
    "worker": frozenset({"payslip.self", "staffing.read", "consultation.read", "policy.read"}),
    "resident": frozenset({"consultation.read", "policy.read"}),
    "community_secretary": frozenset({"staffing.read", "consultation.read", "consultation.write", "policy.read"}),
    "street_office": frozenset({"staffing.read", "consultation.read", "consultation.write", "policy.read"}),
    "district_civil_affairs": frozenset({
        "staffing.read", "staffing.write", "staffing.roster", "consultation.read", "consultation.write",
        "policy.read", "import.write",
    }),
    "district_payroll": frozenset({
        "staffing.read", "staffing.roster", "payroll.read", "payroll.run", "payroll.write", "policy.read",
        "import.write",
    }),
    "city_planner": frozenset({"staffing.read", "consultation.read", "policy.read"}),
    "leading_group": frozenset({"staffing.read", "consultation.read", "policy.read"}),
    "organisation_office": frozenset({"staffing.read", "staffing.write", "staffing.roster", "policy.read"}),
    "auditor": frozenset({"staffing.read", "staffing.roster", "payroll.read", "consultation.read", "policy.read"}),
    "integrator": frozenset({
        "staffing.read", "staffing.write", "consultation.read", "consultation.write", "policy.read", "import.write",
    }),
    "administrator": PERMISSIONS - {"payslip.self"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """One role held over one region (a 12-digit division code; twelve zeros are the nation)."""

    role: str
    region: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request. `token` is forwarded to other services, never logged."""

    id: str
    name: str
    grants: tuple[Grant, ...]
    worker_id: UUID | None
    token: str

    def has(self, permission: Permission) -> bool:
        """Whether the caller holds the permission anywhere."""
        return any(permission in ROLES.get(grant.role, ()) for grant in self.grants)

    def scope(self, *permissions: Permission) -> Scope:
        """The ranges of division codes over which the caller holds any of the permissions; () for none."""
        return merge([
            subtree(grant.region)
            for grant in self.grants
            if not ROLES.get(grant.role, frozenset()).isdisjoint(permissions)
        ])  # fmt: skip

    def may(self, permission: Permission, code: str) -> bool:
        """Whether the caller holds the permission over this division as a whole."""
        lo, hi = subtree(code)
        return any(low <= lo and hi <= high for low, high in self.scope(permission))


class Permit:
    """A route's rule: the caller needs one of the permissions; their regions become the transaction's scope."""

    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions

    async def __call__(self, request: Request) -> Caller:
        caller = await caller_of(request)
        scope = caller.scope(*self.permissions)
        if not scope:
            needed = " / ".join(self.permissions)
            raise Forbidden(
                "permission.missing",
                f"当前身份没有所需权限（{needed}），请向管理员申请。",
                f"Your roles do not carry {needed}; ask the administrator for a role that does.",
                needed=list(self.permissions),
            )
        request.state.scope = scope
        return caller


def permit(*permissions: Permission) -> Permit:
    """`dependencies=[Depends(permit("staffing.read"))]`: one of these permissions, or 403; no token, 401.

    It also sets the row-level-security scope of the request's transactions to the regions of those permissions.
    """
    if unknown := set(permissions) - PERMISSIONS or not permissions:
        raise ValueError(f"unknown permission: {unknown}")
    return Permit(*permissions)


async def caller_of(request: Request) -> Caller:
    """The caller of the request, verified once; Unauthenticated (401) when the token is missing or bad."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    caller = await caller_with(request.headers.get("authorization", ""), request.app.state.verifier)
    request.state.caller = caller
    return caller


async def caller_with(authorization: str, verifier: Verifier) -> Caller:
    """The caller of an `Authorization`; Unauthenticated (401) when the token is missing or bad."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("missing")
    return _caller(await verifier.claims(token.strip()), token.strip())


CallerDep: TypeAlias = Annotated[Caller, Depends(caller_of)]


def _caller(claims: Mapping[str, object], token: str) -> Caller:
    try:
        grants = tuple(_grant(one) for one in _list(claims.get("grants", [])))
        worker = claims.get("worker_id")
        worker_id = UUID(str(worker)) if worker else None
    except (ValueError, KeyError, TypeError):
        raise unauthenticated("claims") from None
    subject = str(claims["sub"])
    return Caller(subject, str(claims.get("name", subject)), grants, worker_id, token)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("grants must be a list")
    return value


def _grant(value: object) -> Grant:
    if not isinstance(value, dict):
        raise TypeError("a grant must be an object")
    role, region = str(value["role"]), str(value["region"])
    if len(region) != 12 or not (region.isascii() and region.isdigit()):
        raise ValueError("a grant's region must have 12 digits")
    return Grant(role, region)
