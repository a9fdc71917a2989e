from matplotlib.figure import Figure

from hyperspool.master.analysis.figures.catalogue import sections
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct
from tests.master.analysis.synthetic import make_study_data


def named(name: str) -> NamedFigure:
    return NamedFigure(name, "", "", Figure)


def test_figures_of_the_same_name_are_numbered() -> None:
    names = ["rate", "rate", "rate-2", "rate", "other"]
    assert [figure.name for figure in distinct([named(name) for name in names])] == [
        "rate",
        "rate-2",
        "rate-2-2",
        "rate-3",
        "other",
    ]


def test_similar_names_of_parameters_do_not_share_a_figure() -> None:
    space = {"Rate": [1, 2], "rate": [1, 2], "rate_a": [1, 2], "a_rate": [1, 2], "a": [1, 2]}
    data = make_study_data(space, objective="mine", has_curves=False)
    names = [figure.name for _, figures in sections(data) for figure in figures]
    assert {"value-by-rate", "value-by-rate-2", "grid-rate-a-rate", "grid-rate-a-rate-2"} <= set(names)
    assert len(names) == len(set(names))
