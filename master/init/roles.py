"""What each option of a program becomes: a placeholder, a parameter of the search, or nothing, so its default holds."""

from dataclasses import dataclass

from hyperspool.common.commands import FACTS
from hyperspool.master.init.draft import Parameter, literally
from hyperspool.master.init.option import Form, Kind, Option
from hyperspool.master.init.ranges import proposed

BUDGETS = (
    ("epochs", "n_epochs", "num_epochs", "nepochs", "max_epochs", "num_train_epochs", "train_epochs", "epoch"),
    ("steps", "n_steps", "num_steps", "max_steps", "train_steps", "total_steps", "num_train_steps"),
    ("iterations", "iters", "n_iter", "n_iters", "num_iterations", "max_iter", "max_iters", "max_iterations"),
    ("generations", "sweeps", "rounds", "episodes", "timesteps", "total_timesteps", "n_estimators"),
)
"""Names of what makes a trial longer, the best first."""
_SEEDS = {"seed", "random_seed", "random_state", "rng_seed", "manual_seed", "rand_seed"}
_DEVICES = {"device", "torch_device"}
_CHECKPOINTS = {"checkpoint_dir", "ckpt_dir", "checkpoint_path", "checkpoints", "checkpoint_folder", "resume_dir"}
_FOLDERS = {
    "output", "output_dir", "out", "out_dir", "outdir", "output_folder", "output_path", "log_dir", "logdir", "save_dir",
    "save", "save_path", "work_dir", "workdir", "results_dir", "result_dir", "run_dir", "exp_dir", "default_root_dir",
    "model_dir", "artifacts_dir", "tensorboard_dir", "output_file", "save_model_path",
}  # fmt: skip
_NOT_SEARCHED: tuple[tuple[str, set[str]], ...] = (
    ("it says what data is used", {
        "data", "dataset", "datasets", "path", "paths", "root", "file", "files", "input", "dir", "folder", "url",
        "classes", "fold", "folds", "split", "download", "samples", "limit", "image", "img", "crop", "resolution",
    }),
    ("it says how the work is done", {
        "workers", "jobs", "threads", "cpus", "gpu", "gpus", "cpu", "cuda", "mps", "accel", "accelerator", "nodes",
        "rank", "local", "world", "backend", "port", "host", "distributed", "pin", "memory", "prefetch", "cache",
        "profile", "compile",
    }),
    ("it says what is printed or kept", {
        "verbose", "verbosity", "quiet", "silent", "debug", "log", "logging", "print", "progress", "plot", "show",
        "save", "wandb", "tensorboard", "project", "entity", "name", "tag", "tags", "run", "experiment", "exp", "notes",
        "dry", "interval", "freq", "frequency", "every", "version", "config", "cfg", "resume", "checkpoint", "ckpt",
        "pretrained", "json", "format", "dump", "export",
    }),
    ("it belongs to the evaluation", {"test", "eval", "evaluate", "val", "valid", "validation"}),
)  # fmt: skip
"""Words of names that are not hyperparameters, by the reason."""
_ALWAYS_SEARCHED = {"lr", "dropout", "decay", "momentum", "hidden"}
"""Words that outweigh those: `--input-dropout`, `--log-lr`."""


@dataclass(frozen=True)
class Use:
    """What an option becomes.

    Args:
        option: the option.
        placeholder: what stands in its place in the command; None: the option is left out.
        parameter: the range to search it in; None: it is not searched.
        reason: why it is left out; or what to look at.
        is_guess: whether its range is a guess from its default, not given by choices or by a flag.
    """

    option: Option
    placeholder: str | None = None
    parameter: Parameter | None = None
    reason: str = ""
    is_guess: bool = False


def uses_of(options: tuple[Option, ...]) -> list[Use]:
    """What each option becomes, in the program's order."""
    budget = _budget(options)
    uses: list[Use] = []
    taken = set(FACTS)
    for option in options:
        use = Use(option, "{epochs}") if option is budget else _known(option) or _searched(option)
        if use.parameter is not None:
            name = free_name(option.name, taken)
            taken.add(name)
            use = Use(option, f"{{{name}}}", use.parameter, use.reason, use.is_guess)
        uses.append(use)
    return uses


def free_name(name: str, taken: set[str]) -> str:
    """A parameter's name that nothing else has: `trial` is known to every command, so `--trial` becomes `trial_2`."""
    return next(
        free for number in range(1, 10_000) if (free := name if number == 1 else f"{name}_{number}") not in taken
    )


def _budget(options: tuple[Option, ...]) -> Option | None:
    by_name = {"_".join(option.words): option for option in options if option.form is Form.VALUE}
    for names in BUDGETS:
        for name in names:
            found = by_name.get(name)
            if found is not None and found.kind in {Kind.INT, None}:
                return found
    return None


def _known(option: Option) -> Use | None:
    """What is recognised by its name alone."""
    name = "_".join(option.words)
    is_text = option.kind in {Kind.TEXT, Kind.PATH, None} and not option.choices
    placeholder = None
    if option.form is not Form.VALUE:
        return None
    if name in _SEEDS:
        placeholder = "{seed}"
    elif is_text and name in _DEVICES:
        placeholder = "{device}"
    elif is_text and name in _CHECKPOINTS:
        placeholder = "{checkpoint_dir}"
    elif is_text and name in _FOLDERS:
        # A default such as model.pt says that the option names a file.
        last = str(option.default or "").replace("\\", "/").rsplit("/", 1)[-1]
        placeholder = f"{{folder}}/{literally(last)}" if "." in last.strip(".") else "{folder}"
    return Use(option, placeholder) if placeholder else None


def _searched(option: Option) -> Use:
    """A parameter, or why the option is none."""
    if reason := _why_not(option):
        return _left(option, reason)
    parameter = proposed(option)
    if parameter is not None:
        return Use(option, "", parameter, is_guess=parameter.type in {"float", "int"})
    return _left(option, _why_no_range(option))


def _why_not(option: Option) -> str | None:
    """Why an option cannot be searched, or should not be; None if it can."""
    if option.form is Form.SEVERAL:
        return "it takes several values"
    if option.form is Form.COUNT:
        return "it is counted (-vv)"
    if option.kind is Kind.TRUTH:
        return 'its type is bool, which takes every text for true, also "False": BooleanOptionalAction does not'
    if option.form is Form.POSITIONAL and not option.choices:
        return "it stands without a flag"
    words = set(option.words)
    return next((reason for reason, named in _NOT_SEARCHED if words & named and not words & _ALWAYS_SEARCHED), None)


def _why_no_range(option: Option) -> str:
    """Why no range can be proposed."""
    if option.choices:
        return "it has one choice"
    if option.kind in {Kind.TEXT, Kind.PATH}:
        return "a text without a list of choices"
    if option.kind is None:
        return "the kind of its values is not known"
    return "it has no default to search around" if option.default is None else "its default says nothing of a range"


def _left(option: Option, reason: str) -> Use:
    """An option that is not searched: its default holds, or its author has to say what it is."""
    if option.is_required:
        return Use(option, option.name.upper(), reason=f"{reason}, and it is required")
    return Use(option, reason=reason)
