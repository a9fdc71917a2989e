"""What must hold of every figure and every answer, whatever a study looks like."""

import re

from hypothesis import HealthCheck, Phase, given, settings

from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.catalogue import sections
from tests.master.analysis.generated import studies

# Drawing takes too long to look for a smaller example of a failure.
WHATEVER = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@settings(WHATEVER, max_examples=25)
@given(studies())
def test_every_answer_can_be_given(data: StudyData) -> None:
    for answer in answers(data):
        assert answer.question.endswith("?")
        assert answer.sentences
        for sentence in answer.sentences:
            assert sentence.endswith(".")
            assert not re.search(r"\bnan\b", sentence)


@settings(WHATEVER, max_examples=8)
@given(studies())
def test_every_figure_can_be_drawn(data: StudyData) -> None:
    for _, figures in sections(data):
        for figure in figures:
            assert figure.caption.endswith(".")
            figure.draw().draw_without_rendering()
