"""Where every slot of a state lies in machine words.

The varying fields of one member form a record. Records are laid in words, the widest sort first, and never across two
words. A word uses at most 63 bits, so that it is never negative. A field that has one value takes no bits. Widths
follow the largest bound among the members of a sort: worlds that differ in smaller things share one layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...model.language import Field, Instance, ModelError, Sort, State

WORD_BITS = 63


@dataclass(frozen=True)
class Place:
    """The word, the lowest bit and the number of bits of one slot."""

    word: int
    shift: int
    bits: int


class Layout:
    """The places of all slots, in the order of `Instance.fields`."""

    def __init__(self, instance: Instance, word_bits: int = WORD_BITS) -> None:
        """Lay the slots out. Raises ModelError for a field wider than a word, or without a bound."""
        self.instance, self.word_bits = instance, word_bits
        self._used: list[int] = []
        self._bits = {f: self._width(f) for f in instance.fields}
        places: dict[int, Place] = {}
        for chunk in sorted(self._chunks(), key=self._room, reverse=True):
            places |= self._lay(chunk)
        self.places: tuple[Place, ...] = tuple(places[slot] for slot in range(instance.slots))
        self.words = max(1, len(self._used))

    def of(self, field: Field[Any, Any]) -> tuple[Place, ...]:
        """The places of a field, one for each member of its owner."""
        base = self.instance.base[field]
        return self.places[base : base + self.instance.count(field.owner)]

    def pack(self, state: State) -> list[int]:
        """The words of a state whose values are in range."""
        words = [0] * self.words
        for place, value in zip(self.places, state, strict=True):
            words[place.word] |= value << place.shift
        return words

    def unpack(self, words: Sequence[int]) -> State:
        """The state that the words hold."""
        return tuple(words[p.word] >> p.shift & ((1 << p.bits) - 1) for p in self.places)

    def _width(self, field: Field[Any, Any]) -> int:
        base = self.instance.base[field]
        highs = self.instance.highs[base : base + self.instance.count(field.owner)]
        bits = max(highs).bit_length()
        if bits > self.word_bits:
            raise ModelError(f"{field!r} goes to {max(highs)}: a world that is explored has fields of at most 63 bits")
        return bits

    def _chunks(self) -> list[list[Field[Any, Any]]]:
        """The fields of every sort, cut where a record would not fit one word."""
        chunks: list[list[Field[Any, Any]]] = []
        owner: Sort | None = None
        width = 0
        for f in self.instance.fields:
            if f.owner is not owner or width + self._bits[f] > self.word_bits:
                chunks.append([])
                owner, width = f.owner, 0
            chunks[-1].append(f)
            width += self._bits[f]
        return chunks

    def _record(self, chunk: list[Field[Any, Any]]) -> int:
        return sum(self._bits[f] for f in chunk)

    def _room(self, chunk: list[Field[Any, Any]]) -> int:
        return self._record(chunk) * self.instance.count(chunk[0].owner)

    def _lay(self, chunk: list[Field[Any, Any]]) -> dict[int, Place]:
        """All members' records in one word where there is room for all, else each in the first word that has room."""
        members, width = self.instance.count(chunk[0].owner), self._record(chunk)
        together = members * width <= self.word_bits
        word = self._find(members * width) if together else 0
        places: dict[int, Place] = {}
        for i in range(members):
            word = word if together else self._find(width)
            for f in chunk:
                places[self.instance.slot(f, i)] = Place(word, self._used[word], self._bits[f])
                self._used[word] += self._bits[f]
        return places

    def _find(self, bits: int) -> int:
        """The first word with so many bits left, or a new one."""
        for word, used in enumerate(self._used):
            if used + bits <= self.word_bits:
                return word
        self._used.append(0)
        return len(self._used) - 1
