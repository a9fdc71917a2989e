"""The functional analysis of variance: which share of a value's variance each parameter explains by itself.

The value is modelled as a constant, a smooth function of each parameter, a smooth function of each pair, and noise.
Each function is a sum of polynomials that are orthonormal over the parameter's range, or of contrasts between choices,
so the squares of its coefficients add up to its part of the variance: the first-order Sobol index is that part divided
by all of the variance (Sobol 1993; Hutter, Hoos and Leyton-Brown 2014, PMLR 32:754, call it importance). Coefficients
have normal priors whose variance falls with the degree. How large each function is, how much noise there is, and how
fast variances fall is chosen by the marginal likelihood: a Gaussian process with an ANOVA kernel (Durrande et al. 2013,
arXiv:1106.3571), written as a linear model.

Hutter's random forest of a hundred trials takes a tenth of the variance of a plain sum for interactions, and it
favours the strongest parameter. This model is exact for sums; `benchmarks/importance.py` measures how it does
elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular

from hyperspool.master.analysis.measures.positions import Floats

DEGREE, PAIR_DEGREE = 12, 5
"""The highest degree of a parameter's own polynomials, and of those of a pair."""
MOST_COEFFICIENTS = 600
"""Pairs have lower degrees if there would be more, because the time grows with the third power of the number."""
MOST_FITTED, FITTED_TIMES_PARAMETERS, LEAST_FITTED = 200, 2000, 60
"""Trials to which the sizes of the functions are fitted; all trials decide on the coefficients."""
POWERS = (2.0, 4.0)
"""Variances fall with the degree to one of these powers. 2 suits functions with steps, 4 smooth ones."""
STARTS = (-7.0, -1.0)
"""Logarithms of the noise from which the fit begins: nearly none, and most of the variance."""
SIZE, NOISE = (-2.0, 2.0), (-4.0, 4.0)
"""Mean and deviation of the priors of the logarithms of the functions' variances and of the noise."""
SIZES_DRAWN, DRAWN_OF_EACH = 40, 10
"""How many sizes are drawn around the best ones, and how many coefficients for each."""
LEAST_CURVATURE = 0.25
"""Of the marginal likelihood, where a size hardly matters: more would draw it from too far away."""
CONSTANT = 100.0
"""Variance of the constant's prior, in units of the values' variance: it may be anything."""


class Coordinate(NamedTuple):
    """Where the trials stand in the range of one parameter.

    Attributes:
        at: `(n,)`: in [0, 1], or the index of a level.
        levels: how many values the parameter can take; 0 for a range.
        is_ordered: whether the levels are numbers.
    """

    at: Floats
    levels: int = 0
    is_ordered: bool = True


@dataclass(frozen=True)
class Shares:
    """Draws of the shares of the variance, from what is known after the trials. Each row adds up to 1.

    Attributes:
        alone: `(draws, parameters)`: what each parameter explains by itself.
        pairs: `(draws,)`: what only two parameters together explain.
        rest: `(draws,)`: what the model does not explain: noise, three parameters together, a shape it cannot take.
    """

    alone: Floats
    pairs: Floats
    rest: Floats


class _Basis(NamedTuple):
    functions: Floats
    weights: Floats
    has_degrees: bool = True

    def up_to(self, degree: int) -> "_Basis":
        return _Basis(self.functions[:, :degree], self.weights[:degree]) if self.has_degrees else self


class _Group(NamedTuple):
    """The columns of one function of one or two parameters, and the weights of their prior variances."""

    parameters: tuple[int, ...]
    columns: Floats
    weights: Floats


def variance_shares(coordinates: Sequence[Coordinate], values: Floats, random: np.random.Generator) -> Shares:
    """Fit the model, and draw the shares of the variance over the whole space.

    Args:
        coordinates: of the parameters, at least one.
        values: `(n,)`, finite and not all equal.
        random: for the draws, and for the trials to which sizes are fitted if there are many.
    """
    scaled = values / np.abs(values).max()
    targets = (scaled - scaled.mean()) / scaled.std()
    most = int(np.clip(FITTED_TIMES_PARAMETERS / len(coordinates), LEAST_FITTED, MOST_FITTED))
    rows = random.permutation(len(targets))[:most]
    fits = [_fit(coordinates, targets, rows, power) for power in POWERS]
    power, (_, best, kernels) = min(zip(POWERS, fits, strict=True), key=lambda one: one[1][0])
    sizes = _sizes_around(best, kernels, targets[rows], random)
    groups = _groups([_basis(one, power) for one in coordinates])
    return _draw(groups, coordinates, targets, sizes, power, random)


