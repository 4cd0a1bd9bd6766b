"""a x + b y = c over bytes that wrap around (Stateright's `LinearEquation`): one equation has a solution, one has none.

Wrapping is a second action for either byte; the world says how much the sum may lose by wrapping.
"""

from ...model.language import NUMBER, Actor, Entity, Role, Truth, action, any_of, constant, require, sometimes, varying

GUESS = Actor("guess", Role.ENVIRONMENT)
VALUES = 256


class Equation(Entity):
    """The coefficients, and the guess so far."""

    a, b, c = constant(NUMBER), constant(NUMBER), constant(NUMBER)
    x, y = varying(NUMBER, upto=VALUES - 1), varying(NUMBER, upto=VALUES - 1)


class Wrap(Entity):
    """What the sum may have lost: a multiple of the values of a byte."""

    loss = constant(NUMBER)


@action(GUESS)
def increase_x(equation: Equation) -> None:
    """x grows by one."""
    require(equation.x < VALUES - 1, "x is not full")
    equation.x = equation.x + 1


@action(GUESS)
def wrap_x(equation: Equation) -> None:
    """x wraps around to 0."""
    require(equation.x == VALUES - 1, "x is full")
    equation.x = 0


@action(GUESS)
def increase_y(equation: Equation) -> None:
    """y grows by one."""
    require(equation.y < VALUES - 1, "y is not full")
    equation.y = equation.y + 1


@action(GUESS)
def wrap_y(equation: Equation) -> None:
    """y wraps around to 0."""
    require(equation.y == VALUES - 1, "y is full")
    equation.y = 0


@sometimes()
def solvable() -> Truth:
    """The guess solves the equation."""
    return any_of(e.a * e.x + e.b * e.y == e.c + wrap.loss for e in Equation for wrap in Wrap)
