"""A search space in Optuna's words, for methods that Optuna brings.

Optuna sees a parameter with steps, and a list of choices, as the number of the step or choice. So neither a step that
does not divide its range, nor choices that are equal in Python (1 and True), can disturb it.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar, Space, same_value

Parameter = Float | Int | Categorical | Fixed


class Encoding:
    """Translates params to what Optuna calls a trial's params, and back.

    Args:
        space: the space to search.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._parameters = dict(space.items())

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Optuna's distribution of each parameter that is searched."""
        return {
            name: _distribution(parameter)
            for name, parameter in self._parameters.items()
            if not isinstance(parameter, Fixed)
        }

    def encoded(self, params: Mapping[str, Scalar]) -> dict[str, Any]:
        """The params in Optuna's numbers, without fixed ones.

        A value that the space does not allow, as another version of a study may hold, becomes the nearest one.
        """
        return {name: _encoded(self._parameters[name], params[name]) for name in self.distributions if name in params}

    def ask(self, trial: optuna.Trial) -> Params:
        """Ask Optuna for the value of each active parameter of a trial, and return the params."""
        found: Params = {}
        for name in self._space.order():
            parameter = self._parameters[name]
            if parameter.is_wanted(found):
                distribution = self.distributions.get(name)
                found[name] = _decoded(parameter, _suggested(trial, name, distribution) if distribution else None)
        return {name: found[name] for name in self._parameters if name in found}


def _distribution(parameter: Parameter) -> BaseDistribution:
    match parameter:
        case Float(step=None):
            return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
        case Float():
            return IntDistribution(0, parameter.step_count - 1)
        case Int(step=None):
            return IntDistribution(parameter.low, parameter.high, log=parameter.log)
        case Int():
            return IntDistribution(0, (parameter.high - parameter.low) // (parameter.step or 1))
        case Categorical():
            return CategoricalDistribution(range(len(parameter.choices)))
        case Fixed():
            raise TypeError("a fixed parameter is not searched")


def _encoded(parameter: Parameter, value: Scalar) -> float | int:
    match parameter:
        case Float(step=None):
            return min(max(float(value), parameter.low), parameter.high)
        case Float():
            position = round((float(value) - parameter.low) / (parameter.step or 1.0))
            return min(max(position, 0), parameter.step_count - 1)
        case Int():
            nearest = min(max(round(float(value)), parameter.low), parameter.high)
            return nearest if parameter.step is None else (nearest - parameter.low) // parameter.step
        case Categorical():
            return next((place for place, choice in enumerate(parameter.choices) if same_value(choice, value)), 0)
        case Fixed():
            raise TypeError("a fixed parameter is not searched")


def _decoded(parameter: Parameter, number: Any) -> Scalar:
    match parameter:
        case Float(step=None):
            return min(max(float(number), parameter.low), parameter.high)
        case Float():
            return parameter.at_step(int(number))
        case Int(step=None):
            return int(number)
        case Int():
            return parameter.low + int(number) * (parameter.step or 1)
        case Categorical():
            return parameter.choices[int(number)]
        case Fixed():
            return parameter.value


_SUGGEST: dict[type[BaseDistribution], Callable[[optuna.Trial, str, Any], Any]] = {
    FloatDistribution: lambda trial, name, one: trial.suggest_float(name, one.low, one.high, log=one.log),
    IntDistribution: lambda trial, name, one: trial.suggest_int(name, one.low, one.high, log=one.log),
    CategoricalDistribution: lambda trial, name, one: trial.suggest_categorical(name, one.choices),
}


def _suggested(trial: optuna.Trial, name: str, distribution: BaseDistribution) -> Any:
    return _SUGGEST[type(distribution)](trial, name, distribution)
