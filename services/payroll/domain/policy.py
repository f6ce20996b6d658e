"""The shape of payroll's part of a policy pack: the facts its formulas may name, and the names of its rules."""

from services.kernel.formula.vocabulary import Fact, Vocabulary

SECTION = "payroll"
PAY_SCHEMES = "pay_schemes"

CATEGORIES = ("full_time_community_worker", "village_cadre", "grid_member", "public_welfare_post")
ENTRY_ROUTES = ("elected", "openly_recruited", "internal_transfer", "selected_graduate")
POSTS = ("secretary", "director", "deputy", "member", "staff")
TIERS = ("both_posts", "head", "deputy", "staff")
CERTIFICATES = ("none", "junior", "intermediate", "senior")
EDUCATIONS = ("primary", "junior_secondary", "senior_secondary", "college", "bachelor", "master", "doctor")
SPECIAL_ADDITIONAL = (
    "child_education",
    "infant_under_3",
    "elderly_support_only_child",
    "elderly_support_shared",
    "housing_loan_interest",
    "housing_rent_capital",
    "housing_rent_large_city",
    "housing_rent_other",
    "continuing_education_degree",
    "continuing_education_certificate",
)

_FEN = 2 * 10**9


def _yuan(name: str, zh: str, en: str) -> Fact:
    return Fact(name, unit="yuan", low=0, high=_FEN, scale=100, zh=zh, en=en)


def _symbol(name: str, symbols: tuple[str, ...], zh: str, en: str) -> Fact:
    return Fact(name, kind="symbol", symbols=symbols, zh=zh, en=en)


def _flag(name: str, zh: str, en: str) -> Fact:
    return Fact(name, kind="flag", zh=zh, en=en)


def _number(name: str, unit: str, low: int, high: int, *words: str) -> Fact:
    return Fact(name, unit=unit, low=low, high=high, zh=words[0], en=words[1])


ROSTER_FACTS = (
    _symbol("category", CATEGORIES, "人员类别", "category"),
    _symbol("entry_route", ENTRY_ROUTES, "进入方式", "entry route"),
    _symbol("post", POSTS, "岗位", "post"),
    _symbol("tier", TIERS, "档", "tier"),
    _number("step", "", 0, 99, "级", "step"),
    _symbol("certificate", CERTIFICATES, "社工证书（就高）", "certificate (the highest)"),
    _symbol("education", EDUCATIONS, "学历", "education"),
    _number("continuous_years", "years", 0, 80, "连续工作满年数", "completed continuous years"),
    _number("continuous_years_as_head", "years", 0, 80, "连续任正职满年数", "completed continuous years as head"),
    Fact("hired_on", kind="day", zh="入职日", en="hired on"),
    _flag("urban", "城市社区", "urban community"),
    _flag("in_state_establishment", "事业编", "in a state establishment post"),
    _flag("part_time", "兼职", "part-time"),
    _flag("subsidised", "享受同级财政生活补贴", "on the same-level fiscal subsidy"),
    _flag("holds_both_posts", "一肩挑", "holds both posts"),
    _number("days_in_post", "days", 0, 31, "本月在岗天数", "days in post this month"),
    _number("days_in_month", "days", 28, 31, "本月天数", "days of the month"),
)
"""What staffing's roster says of a worker, in its column order."""

OWN_FACTS = (
    _number("month_number", "months", 1, 12, "本年第几月", "month of the year"),
    _number("employed_months", "months", 1, 12, "本年在本单位任职受雇月份数", "months employed here this year"),
    _flag("hired_this_year", "本年入职", "hired this year"),
    _flag("base_declared", "已申报社会保险缴费基数", "a contribution base is declared"),
    _yuan("declared_base", "申报的社会保险缴费基数", "declared contribution base"),
    _flag("fund_member", "建立公积金账户", "has a housing fund account"),
    _flag("fund_base_declared", "已申报公积金缴存基数", "a housing fund base is declared"),
    _yuan("declared_fund_base", "申报的公积金缴存基数", "declared housing fund base"),
    Fact("fund_rate", low=0, high=10_000, scale=10_000, zh="公积金缴存比例", en="housing fund rate"),
    _flag("first_job_in_year", "本年首次取得工资（2020年13号公告）", "first wage of the year (2020 No. 13)"),
    _flag("prior_year_up_to_60000", "上年收入不超过6万元（2020年19号公告）", "60,000 or less last year (2020 No. 19)"),
    _flag("excellent_worker", "符合条件的优秀社区工作者", "excellent worker meeting the conditions"),
    _yuan("separate_bonus", "单独计税的全年一次性奖金", "annual bonus taxed separately"),
    _yuan("income_before", "本月之前的累计收入", "cumulative income before this month"),
    _yuan("contributions_before", "本月之前的累计专项扣除", "cumulative contributions before this month"),
    _yuan("tax_before", "本月之前累计已预扣税额", "tax withheld before this month"),
    _yuan("exempt_income", "累计免税收入", "cumulative exempt income"),
    _yuan("special_additional", "累计专项附加扣除", "cumulative special additional deductions"),
    _yuan("other_deductions", "累计依法确定的其他扣除", "cumulative other deductions"),
    _yuan("tax_relief", "累计减免税额", "cumulative tax relief"),
)
"""What payroll itself holds on a worker for a month."""

DERIVED_FACTS = (
    _yuan("gross", "应发合计", "gross pay"),
    _yuan("employee_contributions", "个人缴纳合计", "employee contributions"),
    _yuan("employer_contributions", "单位缴纳合计", "employer contributions"),
)
"""Sums of earlier lines of the same payslip, known once those lines are."""

ASKED_FACTS = (
    _symbol("deduction", SPECIAL_ADDITIONAL, "专项附加扣除项目", "special additional deduction"),
    Fact("funded_posts", unit="persons", low=0, high=10**7, zh="受补助人数", en="funded posts"),
    _yuan("annual_basis", "年基数", "yearly basis"),
)
"""Facts only questions about rules name; no payslip has them."""

STORED_FACTS = ROSTER_FACTS + OWN_FACTS
VOCABULARY = Vocabulary(facts=STORED_FACTS + DERIVED_FACTS + ASKED_FACTS)
