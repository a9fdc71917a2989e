from pandas.testing import assert_series_equal

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.data.frames import load_study
from tests.conftest import spec_of
from tests.master.analysis.synthetic import make_study_data


def test_a_synthetic_study_has_the_columns_of_a_read_one(folder: StudyFolder) -> None:
    read = load_study(folder.root, "demo")
    made = make_study_data({"x": {"type": "float", "low": 0.0, "high": 1.0}}, trials=3, objective="square")
    assert made.spec.space == spec_of().space
    assert_series_equal(made.trials.dtypes, read.trials.dtypes)
    assert_series_equal(made.curves.dtypes.head(len(read.curves.columns)), read.curves.dtypes)
