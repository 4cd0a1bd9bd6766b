"""The protocol: what is told of a world, what is read in answers, and what is none."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance import protocol
from holdfast.conformance.adapter import Adapter, Answer, Did, Done, Greeting, Happened, Refused, Unsupported
from holdfast.conformance.serve import serve
from holdfast.specs.worlds import WORLDS

from .implementations.interpreted import Interpreted


def world(name: str = "empty-machine") -> Run:
    return Run(*WORLDS[name].build())


def test_a_world_is_told_with_its_members_fields_and_actions() -> None:
    told = protocol.world_record(world())
    (host,) = (m for m in told["members"] if m["label"] == "host")
    (suspend,) = (a for a in told["actions"] if a["name"] == "suspend")

    assert host["constants"]["capacity"] == 4
    assert told["fields"]["host.map"] == "Map"
    assert told["accounts"]["host.used"]
    assert suspend["parameters"] == {"machine": {"sort": "Machine"}}
    assert suspend["role"] == "planned"
    assert "the machine is one partition" in suspend["requires"]
    assert json.loads(protocol.encoded(told)) == told


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"answer": "done"}, Done()),
        (
            {"answer": "done", "after": {"vm.running": False, "vm.copied": 2}},
            Done({"vm.running": False, "vm.copied": 2}),
        ),
        ({"answer": "refused", "reason": "no"}, Refused("no")),
        ({"answer": "unsupported"}, Unsupported()),
        (
            {"answer": "did", "events": [{"action": "stop", "arguments": {"vm": "a"}}]},
            Did((Happened("stop", {"vm": "a"}),)),
        ),
    ],
)
def test_answers_mean_what_the_class_means(said: dict[str, Any], meant: Answer) -> None:
    assert protocol.attempted(said) == meant


NONE: list[tuple[dict[str, Any], str]] = [
    ({}, '"done" or "refused"'),
    ({"answer": "maybe"}, 'found "maybe"'),
    ({"answer": "done", "after": 3}, "an object"),
    ({"answer": "done", "after": {"vm.copied": 1.5}}, "a whole number"),
    ({"answer": "refused", "reason": 3}, "a text"),
    ({"answer": "did", "events": {}}, "a list"),
    ({"answer": "did", "events": [3]}, "an object for an event"),
    ({"answer": "did", "events": [{}]}, 'a text for "action"'),
]


@pytest.mark.parametrize(("said", "expected"), NONE)
def test_what_is_no_answer_is_said_to_be_none(said: dict[str, Any], expected: str) -> None:
    with pytest.raises(protocol.Malformed, match=expected):
        protocol.attempted(said)


@pytest.mark.parametrize(
    "said", [{"answer": "hello"}, {"answer": "hello", "holdfast": 2, "name": "x"}, {"answer": "hello", "holdfast": 1}]
)
def test_a_greeting_has_the_version_and_a_name(said: dict[str, Any]) -> None:
    with pytest.raises(protocol.Malformed):
        protocol.greeting(said)


class Talkative(Adapter):
    """Answers each attempt in another way."""

    ANSWERS: Mapping[str, Answer] = {
        "a": Done({"x.y": 1}),
        "b": Refused("no"),
        "c": Did([Happened("a", {"k": "v"}, {"x.y": 2})]),
        "d": Unsupported(),
    }

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        del world
        return Greeting("talkative", unsupported=frozenset({"d"}), hidden=frozenset({"a"}))

    def reset(self, state: Mapping[str, Any]) -> None:
        assert state

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        del arguments
        return self.ANSWERS[action]


def served(adapter: Adapter, *requests: Mapping[str, Any]) -> list[dict[str, Any]]:
    asked = b"".join(protocol.encoded({"id": number, **request}) for number, request in enumerate(requests))
    answers = io.BytesIO()
    serve(adapter, io.BytesIO(asked), answers)
    return [protocol.decoded(line) for line in answers.getvalue().splitlines()]


def test_what_a_class_answers_is_read_again_as_it_was_meant() -> None:
    nothing: dict[str, Any] = {}
    attempts = [{"request": "attempt", "action": name, "arguments": nothing} for name in Talkative.ANSWERS]

    hello, *answers = served(Talkative(), {"request": "hello", "world": nothing}, *attempts)

    assert protocol.greeting(hello) == Talkative().hello({})
    meant = [Did(tuple(a.events)) if isinstance(a, Did) else a for a in Talkative.ANSWERS.values()]
    assert [protocol.attempted(said) for said in answers] == meant


def test_nothing_is_answered_after_goodbye() -> None:
    run = world()
    reset = protocol.reset(run, run.initial()[0])

    answers = served(Interpreted(run), reset, {"request": "observe"}, {"request": "bye"}, {"request": "observe"})

    assert [said["answer"] for said in answers] == ["ready", "state", "bye"]
    assert protocol.shown(answers[1], "after") == run.shown(run.initial()[0])
