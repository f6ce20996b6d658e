"""Where every field of the schema comes from: see kinds.py for how that is said."""

from collections.abc import Mapping

from gateway.plan.kinds import (
    Aspect,
    Bindings,
    ById,
    Join,
    Part,
    Parts,
    RootPage,
    Same,
    Service,
    Value,
    columns,
    members,
    options,
    within,
)

ROWS = Parts("{r}['rows']")
"""The rows of a page: each is a row of the page's read."""

PROOF: Mapping[str, str] = {
    "community": "code",
    "worker": "id",
    "payslip": "id",
    "issue": "id",
    "session": "id",
    "division": "code",
    "payroll_run": "id",
    "run_fault": "worker",
}
"""The column that is read of an entity when no column is wanted: only whether there is a row."""

CONNECTION: Bindings = {
    "edges": ROWS,
    "nodes": ROWS,
    "pageInfo": Same(),
    "totalCount": Value("{r}['total']", needs="counts"),
}
EDGE: Bindings = {"cursor": Value("{cursor}"), "node": Same()}
KINDS: Mapping[str, tuple[Service, str]] = {
    "Community": ("staffing", "community"),
    "Worker": ("staffing", "worker"),
    "Payslip": ("payroll", "payslip"),
    "Issue": ("consultation", "issue"),
    "PayrollRun": ("payroll", "payroll_run"),
    "ConsultationSession": ("consultation", "session"),
}
"""The kinds of global ids: which service has the entity, by its key `id`."""

