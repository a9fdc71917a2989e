"""The model card: everything that a reader needs who has only the model's folder."""

from collections.abc import Sequence
from dataclasses import asdict

from hyperspool.common.epochs import EpochRecord
from hyperspool.common.objectives import with_defaults
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.finalize.answer import Answer
from hyperspool.master.finalize.cycles import cycles_remark
from hyperspool.master.results.wording import counted

MODULES = {"cnn": "CnnParams", "mlp": "MlpParams"}
"""The class in `hyperspool.worker.training.params` for the params of each built-in objective."""
SHAPES = {"digits": (1, 28, 28), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
"""(channels, height, width) of each data set's images."""
_LOADING_ONE = """\
model = make_model(params, {shape}, classes=10)
model.load_state_dict(torch.load("model.pt", weights_only=True))
model.eval()  # takes (N, channels, height, width) float32 in [0, 1], returns logits
"""
_LOADING_SEVERAL = """\
weights = torch.load("model.pt", weights_only=True)  # one state dict per network
models = [make_model(params, {shape}, classes=10).eval() for _ in weights]
for model, own in zip(models, weights):
    model.load_state_dict(own)


def classes(images):  # (N, channels, height, width) float32 in [0, 1]
    with torch.inference_mode():
        return sum(model(images).softmax(1) for model in models).argmax(1)
"""


def model_card(spec: StudySpec, result: Finished, answer: Answer, curve: Sequence[EpochRecord]) -> str:
    """Return the card, in Markdown.

    Args:
        spec: the study of the final evaluation.
        result: the result of its trial.
        answer: its answer.
        curve: the curve of its training; empty if there is no curve.
    """
    sections = {
        f"Model card: the winner of study {answer.study}": answer_text(answer),
        "How it was chosen": f"{_sentence(answer.chosen)} The test part played no part in the choice.",
        "Data": _data(spec, result),
        "Params": _table("parameter", with_defaults(spec.objective.name, answer.params)),
        "Training": _training(spec, result, answer, curve),
        "Where it was trained": _table("property", _surroundings(result)),
        "How to load it": _loading(spec, answer),
        "What it must not be used for": _limits(spec),
    }
    lines = [
        f"{'#' if number == 0 else '##'} {title}\n\n{text}\n" for number, (title, text) in enumerate(sections.items())
    ]
    return "\n".join(lines)


def answer_text(answer: Answer) -> str:
    """Return the answer in one or two sentences."""
    if answer.test_error is None or answer.low is None or answer.high is None:
        return "The final training diverged: there is no model, and the test part was not read."
    whose = f" of an ensemble of {counted(answer.networks, 'network')}" if answer.networks else ""
    return (
        f"Test error{whose} {answer.test_error:.4g}: {answer.test_errors} of {answer.test_examples} test images are "
        f"misclassified. At 95 % confidence (Wilson's interval) the error on further images of this kind is between "
        f"{answer.low:.4g} and {answer.high:.4g}."
    )


def _data(spec: StudySpec, result: Finished) -> str:
    name = spec.data.name if spec.data else "digits"
    count = (result.metrics or {}).get("training_examples")
    size = f" ({count:.0f} images)" if count else ""
    return (
        f"{name}. The model is trained on the training examples of the search and on the whole validation part{size}. "
        "It is measured on the test part, which was read once, after the last epoch."
    )


def _training(spec: StudySpec, result: Finished, answer: Answer, curve: Sequence[EpochRecord]) -> str:
    text = f"Network {spec.objective.name}, {counted(spec.epochs, 'epoch')}. "
    if answer.networks:
        text += (
            f"The model is an ensemble of {counted(answer.networks, 'network')}: those at the ends of the learning "
            "rate's cycles (the last 20 at most). It averages their softmax outputs, as in the search. "
        )
    if remark := cycles_remark(spec):
        text += f"{remark} "
    text += "Early stopping is off, because it needs data that the model is not trained on. Seeds: "
    text += ", ".join(f"{name} {seed}" for name, seed in asdict(result.seeds).items()) + "."
    if curve:
        last = curve[-1]
        text += (
            f" The last epoch, {last.epoch}: training loss {last.metric('training_loss'):.4g}, learning rate "
            f"{last.metric('learning_rate'):.4g}, momentum {last.metric('momentum'):.4g}. The training took "
            f"{result.times.training_s:.1f} s."
        )
    return text


def _surroundings(result: Finished) -> dict[str, object]:
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
        "- Do not use its test error for further choices: a test part that guides choices becomes a validation part, "
        "and from then on the error above is too low.\n"
        f"- Do not use it for images of another origin, size or kind than those of {name}: the error above does not "
        "hold for them, and the network returns a class for any image at all.\n"
        "- Do not use it where a wrong class does harm: its outputs are not calibrated, and it was made to study "
        "hyperparameters."
    )


def _table(heading: str, rows: dict[str, object] | dict[str, bool | int | float | str]) -> str:
    lines = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items())
    return f"| {heading} | value |\n|---|---|\n{lines}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
