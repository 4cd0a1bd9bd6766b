"""Where states lie in words: nothing is lost, nothing overlaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.checkers.explore.layout import WORD_BITS, Layout
from holdfast.model.language import NUMBER, Entity, Instance, ModelError, World, varying
from holdfast.specs.yardstick import exchange
from tests.checkers.explore.systems import of

Draw = Callable[[st.SearchStrategy[Any]], Any]


def instance_of(highs: list[list[int]]) -> Instance:
    """A system with one sort for each list of bounds, and two members of every second sort."""
    members: list[Entity] = []
    for number, bounds in enumerate(highs):
        fields = {f"field{i}": varying(NUMBER, upto=high) for i, high in enumerate(bounds)}
        sort = type(f"Sort{number}", (Entity,), fields)
        members += [sort(f"{sort.__name__}.{i}") for i in range(1 + number % 2)]
    return of(World("layout", *members))


bounds = st.one_of(st.integers(0, 9), st.integers(0, 2**20), st.just(2**30 - 1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(bounds, min_size=1, max_size=6), min_size=1, max_size=5), st.sampled_from([30, 45, 63]), st.data()
)
def test_a_state_comes_back_from_its_words(highs: list[list[int]], word_bits: int, data: st.DataObject) -> None:
    instance = instance_of(highs)
    layout = Layout(instance, word_bits)
    state = data.draw(st.tuples(*(st.integers(0, high) for high in instance.highs)))

    words = layout.pack(state)

    assert layout.unpack(words) == state
    assert len(words) == layout.words
    assert all(0 <= word < 1 << word_bits for word in words)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(bounds, min_size=1, max_size=6), min_size=1, max_size=5), st.sampled_from([30, 45, 63]))
def test_no_two_slots_share_a_bit(highs: list[list[int]], word_bits: int) -> None:
    instance = instance_of(highs)
    taken: set[tuple[int, int]] = set()

    for place, high in zip(Layout(instance, word_bits).places, instance.highs, strict=True):
        bits = {(place.word, place.shift + k) for k in range(place.bits)}
        assert not bits & taken
        assert high < 1 << place.bits
        taken |= bits


def test_the_yardstick_fits_one_word_or_is_cut_into_several() -> None:
    instance = Instance(*exchange(3, 3, 9))

    assert [Layout(instance, bits).words for bits in (WORD_BITS, 40, 20)] == [1, 2, 3]


def test_a_field_with_one_value_takes_no_room() -> None:
    assert [p.bits for p in Layout(instance_of([[0, 1]])).places] == [0, 1]


def test_worlds_that_differ_in_smaller_sizes_share_a_layout() -> None:
    assert Layout(Instance(*exchange(3, 2, 8))).places == Layout(Instance(*exchange(3, 3, 9))).places


def test_a_field_wider_than_a_word_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"Sort0\.field0 goes to 9223372036854775808"):
        Layout(instance_of([[2**63]]))
