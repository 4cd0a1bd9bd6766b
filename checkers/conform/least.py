"""How few attempts a suite of walks can have: a lower bound, so that a suite's size says something.

Project every walk on control. It becomes a walk through the pairs, each of which leads to any control that some step of it
leads to, and the suite becomes a flow: from the initial controls, to wherever walks end, and at least once through each
pair. The cheapest such flow, where taking a step costs 1, costs no more than any suite; and what is to be refused takes
an attempt each, none of which takes a step. The bound is not reached where a walk cannot really go as its projection does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .obligations import Control, Obligations, Pair

if TYPE_CHECKING:
    import networkx as nx

_BEGIN, _END = "begin", "end"


def attempts_at_least(obligations: Obligations) -> int:
    """No suite that meets every obligation has fewer attempts."""
    refused = len(obligations.denials) + sum(1 for r in obligations.refusals if not r.alone)
    return _steps_at_least(obligations) + refused


def _steps_at_least(obligations: Obligations) -> int:
    import networkx as nx

    leads = _leads(obligations)
    if not leads:
        return 0
    cost: int = nx.network_simplex(_flow(obligations, leads))[0]
    return cost + len(leads)  # the one time that each pair is taken for certain is not in the flow


def _leads(obligations: Obligations) -> dict[Pair, set[Control]]:
    """The controls that each pair leads to."""
    graph = obligations.graph
    controls = [obligations.control(state) for state in graph.states]
    leads: dict[Pair, set[Control]] = {}
    for i, out in enumerate(graph.edges):
        for step, j in out:
            leads.setdefault(Pair(controls[i], step.action), set()).add(controls[j])
    return leads


def _flow(obligations: Obligations, leads: dict[Pair, set[Control]]) -> nx.DiGraph[Any]:
    """The flow's network: what is certain to go through each pair is given and demanded beforehand."""
    import networkx as nx

    certain = Counter(pair.control for pair in leads)
    network: nx.DiGraph[Any] = nx.DiGraph()
    network.add_edge(_END, _BEGIN, weight=0)
    for state in obligations.graph.states:
        control = obligations.control(state)
        network.add_node(control, demand=certain[control])
        network.add_edge(control, _END, weight=0)
    for state in obligations.graph.states[: obligations.graph.initial]:
        network.add_edge(_BEGIN, obligations.control(state), weight=0)
    for pair, controls in leads.items():
        network.add_node(pair, demand=-1)
        network.add_edge(pair.control, pair, weight=1)
        network.add_edges_from(((pair, control) for control in controls), weight=0)
    return network
