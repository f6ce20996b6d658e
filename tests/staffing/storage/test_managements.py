import pytest
from sqlalchemy.dialects.postgresql import Range

from services.staffing.storage.managements import _management
from services.staffing.storage.tables import ManagementRow


def test_a_relation_without_a_first_day_is_a_defect_of_ours() -> None:
    row = ManagementRow(authority="530100000000", unit="530111001000", valid=Range(None, None), source="demo")
    with pytest.raises(ValueError, match="None"):
        _management(row)