def _basis(coordinate: Coordinate, power: float) -> _Basis:
    """Functions of one parameter, orthonormal over its range, with prior variances that add up to 1."""
    if coordinate.levels and not coordinate.is_ordered:
        functions = _over_levels(np.eye(coordinate.levels)[:, 1:])[coordinate.at.astype(np.int64)]
        weights = np.ones(functions.shape[1])
    elif coordinate.levels:
        powers = np.linspace(-1, 1, coordinate.levels)[:, np.newaxis] ** np.arange(1, coordinate.levels)
        functions = _over_levels(powers)[coordinate.at.astype(np.int64)]
        weights = np.arange(1.0, coordinate.levels) ** -power
    else:
        degrees = np.arange(1.0, DEGREE + 1)
        functions = legendre.legvander(2 * coordinate.at - 1, DEGREE)[:, 1:] * np.sqrt(2 * degrees + 1)
        weights = degrees**-power
    return _Basis(functions, weights / weights.sum(), not coordinate.levels or coordinate.is_ordered)


def _over_levels(columns: Floats) -> Floats:
    """Turn columns over the levels into orthonormal ones, each of which adds up to 0."""
    rotated = np.linalg.qr(np.column_stack([np.ones(len(columns)), columns]))[0][:, 1:]
    orthonormal: Floats = rotated * np.sqrt(len(columns))
    return orthonormal


def _fit(
    coordinates: Sequence[Coordinate], targets: Floats, rows: NDArray[np.int64], power: float
) -> tuple[float, Floats, Floats]:
    """The least negative log likelihood, the sizes that have it, and the kernels of the parameters, for some trials."""
    from scipy.optimize import minimize  # a fifth of the start of a report, of which few grids have any use

    bases = [_basis(one._replace(at=one.at[rows]), power) for one in coordinates]
    kernels = np.array([(basis.functions * basis.weights) @ basis.functions.T for basis in bases])
    count = len(coordinates)
    bounds = [(-10.0, 5.0)] * 2 * count + [(-12.0, 2.0)]
    found = [
        minimize(
            _unlikeliness,
            np.append(np.full(2 * count, -1.0), noise),
            args=(kernels, targets[rows]),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 60},
        )
        for noise in STARTS
    ]
    best = min(found, key=lambda one: float(one.fun))
    return float(best.fun), np.asarray(best.x, dtype=np.float64), kernels


def _unlikeliness(sizes: Floats, kernels: Floats, targets: Floats) -> tuple[float, Floats]:
    """The negative log of marginal likelihood and prior, and its gradient.

    Args:
        sizes: logarithms: of each parameter's own variance, of its factor in pairs, and of the noise.
        kernels: `(parameters, n, n)`.
        targets: `(n,)`.
    """
    own, paired, noise = np.exp(sizes[: len(kernels)]), np.exp(sizes[len(kernels) : -1]), float(np.exp(sizes[-1]))
    alone, factors = own[:, np.newaxis, np.newaxis] * kernels, paired[:, np.newaxis, np.newaxis] * kernels
    total = factors.sum(axis=0)
    covariance = alone.sum(axis=0) + (total**2 - (factors**2).sum(axis=0)) / 2 + CONSTANT
    covariance[np.diag_indices(len(targets))] += noise
    try:
        factor = cho_factor(covariance, lower=True, check_finite=False)
    except LinAlgError:  # so little noise that rounding errors are larger: never the best
        return 1e10, np.zeros_like(sizes)
    inverse = cho_solve(factor, np.eye(len(targets)), check_finite=False)
    solved = inverse @ targets
    slope = (inverse - np.outer(solved, solved)) / 2
    gradient = [np.sum(slope * one) for one in alone]
    gradient += [np.sum(slope * one * (total - one)) for one in factors]
    gradient.append(noise * np.trace(slope))
    means, deviations = (np.append(np.full(len(sizes) - 1, SIZE[at]), NOISE[at]) for at in (0, 1))
    offset = (sizes - means) / deviations
    likelihood = targets @ solved / 2 + np.log(np.diag(factor[0])).sum()
    return float(likelihood + offset @ offset / 2), np.array(gradient) + offset / deviations


