"""The documents' own totals, counted in the generated rows."""

from collections import Counter
from datetime import date

import pytest

from tools.demo import bundle, changzhou, chaoyang, guandu, kunming, longwan, places, rows

Registers = dict[str, rows.Register]


def alive(row: rows.Community, on: date) -> bool:
    return row.start <= on and (row.end is None or on < row.end)


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def test_the_same_seed_gives_the_same_rows(registers: Registers) -> None:
    assert bundle.registers() == registers


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_every_person_and_measure_is_marked_synthetic(registers: Registers, name: str) -> None:
    register = registers[name]
    assert {row.provenance for row in register.workers} == {"synthetic"}
    assert {row.provenance for row in register.measures} <= {"synthetic"}
    assert all(worker.name.startswith("演示") for worker in register.workers)


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_every_row_refers_to_a_person_and_a_real_unit(registers: Registers, name: str) -> None:
    register = registers[name]
    numbers = {worker.number for worker in register.workers}
    units = {unit.code for unit in places.village_level(name)}
    assert len(numbers) == len(register.workers)
    assert {worker.community for worker in register.workers} <= units
    assert {row.worker for row in register.appointments} == numbers
    assert {row.worker for row in register.gradings} <= numbers
    assert {row.worker for row in register.certificates} <= numbers
    assert {row.worker for row in register.memberships} <= numbers


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_everybody_holds_a_post_and_nobody_the_same_twice(registers: Registers, name: str) -> None:
    held = Counter((row.worker, row.post) for row in registers[name].appointments)
    assert set(held.values()) == {1}
    assert {worker for worker, _ in held} == {worker.number for worker in registers[name].workers}


class TestGuandu:
    def test_99_communities_in_eight_streets(self, registers: Registers) -> None:
        managed = guandu.managed(places.village_level("guandu"))
        assert Counter(unit.code[6:9] for unit in managed) == dict(
            zip(("001", "002", "003", "004", "005", "006", "007", "008"), (12, 8, 11, 13, 13, 13, 18, 11), strict=True)
        )
        assert len(managed) == 99
        assert {row.unit for row in registers["guandu"].managements} == set(guandu.STREETS)
        assert {worker.community for worker in registers["guandu"].workers} == {unit.code for unit in managed}

    def test_739_holders_at_the_end_of_2022_each_counted_once_at_the_highest_level(self, registers: Registers) -> None:
        highest: dict[str, str] = {}
        for row in sorted(registers["guandu"].certificates, key=lambda row: row.level == "intermediate"):
            if row.issued_on <= date(2022, 12, 31):
                highest[row.worker] = row.level
        assert Counter(highest.values()) == {"junior": 622, "intermediate": 117}

    def test_more_certificates_came_afterwards(self, registers: Registers) -> None:
        assert any(row.issued_on > date(2022, 12, 31) for row in registers["guandu"].certificates)

    def test_124_hired_since_2020(self, registers: Registers) -> None:
        hired = [worker.hired_on for worker in registers["guandu"].workers]
        assert sum(date(2020, 1, 1) <= day <= date(2023, 5, 31) for day in hired) == 124

    def test_the_headcount_is_within_what_the_budget_allows(self, registers: Registers) -> None:
        assert 980 <= len(registers["guandu"].workers) <= 1550

    def test_every_grading_is_one_of_68_cells_and_follows_the_one_before(self, registers: Registers) -> None:
        cells = {(row.tier, row.step) for row in registers["guandu"].gradings}
        assert {tier for tier, _ in cells} == {"both_posts", "head", "deputy", "staff"}
        assert all(1 <= step <= 17 for _, step in cells)
        assert all(row.end is None or row.start < row.end for row in registers["guandu"].gradings)


