"""The search itself, as source text: CPython runs it, Numba compiles it, and a generated program is its argument.

Breadth-first over an exact table: an open-addressing table of whole states, of which a queue holds those not yet
expanded. The successors of each state are hashed, those met lately dropped, and the table's buckets for the rest asked
for at once; they are compared only after a batch of states has been expanded: memory answers while the processor works.

Parents are not stored. States are numbered in the order found, and two bytes for each tell the rest: how many states
its expansion found, and which successor it was of the state that it was found from. From these a trace is rebuilt
(lineage.py).

The table grows in place: a slot is the hash scaled to the table's size, so a larger size keeps the order, and states
move to higher slots, one run after another from the end.

`C` holds registers, `M` the arrays and functions; their positions are the constants below.
"""

from __future__ import annotations

REGISTERS = (
    "HEAD",  # the next state to expand
    "TAIL",  # states found
    "LEVEL_END",  # where the level that is being expanded ends
    "TRANSITIONS",
    "DEPTH",  # levels expanded
    "BUDGET",  # end the slice after so much work
    "SIZE",  # buckets of the table
    "CAPACITY",  # states that it may hold
    "BATCH",  # successors that end a batch
    "ROOM",  # the most successors that a batch may have
    "GROUPS",  # functions that expand
    "STEPS",  # `step` properties
    "PENDING",  # `sometimes` not yet witnessed
    "FAULT",  # where V tells that an assignment left its range
    "CHECK_ONLY",  # 1: states are checked, not expanded
    "NOTE_BYTES",  # bytes of an entry of ORDINALS and COUNTS
    "UNSPREAD",  # buckets of the table that have yet to be spread
    "SPARE_ROOM",  # buckets that SPARE can hold
    "EVENT_STATE",  # the state at which something happened, and the number of the property
    "EVENT_PROPERTY",
)

ARRAYS = (
    "TABLE",
    "QUEUE",  # every state, in the order found; those expanded may be forgotten
    "CONSTANTS",
    "VALUES",  # the state taken apart
    "LATER",  # the state after a step taken apart
    "OUT",  # the successors of a batch
    "SLOTS",  # where the table should hold each of them
    "HEADS",  # the state that each was found from
    "NUMBERS",  # and which of its successors each is
    "RECENT",  # the states met last, each where its hash says
    "FIRED",  # transitions of each action
    "SEEN",  # for each `sometimes`, 1 + the number of its first state
    "ORDINALS",
    "COUNTS",
    "SPARE",
    "SIFT",  # functions of the kernel
    "ENTER",
    "UNPACK",  # functions of the generated program
    "UNPACK_LATER",
    "BROKEN",
    "BREACH",
    "WITNESS",
    "EXPAND",  # the first of GROUPS
)

PROGRAM_FUNCTIONS = ("UNPACK", "UNPACK_LATER", "BROKEN", "BREACH", "WITNESS")

LANES = 8
"""States in a bucket: as many words as the processor compares at once. A bucket holds their first words (inverted, so
that none is 0, which marks a lane as empty), then their second words, and so on."""

AHEAD = 16
"""States between one whose bucket is seen to be full, so that the next is asked for, and the one looked up."""

RECENT_STATES = 1 << 12
"""Many states are met again soon: so many are remembered near the processor, and not looked up again."""

EVENTS = ("FINISHED", "PAUSED", "TABLE_FULL", "ALWAYS_BROKEN", "STEP_BROKEN", "OUT_OF_RANGE", "SPARE_FULL")

