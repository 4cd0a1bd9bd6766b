"""EWD 840 (Dijkstra, Feijen, van Gasteren): a token on a ring finds out that every node has become inactive.

`EWD840.tla` guards its two token steps by disjunctions, and TLC counts a step once for every disjunct that holds: `why`
numbers the disjuncts.
"""

from enum import Enum
from typing import Annotated

from ...model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Quantity,
    Role,
    Truth,
    action,
    all_of,
    always,
    any_of,
    between,
    constant,
    implies,
    leads_to,
    require,
    varying,
    where,
)

SYSTEM, ENVIRONMENT = Actor("system", Role.AUTOMATIC), Actor("environment", Role.ENVIRONMENT)
Color = Enum("Color", "WHITE BLACK")


class Node(Entity):
    """A node of the ring, numbered from 0."""

    number = constant(NUMBER)
    active, color = varying(bool, start=ANYTHING), varying(Color, start=ANYTHING)


class Token(Entity):
    """The token, the number of the node that has it, and the number of the last node."""

    last = constant(NUMBER)
    place, color = varying(NUMBER, upto=last, start=ANYTHING), varying(Color, start=Color.BLACK)


@action(SYSTEM)
def initiate_probe(token: Token, node: Node, why: Annotated[Quantity, between(NUMBER, 1, 2)]) -> None:
    """The first node sends a white token to the last."""
    require((token.place == 0) & (node.number == 0), "the first node has the token")
    require(
        ((why == 1) & (token.color == Color.BLACK)) | ((why == 2) & (node.color == Color.BLACK)),
        "the token is black (1) or the node is (2)",
    )
    token.place, token.color, node.color = token.last, Color.WHITE, Color.WHITE


@action(SYSTEM)
def pass_token(token: Token, node: Node, why: Annotated[Quantity, between(NUMBER, 1, 3)]) -> None:
    """Another node sends the token to the one before; if it is black, it stains the token and becomes white."""
    require((token.place == node.number) & (node.number > 0), "the node has the token and is not the first")
    stained = any_of((why == 2) & (node.color == Color.BLACK), (why == 3) & (token.color == Color.BLACK))
    require(((why == 1) & ~node.active) | stained, "the node is inactive (1) or black (2) or the token is black (3)")
    token.place, token.color = token.place - 1, where(node.color == Color.BLACK, Color.BLACK, token.color)
    node.color = Color.WHITE


@action(ENVIRONMENT)
def send_msg(node: Node, other: Node) -> None:
    """An active node activates another; against the direction of the token, it becomes black."""
    require(node.active & (node != other), "an active node sends to another")
    other.active, node.color = True, where(other.number > node.number, Color.BLACK, node.color)


@action(ENVIRONMENT)
def deactivate(node: Node) -> None:
    """A node becomes inactive."""
    require(node.active, "the node is active")
    node.active = False


def detected() -> Truth:
    """The first node is white, inactive, and has a white token."""
    first_is_done = all_of((node.number > 0) | ((node.color == Color.WHITE) & ~node.active) for node in Node)
    return first_is_done & all_of((token.place == 0) & (token.color == Color.WHITE) for token in Token)


@always()
def termination_detection() -> Truth:
    """What is detected is so."""
    return implies(detected(), all_of(~node.active for node in Node))


@leads_to()
def liveness() -> tuple[Truth, Truth]:
    """Termination is detected in the end."""
    return all_of(~node.active for node in Node), detected()