BINDINGS: Mapping[str, Bindings] = {
    "Query": {
        "community": Join("staffing", "community", "code", "{a.code}", missing="community"),
        "communities": RootPage("staffing", "community"),
        "divisions": RootPage("staffing", "division", where={"level": "level"}),
        "payrollRuns": RootPage("payroll", "payroll_run", where={"month": "month"}),
        "node": ById("id", many=False),
        "nodes": ById("ids", many=True),
    },
    "PageInfo": {
        "hasNextPage": Value("later({r}, {a.window})", needs="looks_on"),
        "hasPreviousPage": Value("earlier({r}, {a.window})", needs="looks_back"),
        "startCursor": Value("{r}['start']", needs="ends"),
        "endCursor": Value("{r}['end']", needs="ends"),
    },
    "Community": {
        **columns("code", "name", "kind", "unitType", "urbanRural", "provenance", "synthetic", "source"),
        **columns("residentHouseholds", "registeredHouseholds"),
        "id": Value("community_id({id})"),
        "valid": Same(),
        "measures": Same(),
        "quota": Aspect(args={"reading": "reading"}),
        "headcount": Aspect(picked="{j.headcount}"),
        "headcounts": Aspect(),
        "vacancy": Aspect(picked="{j.quota.vacancy}"),
        "workers": Join("staffing", "worker", "community", "{code}", paged=True),
        "issues": Join("consultation", "issue", "community", "{code}", where={"state": "state"}, paged=True),
        "sessions": Join("consultation", "session", "community", "{code}", paged=True),
    },
    "Division": columns("code", "name", "level", "unitType", "start"),
    "Period": within("valid", "start", "end"),
    "Measures": {
        **within("measures", "residentHouseholds", "registeredHouseholds", "residentPopulation", "urbanResidents"),
        **within("measures", "premisesSqm", "groundFloorSqm", "provenance", "synthetic", "source"),
    },
    "Quota": {
        **within("quota", "on", "posts", "exact", "basis", "pack", "qualifier", "due", "vacancy", "over"),
        "reason": Part("{quota.reason}"),
        "synthetic": Value("({quota.rulesSynthetic} or {p.measures.synthetic})"),
        "permitted": Part("{quota.permitted}"),
        "readingsUsed": Parts("{quota.readingsUsed}"),
        "alternatives": Parts("{quota.alternatives}"),
        "passedOver": Parts("{quota.passedOver}"),
        "explanation": Part("({quota.explanation} or None)"),
        "citations": Parts("{quota.citations}"),
        "headcount": Same(),
    },
    "PermittedRange": members("minimum", "maximum"),
    "ReadingUsed": members("rule", "reading"),
    "Alternative": {**members("reading", "inUse", "posts", "exact"), "reason": Part("{r}['reason']")},
    "Reason": {**members("code"), "message": Part("{r}['message']")},
    "LocalText": {"zh": Value("zh_of({r})"), "en": Value("en_of({r})")},
    "Headcount": within("headcounts", "persons", "fullTimePersons", "posts", "fullTimePosts"),
    "Citation": {
        **members("document"),
        **options("title", "docNo", "at", "quote", "status"),
        "synthetic": Value("bool({r}.get('synthetic'))"),
    },
    "Explanation": {
        **options("name", "unit", "formula", "rule", "pack", "reading", "qualifier"),
        "label": Value("label({r}, {a.language})"),
        "value": Value("as_text({r}.get('value'))"),
        "citations": Parts("({r}.get('citations') or ())"),
        "synthetic": Value("rests_on_synthetic({r})"),
        "inputs": Parts("({r}.get('inputs') or ())"),
        "steps": Parts("steps({r})"),
    },
    "ExplanationStep": {"level": Value("{r}[0]"), "node": Part("{r}[1]")},
    "Worker": {
        **columns("communityCode", "number", "name", "sex", "age", "education", "category", "entryRoute", "post"),
        **columns("holdsBothPosts", "tier", "step", "certificate", "hiredOn", "leftOn", "urban"),
        **columns("inStateEstablishment", "partTime", "subsidised", "provenance", "synthetic"),
        "id": Value("worker_id({id})"),
        "appointments": Parts("{appointments}"),
        "community": Join("staffing", "community", "code", "{communityCode}"),
        "latestPayslip": Join("payroll", "payslip", "worker", "{id}", args={"month": ""}),
        "payslip": Join("payroll", "payslip", "worker", "{id}", args={"month": "month"}),
    },
    "Appointment": members("communityCode", "post", "fullTime", "start", "end"),
    "Payslip": {
        **columns("month", "gross", "net", "employerCost", "state", "scheme", "basis"),
        "id": Value("payslip_id({id})"),
        "schemeLabel": Part("{schemeLabel}"),
        "lines": Parts("{lines}"),
        "matches": Join("payroll", "payslip", "id", "{id}", picked="{j.matches}", missing="absent"),
    },
    "PayLine": {
        **members("code", "kind", "amount"),
        "label": Value("in_language({r}['label'], {a.language})"),
        "explanation": Join(
            "payroll", "payslip", "id", "{p.id}", picked="{j.explanations}.get({r}['code'])", missing="absent"
        ),
    },
    "PayrollRun": {
        **columns("region", "managed", "month", "state", "attempt", "workers", "faulted", "packDigest", "knownAt"),
        **columns("madeBy", "madeAt", "checkedBy", "approvedBy"),
        "id": Value("payroll_run_id({id})"),
        "totals": Same(),
        "lineTotals": Parts("{lineTotals}"),
        "checks": Parts("{checks}"),
        "faults": Join("payroll", "run_fault", "run", "{id}", paged=True),
    },
    "RunFault": {
        **columns("communityCode", "code"),
        "workerId": Value("worker_id({worker})"),
        "message": Part("{message}"),
    },
    "RunTotals": within("totals", "gross", "employee", "tax", "net", "employer", "employerCost"),
    "LineTotal": {
        **members("scheme", "code", "kind", "amount", "workers"),
        "label": Value("in_language({r}['label'], {a.language})"),
    },
    "RunCheck": members("code", "payslips"),
    "Issue": {
        **columns("communityCode", "number", "title", "text", "state", "step", "tier", "final", "channel", "process"),
        **columns("openedAt", "updatedAt", "daysOpen", "campaign", "mechanism", "sequence"),
        "id": Value("issue_id({id})"),
        "stateName": Part("{stateName}"),
        "stepName": Part("{stepName}"),
        "procedure": Part("{procedure}"),
        "community": Join("staffing", "community", "code", "{communityCode}"),
        "stepsDone": Join("consultation", "issue", "id", "{id}", picked="{j.stepsDone}", missing="absent"),
        "nextSteps": Join("consultation", "issue", "id", "{id}", picked="{j.nextSteps}", missing="absent"),
    },
    "Procedure": {**members("code", "pack", "start"), "name": Part("{r}['name']")},
    "StepDone": {
        **members("sequence", "step", "outcome", "actorKind", "at", "fromState", "toState"),
        "name": Part("{r}['name']"),
        "citations": Parts("{r}['citations']"),
    },
    "NextStep": {
        **members("step", "actors", "needs", "outcomes", "side"),
        "name": Part("{r}['name']"),
        "citations": Parts("{r}['citations']"),
    },
    "ConsultationSession": {
        **columns("communityCode", "number", "title", "heldAt", "recordedAt", "tier", "minutes"),
        "id": Value("session_id({id})"),
        "participants": Parts("{participants}"),
        "community": Join("staffing", "community", "code", "{communityCode}"),
        "issues": Join("consultation", "issue", "session", "{id}", listed=True),
    },
    "Participant": members("kind", "role", "count"),
}
FALL_BACK: Mapping[str, str] = {
    **dict.fromkeys(
        ("Query.packs", "Query.documents", "Query.document", "Query.rules", "Query.rule"),
        "the policy packs are files in each service's memory: no statement reads them",
    ),
    **dict.fromkeys(
        (
            "Query.quotaTable",
            "Query.communityCounts",
            "Query.staffingStatistics",
            "Query.committeeStatistics",
            "Query.certificateStatistics",
            "Query.consultationStatistics",
        ),
        "one whole computation of a service, not rows under a key",
    ),
}
"""Types and fields that only the executor answers, and why; introspection and what commands answer aside."""


def bindings_of(type_name: str) -> Bindings:
    """The bindings of a type; of a connection or an edge of anything, those all share."""
    if type_name.endswith("Connection"):
        return CONNECTION
    return EDGE if type_name.endswith("Edge") else BINDINGS.get(type_name, {})
