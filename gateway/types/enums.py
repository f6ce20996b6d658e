"""The closed sets of our own code as enums: each value is the services' word, its name the same in capitals."""

from enum import Enum

import strawberry
from strawberry.types.enum import EnumValueDefinition


def word(value: str, description: str) -> EnumValueDefinition:
    """A value as the services write it, described in Chinese and English."""
    return strawberry.enum_value(value, description=description)


@strawberry.enum(description="基层单位的类别 What a grass-roots unit is")
class CommunityKind(Enum):
    """What a grass-roots unit is."""

    URBAN_COMMUNITY = word("urban_community", "城市社区 An urban community")
    CONVERTED_COMMUNITY = word("converted_community", "村改居社区 A community converted from a village")
    COMMUNITY = word("community", "社区，未细分 A community, not further told apart")
    VILLAGE = word("village", "村庄 A village")


@strawberry.enum(description="代码簿中的单位类型 The unit type of the code book")
class UnitType(Enum):
    """What stands at a village-level code."""

    RESIDENTS_COMMITTEE = word("residents_committee", "居民委员会 A residents' committee")
    RESIDENTS_LIKE = word("residents_like", "类似居民委员会 Like a residents' committee")
    VILLAGERS_COMMITTEE = word("villagers_committee", "村民委员会 A villagers' committee")
    VILLAGERS_LIKE = word("villagers_like", "类似村民委员会 Like a villagers' committee")


@strawberry.enum(description="社区岗位 A post in a community")
class Post(Enum):
    """A post in a community."""

    SECRETARY = word("secretary", "党组织书记 Secretary of the party organisation")
    DIRECTOR = word("director", "居（村）民委员会主任 Director of the committee")
    DEPUTY = word("deputy", "副职 A deputy")
    MEMBER = word("member", "委员 A member of the committee")
    STAFF = word("staff", "工作人员 Staff")


@strawberry.enum(description="社会工作者证书等级 The level of the social-worker certificate")
class CertificateLevel(Enum):
    """The level of the social-worker certificate, lowest first."""

    NONE = word("none", "没有证书 No certificate")
    JUNIOR = word("junior", "初级（助理社会工作师） Junior")
    INTERMEDIATE = word("intermediate", "中级（社会工作师） Intermediate")
    SENIOR = word("senior", "高级（高级社会工作师） Senior")


@strawberry.enum(description="性别 Sex")
class Sex(Enum):
    """Sex as the register has it."""

    FEMALE = word("female", "女性 Female")
    MALE = word("male", "男性 Male")


@strawberry.enum(description="学历 Education")
class Education(Enum):
    """The highest education, lowest first."""

    PRIMARY = word("primary", "小学 Primary school")
    JUNIOR_SECONDARY = word("junior_secondary", "初中 Junior secondary school")
    SENIOR_SECONDARY = word("senior_secondary", "高中（中专） Senior secondary school")
    COLLEGE = word("college", "大专 Junior college")
    BACHELOR = word("bachelor", "本科 Bachelor")
    MASTER = word("master", "硕士研究生 Master")
    DOCTOR = word("doctor", "博士研究生 Doctor")


@strawberry.enum(description="人员类别 The category of a worker")
class WorkerCategory(Enum):
    """The category of a worker."""

    FULL_TIME_COMMUNITY_WORKER = word("full_time_community_worker", "专职社区工作者 A full-time community worker")
    VILLAGE_CADRE = word("village_cadre", "村干部 A village cadre")
    GRID_MEMBER = word("grid_member", "网格员 A grid member")
    PUBLIC_WELFARE_POST = word("public_welfare_post", "公益性岗位人员 The holder of a public-welfare post")


@strawberry.enum(description="来源 How a worker came")
class EntryRoute(Enum):
    """How a worker came."""

    ELECTED = word("elected", "选任 Elected")
    OPENLY_RECRUITED = word("openly_recruited", "公开招聘 Openly recruited")
    INTERNAL_TRANSFER = word("internal_transfer", "内部转任 Transferred from within")
    SELECTED_GRADUATE = word("selected_graduate", "选聘的毕业生 A selected graduate")


@strawberry.enum(description="薪酬档次 The pay tier")
class PayTier(Enum):
    """The pay tier."""

    BOTH_POSTS = word("both_posts", "一肩挑 Secretary and director in one person")
    HEAD = word("head", "正职 A head")
    DEPUTY = word("deputy", "副职 A deputy")
    STAFF = word("staff", "工作人员 Staff")


@strawberry.enum(description="工资单的行的类别 What a line of a payslip does")
class LineKind(Enum):
    """What a line of a payslip does."""

    EARNING = word("earning", "应发项，计入应发 An earning, part of gross")
    EMPLOYEE = word("employee", "个人扣款 Taken from the worker")
    TAX = word("tax", "个人所得税 Income tax")
    EMPLOYER = word("employer", "单位缴纳，另计 Paid by the employer on top")
    MEMO = word("memo", "备注项，不计入合计 A memo, in no sum")


@strawberry.enum(description="工资发放批次的状态 The state of a payroll run")
class RunState(Enum):
    """The state of a payroll run, in the order of its life."""

    OPEN = word("open", "已建 Open")
    CALCULATED = word("calculated", "已计算 Calculated")
    CHECKED = word("checked", "已复核 Checked")
    APPROVED = word("approved", "已批准 Approved")
    PAID = word("paid", "已发放 Paid")
    CLOSED = word("closed", "已关账 Closed")


@strawberry.enum(description="议事平台的层级 The tier of the platform an issue is on")
class PlatformTier(Enum):
    """The tier of the platform."""

    COMMUNITY = word("community", "社区 The community")
    STREET = word("street", "街道（乡镇） The street or town")


@strawberry.enum(description="过程类别 The kind of process an issue walks")
class IssueProcess(Enum):
    """The kind of process."""

    CONSULTATION = word("consultation", "民主协商 Consultation")
    SERVICE_ORDER = word("service_order", "服务订单 A service order")


@strawberry.enum(description="文件的效力状态 Whether a document is in force")
class DocumentStatus(Enum):
    """The status of a document."""

    DRAFT = word("draft", "草案 A draft")
    TRIAL = word("trial", "试行 On trial")
    IN_FORCE = word("in_force", "施行 In force")
    REPEALED = word("repealed", "废止 Repealed")


@strawberry.enum(description="文件对数字的限定词 The word by which a document qualifies a figure")
class Qualifier(Enum):
    """How a document qualifies a figure."""

    ABOUT = word("about", "左右 About")
    AT_LEAST = word("at_least", "不少于 At least")
    AT_MOST = word("at_most", "不超过 At most")
    NEARLY = word("nearly", "接近 Nearly")
    MORE_THAN = word("more_than", "多于 More than")
    LESS_THAN = word("less_than", "少于 Less than")
    BASICALLY = word("basically", "基本 Basically")
    GENERALLY = word("generally", "一般 Generally")
    FIRST = word("first", "首先 First")
    STRIVE = word("strive", "力争 To be striven for")
