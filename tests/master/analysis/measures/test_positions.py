from hyperspool.master.analysis.measures.positions import bounds, positions
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

MIXED = {"kind": ["a", "b", 1, True], "size": [64, 16, 256]}


def test_choices_have_list_positions_and_true_differs_from_1() -> None:
    data = make_study_data(MIXED, trials=20, objective="mine")
    axis = searched_parameters(data.spec)[0]
    places = positions(axis, data.trials[axis.column])
    assert [MIXED["kind"][int(place)] for place in places] == data.trials[axis.column].tolist()  # type: ignore[index]
    assert {type(MIXED["kind"][int(place)]) for place in places} == {type(cell) for cell in data.trials[axis.column]}  # type: ignore[index]
    assert bounds(data.spec, axis) == (0, 3)