def _sizes_around(best: Floats, kernels: Floats, targets: Floats, random: np.random.Generator) -> Floats:
    """Draws of the sizes, `(SIZES_DRAWN, sizes)`, by the curvature around the best (Laplace's approximation)."""
    step = 1e-3
    slopes = [
        (
            _unlikeliness(best + step * unit, kernels, targets)[1]
            - _unlikeliness(best - step * unit, kernels, targets)[1]
        )
        for unit in np.eye(len(best))
    ]
    curvature = np.array(slopes) / (2 * step)
    strengths, directions = np.linalg.eigh((curvature + curvature.T) / 2)
    drawn = random.standard_normal((SIZES_DRAWN, len(best))) / np.sqrt(np.maximum(strengths, LEAST_CURVATURE))
    offsets: Floats = np.clip(drawn @ directions.T, -4.0, 4.0)
    return best + offsets


def _groups(bases: Sequence[_Basis]) -> list[_Group]:
    """The functions of single parameters, then those of pairs, of as high degrees as there is room for."""
    alone = [_Group((place,), basis.functions, basis.weights) for place, basis in enumerate(bases)]
    for degree in range(PAIR_DEGREE, 0, -1):
        short = [basis.up_to(degree) for basis in bases]
        pairs = [_product(short, pair) for pair in combinations(range(len(bases)), 2)]
        if sum(len(group.weights) for group in [*alone, *pairs]) <= MOST_COEFFICIENTS:
            return [*alone, *pairs]
    return alone


def _product(bases: Sequence[_Basis], pair: tuple[int, int]) -> _Group:
    first, second = (bases[place] for place in pair)
    columns = first.functions[:, :, np.newaxis] * second.functions[:, np.newaxis, :]
    weights = np.outer(first.weights, second.weights).ravel()
    return _Group(pair, columns.reshape(len(columns), -1), weights)


def _draw(
    groups: Sequence[_Group],
    coordinates: Sequence[Coordinate],
    targets: Floats,
    sizes: Floats,
    power: float,
    random: np.random.Generator,
) -> Shares:
    count = len(coordinates)
    columns = np.column_stack([np.ones(len(targets)), *(group.columns for group in groups)])
    member = np.repeat(np.arange(len(groups)), [len(group.weights) for group in groups])
    products, projected = columns.T @ columns, columns.T @ targets
    rows: list[Floats] = []
    for own in sizes:
        factors, noise = np.exp(own[:-1]), float(np.exp(own[-1]))
        scales = [_scale(group, factors, count) * group.weights for group in groups]
        precision = products / noise
        precision[np.diag_indices(len(precision))] += 1 / np.maximum(np.concatenate([[CONSTANT], *scales]), 1e-12)
        triangle = cholesky(precision, lower=True, check_finite=False)
        chance = random.standard_normal((len(precision), DRAWN_OF_EACH))
        centre = cho_solve((triangle, True), projected / noise, check_finite=False)
        drawn = centre[:, np.newaxis] + solve_triangular(triangle, chance, lower=True, trans=1, check_finite=False)
        parts = np.zeros((len(groups), DRAWN_OF_EACH))
        np.add.at(parts, member, drawn[1:] ** 2)
        beyond = _beyond(coordinates, factors, noise, power, random)
        rest = noise - beyond.sum(axis=0)
        rows.append(np.vstack([parts[:count] + beyond, parts[count:].sum(axis=0), rest]).T)
    whole = np.concatenate(rows)
    whole /= whole.sum(axis=1, keepdims=True)
    return Shares(whole[:, :count], whole[:, count], whole[:, count + 1])


def _scale(group: _Group, factors: Floats, count: int) -> float:
    if len(group.parameters) == 1:
        return float(factors[group.parameters[0]])
    return float(np.prod([factors[count + place] for place in group.parameters]))


def _beyond(
    coordinates: Sequence[Coordinate], factors: Floats, noise: float, power: float, random: np.random.Generator
) -> Floats:
    """What degrees above the highest may explain of each parameter, `(parameters, DRAWN_OF_EACH)`: a part of the noise.

    Without it, the share of a parameter with a step would be too small, as no polynomial has one.
    """
    degrees = np.arange(DEGREE + 1.0, 5 * DEGREE + 1)
    weights = degrees**-power / (np.arange(1.0, DEGREE + 1) ** -power).sum()
    found = np.zeros((len(coordinates), DRAWN_OF_EACH))
    for place, one in enumerate(coordinates):
        if not one.levels:
            energy = weights @ random.standard_normal((len(degrees), DRAWN_OF_EACH)) ** 2
            found[place] = factors[place] * energy * 2 * random.random(DRAWN_OF_EACH)
    bounded: Floats = found * np.minimum(1.0, noise / np.maximum(found.sum(axis=0), 1e-12))
    return bounded
