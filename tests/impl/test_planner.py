"""What the planner proposes: an order that needs least, and no more reclaimed than is missing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from holdfast.impl.plan import Sizes
from holdfast.impl.planner import Goal, Resident, needed_pages, propose

SIZES = Sizes(
    old_pages=4, guest_pages=2, new_pages=5, old_vm_pages=1, guest_vm_pages=2, new_vm_pages=1, host_vm_pages=1
)
VMS = (
    Resident("small", 20, resident_peak_pages=10, hot_peak_pages=4),
    Resident("large", 60, resident_peak_pages=50, hot_peak_pages=20, reservation_pages=30),
    Resident("cold", 50, resident_peak_pages=40, hot_peak_pages=5),
)
ROOMY = Goal(capacity_pages=400, sizes=SIZES, vms=VMS, at_most=2)


def test_the_largest_go_in_first_where_overhead_grows_and_come_out_last_where_it_shrinks() -> None:
    moves = {entry.verb: entry.vms for entry in propose(ROOMY).entries}

    assert moves["consolidate"] == ("large", "cold", "small")
    assert moves["disassociate"] == ("small", "cold", "large")


def test_nothing_is_reclaimed_where_there_is_room() -> None:
    proposal = propose(ROOMY)

    assert [entry.verb for entry in proposal.entries][0] == "create_host_vm"
    assert proposal.short_pages == 0
    assert proposal.host_vm_size_pages == 2 + 10 + 50 + 40 + 3 * 2


def test_the_coldest_gives_first_and_no_more_than_is_missing() -> None:
    tight = replace(ROOMY, capacity_pages=needed_pages(ROOMY, VMS) - 3)
    reclaim = [entry for entry in propose(tight).entries if entry.verb == "reclaim"]

    assert [(entry.vms, entry.balloon_pages) for entry in reclaim] == [(("cold",), 50 - 40 + 3)]


def test_what_is_missing_all_the_same_is_said() -> None:
    proposal = propose(replace(ROOMY, capacity_pages=60))

    assert proposal.short_pages > 0
    assert {entry.vms for entry in proposal.entries if entry.verb == "reclaim"} == {("cold",), ("large",), ("small",)}


RESIDENTS = st.builds(
    lambda size, peak, hot, reserved, balloon: Resident(
        "", size, min(size, peak), min(size, peak, hot), min(size, reserved), balloon=balloon
    ),
    *(st.integers(1, 64) for _ in range(4)),
    st.booleans(),
)


@given(st.lists(RESIDENTS, max_size=5), st.integers(10, 400), st.integers(1, 3))
def test_no_balloon_is_asked_for_more_than_its_guest_can_give(
    vms: list[Resident], capacity_pages: int, at_most: int
) -> None:
    named = {f"vm{i}": replace(vm, name=f"vm{i}") for i, vm in enumerate(vms)}
    proposal = propose(Goal(capacity_pages, SIZES, tuple(named.values()), at_most))

    for entry in proposal.entries:
        if entry.verb == "reclaim":
            vm = named[entry.vms[0]]
            assert vm.balloon
            assert vm.size_pages - (entry.balloon_pages or 0) >= max(vm.hot_peak_pages, vm.least_pages)
            assert (entry.balloon_pages or 0) * 100 <= 65 * vm.size_pages + 100
