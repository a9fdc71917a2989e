"""The studies on which the contract of search methods is tested: every method, and every wrapper around one."""

from typing import Any

from tests.conftest import spec_of

GRID: dict[str, Any] = {
    "method": {"type": "categorical", "choices": ("sgd", "nag", "adam")},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.3, "when": {"method": ("sgd", "nag")}},
    "layers": {"type": "int", "low": 1, "high": 3},
}
RANDOM: dict[str, Any] = GRID | {"rate": {"type": "float", "low": 0.01, "high": 1.0, "log": True}}
FINE: dict[str, Any] = {"name": "coarse-to-fine", "rounds": 3, "keep": 4}
ABLATION: dict[str, Any] = {
    "base": {"method": "sgd", "momentum": 0.3},
    "improvements": [
        {"name": "more momentum", "params": {"momentum": 0.9}},
        {"name": "adam", "params": {"method": "adam"}},
        {"name": "nag", "params": {"method": "nag"}},
    ],
    "settings": 7,
}
NUMBERS: dict[str, Any] = {
    "layers": {"type": "int", "low": 1, "high": 9},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.1},
    "rate": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
}
SEVERAL: list[dict[str, str]] = [{"measure": "error"}, {"measure": "size", "direction": "maximise"}]
"""The second objective is the opposite of the first one, nearly."""
CONSTRAINED: dict[str, Any] = {"objective": {"name": "square", "measure": "error"}, "constraints": ["error <= 1.2"]}
POPULATION: dict[str, Any] = {
    "trials": 30,
    "batch": 4,
    "budget": {"epochs": 10},
    "sampler": {
        "name": "pbt",
        "population": 6,
        "interval": 2,
        "exploit": 0.4,
        "perturb": ["layers", "momentum", "rate"],
    },
}
"""Five generations, of one whole batch and a shorter one each."""
LEARNING = {
    "tpe, several": spec_of(trials=26, space=RANDOM, sampler={"name": "tpe", "startup": 5}, objectives=SEVERAL),
    "tpe, constrained": spec_of(trials=26, space=RANDOM, sampler={"name": "tpe", "startup": 5}, **CONSTRAINED),
    "tpe, several and constrained": spec_of(
        trials=26, space=RANDOM, sampler={"name": "tpe", "startup": 5}, objectives=SEVERAL, **CONSTRAINED
    ),
    "gp, constrained": spec_of(trials=9, batch=4, space=RANDOM, sampler={"name": "gp", "startup": 4}, **CONSTRAINED),
    "tpe": spec_of(trials=26, space=RANDOM, sampler={"name": "tpe", "startup": 5}),
    "tpe, maximised": spec_of(
        trials=26,
        space=RANDOM,
        sampler={"name": "tpe", "startup": 5},
        objective={"name": "square", "direction": "maximise"},
    ),
    "tpe, replicated and confirmed": spec_of(
        trials=26,
        space=RANDOM,
        sampler={"name": "tpe", "startup": 3},
        replicates=3,
        confirm={"finalists": 2, "replicates": 2},
    ),
    "gp": spec_of(trials=9, batch=4, space=RANDOM, sampler={"name": "gp", "startup": 4}),
}
"""Their proposals depend on how much was known by then, so also on the batch."""
SMALL: dict[str, dict[str, int]] = {"cmaes": {}, "nsga2": {"population": 4}, "nsga3": {"population": 4}}
STUDIES = LEARNING | {
    "genetic": spec_of(trials=27, space=RANDOM, sampler={"name": "nsga2", "population": 6}),
    "genetic, several": spec_of(
        trials=27, space=RANDOM, sampler={"name": "nsga2", "population": 6}, objectives=SEVERAL
    ),
    "genetic, several and constrained": spec_of(
        trials=27, space=RANDOM, sampler={"name": "nsga2", "population": 7}, objectives=SEVERAL, **CONSTRAINED
    ),
    "genetic of many": spec_of(
        trials=27, space=RANDOM, sampler={"name": "nsga3", "population": 6}, objectives=SEVERAL, **CONSTRAINED
    ),
    "population": spec_of(space=RANDOM, **POPULATION),
    "population, maximised": spec_of(
        space=NUMBERS, **POPULATION | {"objective": {"name": "square", "direction": "maximise"}}
    ),
    "population, constrained": spec_of(space=RANDOM, **POPULATION | CONSTRAINED),
    "random, several": spec_of(trials=27, space=RANDOM, objectives=SEVERAL, **CONSTRAINED),
    "evolution, constrained": spec_of(trials=27, space=NUMBERS, sampler={"name": "cmaes"}, **CONSTRAINED),
    "coarse to fine, constrained": spec_of(trials=27, space=RANDOM, sampler=FINE, **CONSTRAINED),
    "random, replicated, constrained and confirmed": spec_of(
        trials=15, space=RANDOM, replicates=3, confirm={"finalists": 2, "replicates": 3}, **CONSTRAINED
    ),
    "quasi-random": spec_of(trials=27, space=RANDOM, sampler={"name": "qmc"}),
    "evolution": spec_of(trials=27, space=NUMBERS, sampler={"name": "cmaes"}),
    "evolution, replicated": spec_of(trials=27, space=NUMBERS, sampler={"name": "cmaes"}, replicates=2),
    "random": spec_of(trials=27, space=RANDOM),
    "random, replicated": spec_of(trials=26, space=RANDOM, replicates=4),
    "grid": spec_of(trials=27, space=GRID, sampler={"name": "grid"}),
    "grid, replicated": spec_of(trials=26, space=GRID, sampler={"name": "grid"}, replicates=4),
    "coarse to fine": spec_of(trials=27, space=RANDOM, sampler=FINE),
    "coarse to fine, maximised": spec_of(
        trials=27, space=RANDOM, sampler=FINE, objective={"name": "square", "direction": "maximise"}
    ),
    "coarse to fine, replicated": spec_of(
        trials=26, space=RANDOM, sampler=FINE | {"rounds": 2, "keep": 2}, replicates=4
    ),
    "random, confirmed": spec_of(trials=15, space=RANDOM, confirm={"finalists": 4, "replicates": 3}),
    "coarse to fine, confirmed": spec_of(trials=27, space=RANDOM, sampler=FINE, confirm={"finalists": 2}),
    "ablation, coarse to fine": spec_of(
        trials=35, space=RANDOM, sampler=FINE | {"rounds": 2, "keep": 2}, ablation=ABLATION
    ),
    "ablation, random": spec_of(
        trials=10, space=RANDOM, ablation=ABLATION | {"settings": 2}, confirm={"replicates": 2}
    ),
    "grid, replicated and confirmed": spec_of(
        trials=26, space=GRID, sampler={"name": "grid"}, replicates=4, confirm={"finalists": 3, "replicates": 2}
    ),
}