SOURCE = '''
def search(C, M):
    """Expand states until the slice ends or something happens; returns what."""
    q = load(M, QUEUE)
    K = load(M, CONSTANTS)
    V = load(M, VALUES)
    W = load(M, LATER)
    out = load(M, OUT)
    while load(C, HEAD) < load(C, TAIL):
        if load(C, BUDGET) <= 0:
            return PAUSED
        if load(C, TAIL) + load(C, ROOM) > load(C, CAPACITY):
            return TABLE_FULL
        head = load(C, HEAD)
        level_end = load(C, LEVEL_END)
        batch = load(C, BATCH)
        event = FINISHED
        number = 0
        heads = 0
        n = 0
        transitions = 0
        while head < level_end and n < batch and heads < batch and event == FINISHED:
            call(load(M, UNPACK), q, head * WORDS, K, V, 0, 0, 0)
            number = call(load(M, BROKEN), 0, 0, K, V, 0, 0, 0)
            store(C, EVENT_STATE, head)
            store(C, EVENT_PROPERTY, number)
            if number != 0:
                event = ALWAYS_BROKEN
                break
            if load(C, PENDING) != 0:
                store(C, PENDING, load(C, PENDING) - call(load(M, WITNESS), 0, 0, K, V, load(M, SEEN), 0, head))
            start = n
            if load(C, CHECK_ONLY) == 0:
                store(V, load(C, FAULT), 0)
                for group in range(load(C, GROUPS)):
                    n = call(load(M, EXPAND + group), q, head * WORDS, K, V, out, load(M, FIRED), n)
                if load(V, load(C, FAULT)) != 0:
                    event = OUT_OF_RANGE
                    n = start
                    break
                if load(C, STEPS) != 0:
                    i = start
                    while i < n and number == 0:
                        call(load(M, UNPACK_LATER), out, i * WORDS, K, W, 0, 0, 0)
                        number = call(load(M, BREACH), 0, 0, K, V, W, 0, 0)
                        i = i + 1
                    if number != 0:
                        event = STEP_BROKEN
                        store(C, EVENT_PROPERTY, number)
            transitions = transitions + n - start
            n = call(load(M, SIFT), C, M, start, n, head, 0, 0)
            heads = heads + 1
            head = head + 1
        call(load(M, ENTER), C, M, n, 0, 0, 0, 0)
        store(C, TRANSITIONS, load(C, TRANSITIONS) + transitions)
        store(C, BUDGET, load(C, BUDGET) - transitions - heads)
        store(C, HEAD, head)
        if event != FINISHED:
            return event
        if head == level_end:
            store(C, DEPTH, load(C, DEPTH) + 1)
            store(C, LEVEL_END, load(C, TAIL))
    return FINISHED


def sift(C, M, start, stop, head, Y, n):
    """Of the successors of one state, keep those not met lately, and ask for the buckets where they belong."""
    tab = load(M, TABLE)
    out = load(M, OUT)
    slots = load(M, SLOTS)
    heads = load(M, HEADS)
    numbers = load(M, NUMBERS)
    recent = load(M, RECENT)
    size = load(C, SIZE)
    n = start
    for i in range(start, stop):
        h = 0
        for w in range(WORDS):
            h = mix(h, load(out, i * WORDS + w))
        at = (h & RECENT_MASK) * WORDS
        again = 1
        for w in range(WORDS):
            word = load(out, i * WORDS + w)
            again = again & (load(recent, at + w) == ~word)
            store(recent, at + w, ~word)
            store(out, n * WORDS + w, word)
        slot = choose(again, 0, ((h >> 32 & 0xFFFFFFFF) * size >> 32) * BUCKET)
        for w in range(WORDS):
            prefetch(tab, slot + w * LANES)
        store(slots, n, slot)
        store(heads, n, head)
        store(numbers, n, i - start)
        n = n + 1 - again
    return n


def enter(C, M, n, X, Y, Z, W):
    """Enter so many states into table and queue, unless known."""
    tab = load(M, TABLE)
    q = load(M, QUEUE)
    out = load(M, OUT)
    slots = load(M, SLOTS)
    heads = load(M, HEADS)
    end = load(C, SIZE) * BUCKET
    tail = load(C, TAIL)
    width = load(C, NOTE_BYTES)
    head = -1
    before = tail
    for i in range(n):
        prefetch_next(tab, load(slots, i + AHEAD), BUCKET)
        slot = load(slots, i)
        key = ~load(out, i * WORDS)
        known = 0
        empty = 0
        while known == 0 and empty == 0:
            found = matches(tab, slot, key)
            while found != 0 and known == 0:
                known = 1
                for w in range(1, WORDS):
                    known = known & (load(tab, slot + w * LANES + lowest(found)) == load(out, i * WORDS + w))
                found = found & (found - 1)
            if known == 0:
                empty = matches(tab, slot, 0)
                if empty == 0:
                    slot = slot + BUCKET
                    if slot == end:
                        slot = 0
        if known == 0:
            slot = slot + lowest(empty)
            store(tab, slot, key)
            store(q, tail * WORDS, ~key)
            for w in range(1, WORDS):
                store(tab, slot + w * LANES, load(out, i * WORDS + w))
                store(q, tail * WORDS + w, load(out, i * WORDS + w))
            before = choose(load(heads, i) == head, before, tail)
            head = load(heads, i)
            note(load(M, ORDINALS), tail, load(load(M, NUMBERS), i), width)
            tail = tail + 1
            note(load(M, COUNTS), head, tail - before, width)
    store(C, TAIL, tail)
    return 0


def total(C, M, start, stop):
    """How many states the expansion of those from start to before stop has found."""
    counts = load(M, COUNTS)
    found = 0
    for i in range(start, stop):
        found = found + noted(counts, i, load(C, NOTE_BYTES))
    return found


def spread(C, M):
    """Move the states of the table to the buckets that its new size gives them, run after run from the end.

    A run is a bucket with room and the full ones before it: no state has passed beyond the run of its own bucket.
    """
    tab = load(M, TABLE)
    spare = load(M, SPARE)
    end = load(C, SIZE) * BUCKET
    top = load(C, UNSPREAD)
    while top > 0 and load(C, BUDGET) > 0:
        bottom = top - 1
        while bottom > 0 and matches(tab, (bottom - 1) * BUCKET, 0) == 0:
            bottom = bottom - 1
        if top - bottom > load(C, SPARE_ROOM):
            store(C, UNSPREAD, top)
            return SPARE_FULL
        for i in range(bottom * BUCKET, top * BUCKET):
            store(spare, i - bottom * BUCKET, load(tab, i))
            store(tab, i, 0)
        for i in range((top - bottom) * LANES):
            at = (i // LANES) * BUCKET + i % LANES
            if load(spare, at) != 0:
                h = mix(0, ~load(spare, at))
                for w in range(1, WORDS):
                    h = mix(h, load(spare, at + w * LANES))
                slot = ((h >> 32 & 0xFFFFFFFF) * load(C, SIZE) >> 32) * BUCKET
                empty = matches(tab, slot, 0)
                while empty == 0:
                    slot = slot + BUCKET
                    if slot == end:
                        slot = 0
                    empty = matches(tab, slot, 0)
                for w in range(WORDS):
                    store(tab, slot + w * LANES + lowest(empty), load(spare, at + w * LANES))
        store(C, BUDGET, load(C, BUDGET) - (top - bottom) * LANES)
        top = bottom
    store(C, UNSPREAD, top)
    return FINISHED if top <= 0 else PAUSED
'''