class TestChaoyang:
    def test_people_by_body(self, registers: Registers) -> None:
        seats = registers["chaoyang"].memberships
        party = {row.worker for row in seats if row.body == "party_org"}
        committee = {row.worker for row in seats if row.body == "residents_committee"}
        assert (len(party), len(committee), len(party & committee), len(party | committee)) == (1004, 1341, 704, 1641)

    def test_shares_of_members_and_secretaries(self, registers: Registers) -> None:
        register = registers["chaoyang"]
        heads = {row.worker for row in register.memberships if row.role == "secretary"}
        college = {"college", "bachelor", "master"}
        women = [worker for worker in register.workers if worker.sex == "female"]
        educated = [worker for worker in register.workers if worker.education in college]
        ages = {worker.number: age(worker.birth_on, chaoyang.ELECTED) for worker in register.workers}
        assert len(heads) == 202
        assert (len(women), sum(worker.number in heads for worker in women)) == (1360, 169)
        assert (len(educated), sum(worker.number in heads for worker in educated)) == (1446, 194)
        assert sum(years <= 35 for years in ages.values()) == 802
        assert half_up(10 * sum(ages.values()), len(ages)) == 374
        assert half_up(10 * sum(ages[number] for number in heads), len(heads)) == 401

    def test_202_communities_on_the_election_day_each_with_one_head_in_both_posts(self, registers: Registers) -> None:
        register = registers["chaoyang"]
        there = {row.code for row in register.communities if row.kind == "community" and alive(row, chaoyang.ELECTED)}
        posts = Counter(row.post for row in register.appointments)
        assert len(there) == 202
        assert {worker.community for worker in register.workers} == there
        assert (posts["secretary"], posts["director"], posts["deputy"], posts["member"]) == (202, 202, 391, 1048)

    def test_the_mean_subsidy_is_3643(self, registers: Registers) -> None:
        pay = {"director": 4600, "deputy": 3800, "member": 3400}
        total = sum(pay.get(row.post, 0) for row in registers["chaoyang"].appointments)
        assert half_up(total, 1641) == 3643

    def test_committees_have_five_to_seven_members(self, registers: Registers) -> None:
        seats = registers["chaoyang"].memberships
        sizes = Counter(row.community for row in seats if row.body == "residents_committee")
        assert (min(sizes.values()), max(sizes.values())) == (5, 7)


class TestLongwan:
    def test_78_units_in_six_streets(self) -> None:
        managed = longwan.managed(places.system("longwan"))
        assert (len(managed), sum(unit.is_community for unit in managed)) == (78, 26)

    def test_199_workers_in_25_communities(self, registers: Registers) -> None:
        workers = registers["longwan"].workers
        homes = {worker.community for worker in workers}
        assert (len(workers), len(homes)) == (199, 25)
        assert sum(worker.hired_on == longwan.THIRD_BATCH_DAY for worker in workers) == 59

    def test_six_managed_streets(self, registers: Registers) -> None:
        assert len(registers["longwan"].managements) == 6


class TestChangzhou:
    def test_the_old_norm_averages_10_and_the_new_one_13(self, registers: Registers) -> None:
        register = registers["changzhou"]
        communities = {row.code for row in register.communities if row.kind == "community"}
        rows_ = [row for row in register.measures if row.community in communities]
        old = [
            -(-(2 * row.registered_households + row.resident_households - row.registered_households) // 500)
            for row in rows_
        ]
        new = [-(-row.resident_households // 250) for row in rows_]
        count = len(rows_)
        assert (sum(old), sum(new)) == (10 * count, 13 * count)
        assert sum(row.resident_households for row in rows_) == 3250 * count
        assert sum(row.registered_households for row in rows_) == 1750 * count
        assert all(0 < row.registered_households <= row.resident_households for row in rows_)

    def test_college_and_certificate_baselines(self, registers: Registers) -> None:
        register = registers["changzhou"]
        count = len(register.workers)
        college = sum(worker.education != "senior_secondary" for worker in register.workers)
        assert (half_up(100 * college, count), half_up(100 * len(register.certificates), count)) == (86, 65)
        assert changzhou.PER_COMMUNITY == 12


class TestKunming:
    def test_770_communities_and_930_villages_on_the_day_of_the_article(self, registers: Registers) -> None:
        there = [row for row in registers["kunming"].communities if alive(row, kunming.SHOWN)]
        assert Counter(row.kind for row in there) == {
            "urban_community": 333,
            "converted_community": 437,
            "village": 930,
        }

    def test_all_units_of_the_code_book_are_there_on_its_day(self, registers: Registers) -> None:
        there = {row.code for row in registers["kunming"].communities if alive(row, date(2023, 6, 30))}
        assert there == {unit.code for unit in places.village_level("kunming")}

    def test_a_converted_village_goes_on_as_a_community_without_a_gap(self, registers: Registers) -> None:
        by_code: dict[str, list[rows.Community]] = {}
        for row in registers["kunming"].communities:
            by_code.setdefault(row.code, []).append(row)
        turned = [pair for pair in by_code.values() if len(pair) == 2]
        assert len(turned) == 12
        assert all((one.kind, two.kind) == ("village", "converted_community") for one, two in turned)
        assert all(one.end == two.start for one, two in turned)

    def test_guandus_99_are_communities_all_the_time(self, registers: Registers) -> None:
        own = {unit.code for unit in guandu.managed(places.village_level("guandu"))}
        mine = [row for row in registers["kunming"].communities if row.code in own]
        assert len(mine) == 99
        assert all(row.kind != "village" and alive(row, date(2020, 3, 13)) for row in mine)

    def test_people_sit_in_the_three_districts(self, registers: Registers) -> None:
        assert {worker.community[:6] for worker in registers["kunming"].workers} == set(kunming.STAFFED)
