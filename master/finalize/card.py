"""The model card: what a person must know who finds the model and nothing else."""

from collections.abc import Sequence

from hyperspool.common.objectives import with_defaults
from hyperspool.common.records import EpochRecord, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.finalize.answer import Answer
from hyperspool.master.finalize.cycles import cycles_remark
from hyperspool.master.results.wording import counted

MODULES = {"cnn": "CnnParams", "mlp": "MlpParams"}
"""What the params of a built-in objective's network are called in `hyperspool.worker.training.params`."""
SHAPES = {"digits": (1, 28, 28), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
"""(channels, height, width) of a data set's images."""
_LOADING_ONE = """\
model = make_model(params, {shape}, classes=10)
model.load_state_dict(torch.load("model.pt", weights_only=True))
model.eval()  # takes (N, channels, height, width) float32 in [0, 1], gives logits
"""
_LOADING_SEVERAL = """\
weights = torch.load("model.pt", weights_only=True)  # of each network
models = [make_model(params, {shape}, classes=10).eval() for _ in weights]
for model, own in zip(models, weights):
    model.load_state_dict(own)


def classes(images):  # (N, channels, height, width) float32 in [0, 1]
    with torch.inference_mode():
        return sum(model(images).softmax(1) for model in models).argmax(1)
"""


def model_card(spec: StudySpec, result: Result, answer: Answer, curve: Sequence[EpochRecord]) -> str:
    """The card, in Markdown.

    Args:
        spec: the final evaluation's study.
        result: its trial's.
        answer: what came of it.
        curve: of its training; empty if it has none.
    """
    sections = {
        f"Model card: the winner of study {answer.study}": answer_text(answer),
        "How it was chosen": f"{_sentence(answer.chosen)} The test part had no say in it.",
        "Data": _data(spec, result),
        "Params": _table("parameter", with_defaults(spec.objective.name, answer.params)),
        "Training": _training(spec, result, answer, curve),
        "Where it was trained": _table("what", _surroundings(result)),
        "How to load it": _loading(spec, answer),
        "What it must not be used for": _limits(spec),
    }
    lines = [
        f"{'#' if number == 0 else '##'} {title}\n\n{text}\n" for number, (title, text) in enumerate(sections.items())
    ]
    return "\n".join(lines)


def answer_text(answer: Answer) -> str:
    """The answer in a sentence."""
    if answer.test_error is None or answer.low is None or answer.high is None:
        return "The final training diverged: there is no model, and the test part was not read."
    whose = f" of an ensemble of {counted(answer.networks, 'network')}" if answer.networks else ""
    return (
        f"Test error{whose} {answer.test_error:.4g}: {answer.test_errors} of {answer.test_examples} test images are "
        f"misclassified. At 95 % confidence (Wilson's interval) the error on further images of this kind is between "
        f"{answer.low:.4g} and {answer.high:.4g}."
    )


def _data(spec: StudySpec, result: Result) -> str:
    name = spec.data.name if spec.data else "digits"
    count = (result.metrics or {}).get("training_examples")
    size = f" ({count:.0f} images)" if count else ""
    return (
        f"{name}: trained on the training examples that the search used and on the whole validation part{size}; "
        "measured on the test part, which was read once, after the last epoch."
    )


def _training(spec: StudySpec, result: Result, answer: Answer, curve: Sequence[EpochRecord]) -> str:
    told = f"Network {spec.objective.name}, {counted(spec.budget.epochs, 'epoch')}. "
    if answer.networks:
        told += (
            f"The model is {counted(answer.networks, 'network')}, those at the ends of the learning rate's cycles (the "
            "last 20 at most), taken together by the mean of their softmax outputs, as the search compared them. "
        )
    if remark := cycles_remark(spec):
        told += f"{remark} "
    told += "Early stopping is off: it would need data that are not trained on. Seeds: "
    told += ", ".join(f"{name} {seed}" for name, seed in result.seeds.model_dump().items()) + "."
    if curve:
        last = curve[-1]
        told += (
            f" The last epoch, {last.epoch}: training loss {last.training_loss:.4g}, learning rate "
            f"{last.learning_rate:.4g}, momentum {last.momentum:.4g}. The training took "
            f"{result.times.training_s:.1f} s."
        )
    return told


def _surroundings(result: Result) -> dict[str, object]:
    who = result.attribution
    return {"device": who.device, "threads": who.threads} | who.versions | {"at": result.times.ended_at}


def _loading(spec: StudySpec, answer: Answer) -> str:
    name = spec.objective.name
    given = {key: value for key, value in with_defaults(name, answer.params).items() if key != "varies"}
    return (
        "```python\n"
        "import torch\n"
        "from hyperspool.worker.training.model import make_model\n"
        f"from hyperspool.worker.training.params import {MODULES[name]}\n\n"
        f"params = {MODULES[name]}(**{given!r})\n"
        + (_LOADING_SEVERAL if answer.networks else _LOADING_ONE).format(
            shape=SHAPES[spec.data.name if spec.data else "digits"]
        )
        + "```"
    )


def _limits(spec: StudySpec) -> str:
    name = spec.data.name if spec.data else "digits"
    return (
        "- Not to choose anything further by: a test part that choices are made by is a validation part, and the error "
        "above is too low from then on.\n"
        f"- Not for images of another origin, size or kind than those of {name}: the error above says nothing of them, "
        "and the network names a class for any image at all.\n"
        "- Not where a wrong class does harm: its outputs are not calibrated, and it was made to study "
        "hyperparameters."
    )


def _table(heading: str, rows: dict[str, object] | dict[str, bool | int | float | str]) -> str:
    lines = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items())
    return f"| {heading} | value |\n|---|---|\n{lines}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
