"""Null goes up as far as the specification says: from a field that may not be null to the nearest one that may."""

from gateway.errors import Code, GatewayError
from gateway.plan.careful import Careful
from gateway.plan.reads import Found
from gateway.plan.shapes import Field, Inner, Joined, Leaf, Many, Nodes, Shape

REFUSED = GatewayError(Code.FORBIDDEN, "不行", "no")
NAME = Leaf("name", (), nullable=True, value="r1[0]")


def refused(key: str = "pay", *, nullable: bool) -> Joined:
    """A field that read 1 is asked for, which failed."""
    return Joined(key, (), nullable, 1, "r1[0]", "r9", "r9", "r9", many=False, missing="null", shape=None)


def shape(*fields: Field) -> Shape:
    return Shape("T", fields)


def community(*fields: Field, nullable: bool = True) -> Joined:
    """An object of read 0, found under the key `k`."""
    return Joined("community", (), nullable, 0, "'k'", "r1", "r1", "r1", False, "null", shape(*fields))


IDS = [[("Worker", "k"), ("Worker", "none"), ("Worker", "k"), ("Other", "k")], [("Worker", "k")]]
ROWS: Found = {"k": ["a", ["x", "y"], {"b": 1}]}


def answered(*fields: Field) -> tuple[object, list[object]]:
    """Data, and the paths of the errors."""
    careful = Careful([ROWS, {}], {1: REFUSED}, IDS)
    data = careful.answer(shape(*fields))
    assert all(error.original_error is REFUSED for error in careful.errors)
    return data, [error.path for error in careful.errors]


def test_a_field_that_may_be_null_stops_it() -> None:
    data, paths = answered(community(NAME, refused(nullable=True)))
    assert data == {"community": {"name": "a", "pay": None}}
    assert paths == [["community", "pay"]]


def test_a_field_that_may_not_be_null_takes_its_object_along() -> None:
    found = answered(community(NAME, refused(nullable=False)), Leaf("t", (), nullable=False, value="'Query'"))
    assert found == ({"community": None, "t": "Query"}, [["community", "pay"]])


def test_it_goes_up_to_the_data_itself() -> None:
    assert answered(community(refused(nullable=False), nullable=False)) == (None, [["community", "pay"]])


def test_it_goes_through_objects_inside_a_row() -> None:
    for value in ("r1[2]", None):
        firm = Inner("inner", (), False, row="r2", value=value, shape=shape(refused(nullable=False)))
        assert answered(community(firm)) == ({"community": None}, [["community", "inner", "pay"]])
        loose = Inner("inner", (), True, row="r2", value=value, shape=shape(refused(nullable=False)))
        assert answered(community(loose)) == ({"community": {"inner": None}}, [["community", "inner", "pay"]])


def test_an_item_of_a_list_takes_the_list_along_at_the_first() -> None:
    listed = Many("listed", (), True, row="r2", value="r1[1]", shape=shape(refused(nullable=False)))
    assert answered(community(listed)) == ({"community": {"listed": None}}, [["community", "listed", 0, "pay"]])
    loose = Many("listed", (), True, row="r2", value="r1[1]", shape=shape(refused(nullable=True)))
    assert answered(community(loose)) == (
        {"community": {"listed": [{"pay": None}, {"pay": None}]}},
        [["community", "listed", 0, "pay"], ["community", "listed", 1, "pay"]],
    )


def test_an_item_of_nodes_may_be_null_alone() -> None:
    kinds = {"Worker": (0, "r1", shape(NAME, refused(nullable=False)))}
    data, paths = answered(Nodes("nodes", (), False, ids=0, kinds=kinds, many=True))
    assert data == {"nodes": [None, None, None, None]}
    assert paths == [["nodes", 0, "pay"], ["nodes", 2, "pay"]]
    assert answered(Nodes("node", (), True, ids=1, kinds=kinds, many=False)) == ({"node": None}, [["node", "pay"]])
