"""A worker that writes down where its time goes: `python -m worker`, with lines in a file of each of its processes.

The environment variable `BENCHMARK_TIMES` names a folder. Of each trial the evaluating process writes its seconds by
part; the parent writes when it waited for jobs.
"""

import atexit
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives import registry
from hyperspool.worker.objectives.trial import Trial

TIMES = "BENCHMARK_TIMES"


def timed(work: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    """Wrap `work` to add its seconds to a part."""

    def measured(*given: Any, **named: Any) -> Any:
        began_s = time.perf_counter()
        try:
            return work(*given, **named)
        finally:
            spent[part] += time.perf_counter() - began_s

    return measured


def _timed_objective(train: Callable[[Trial], Any]) -> Callable[[Trial], Any]:
    def measured(trial: Trial) -> Any:
        network: Any = import_module("hyperspool.worker.objectives.network")
        trainer: Any = import_module("hyperspool.worker.training.trainer")
        spent: dict[str, float] = defaultdict(float)
        evaluate, to_bytes = trainer.evaluate, network.to_bytes
        trainer.evaluate = timed(evaluate, spent, "validation")
        network.to_bytes = timed(to_bytes, spent, "checkpoint")
        vars(trial)["keep"] = timed(trial.keep, spent, "checkpoint")
        vars(trial)["report_epoch"] = timed(trial.report_epoch, spent, "messages")
        try:
            return timed(train, spent, "whole")(trial)
        finally:
            trainer.evaluate, network.to_bytes = evaluate, to_bytes
            with Path(os.environ[TIMES], f"{os.getpid()}.trials").open("a", encoding="utf-8") as file:
                file.write(json.dumps(spent) + "\n")

    return measured


# In the parent and in the child, which is started by spawn and imports this module again; in no other process.
if TIMES in os.environ:
    for _name, _train in list(registry.BUILT_IN.items()):
        registry.BUILT_IN[_name] = _timed_objective(_train)

if __name__ == "__main__":
    from hyperspool.common.watch import Wakeup
    from hyperspool.worker.__main__ import main

    waits: list[tuple[float, float]] = []
    wait = Wakeup.wait

    def waited(self: Wakeup, timeout_s: float) -> bool:
        """Wait, and note when."""
        began_s = time.time()
        rang = wait(self, timeout_s)
        waits.append((began_s, time.time()))
        return rang

    Wakeup.wait = waited  # type: ignore[method-assign]  # this process is there to be measured
    atexit.register(
        lambda: Path(os.environ[TIMES], f"{os.getpid()}.waits").write_text(json.dumps(waits), encoding="utf-8")
    )
    main()
