"""What each action of the model is for the implementation: the effect of a rule, a hypervisor's own doing, or a guest's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...impl.driver import LEAVING, MachineView, Power, Stage, VmView

ABOUT_MACHINES: Mapping[str, tuple[str, ...]] = {
    "create_host_vm": ("create_host_vm",),
    "destroy_host_vm": ("destroy_host_vm",),
    **dict.fromkeys(("suspend", "build_map", "seal_map"), ("suspend",)),
    **dict.fromkeys(("launch_new", "finish_boot", "pass_map", "validate_map"), ("launch_new",)),
    "tear_down_old": ("tear_down_old",),
    "resume": ("resume",),
    "roll_back": ("roll_back",),
    **dict.fromkeys(
        ("suspend_to_storage", "write_image", "sync_image", "verify_image", "discard_image", "free_pages"),
        ("suspend_to_storage",),
    ),
    "retire_old": ("retire_old",),
    "boot_new": ("boot_new",),
    **dict.fromkeys(("load_image", "verify_loaded", "drop_loaded"), ("load_image", "roll_back")),
    "wake": ("wake", "roll_back"),
    "delete_image": ("delete_image",),
}
"""Actions on a machine, or on the image of its host VM, each with the verbs whose rules may give it."""

ENDINGS: Mapping[str, str] = {"verify_image": "discard_image", "verify_loaded": "drop_loaded"}
"""What belongs to an action of the model, and is an effect of its own here: what follows where digests differ."""

MIGRATIONS = ("consolidate", "disassociate", "withdraw")
REMAPPINGS = ("remap_in", "remap_out")
TRANSFERS = ("transfer", "send", "send_again", "stun", "hand_over")
POST_COPY = ("switch_early", "fetch", "finish_fetching")
"""What a transfer has that runs the VM on the other machine early."""
ABOUT_VMS: Mapping[str, tuple[str, ...]] = {
    **{verb: (verb,) for verb in (*MIGRATIONS, *REMAPPINGS)},
    **dict.fromkeys(("copy", "copy_again", "stop", "commit", "fence", "activate"), MIGRATIONS),
    "pass_frames": REMAPPINGS,
    **dict.fromkeys((*TRANSFERS, *POST_COPY), ("transfer",)),
    **dict.fromkeys(("cancel", "call_off"), ("settle",)),
    **dict.fromkeys(("reclaim", "inflate", "deflate", "swap_out"), ("reclaim",)),
}
"""Effects on a VM, each with the verbs whose rules may give it."""

RECLAIMING: Mapping[str, str] = {
    **dict.fromkeys(("inflate", "inflate_untouched", "squeeze_buffer", "squeeze_anonymous"), "inflate"),
    "deflate": "deflate",
    **dict.fromkeys(("swap_out", "swap_out_blindly"), "swap_out"),
}
"""What the model's memory scheduler does, and the effect that it is part of: which pages go, guests choose."""

CONTROLLERS = ("controller_crashed", "restart_controller")
"""What happens to the controller itself."""


def _sending(_: MachineView, vm: VmView | None, pages: int) -> bool:
    under_way = vm is not None and vm.stage in (Stage.COPYING, Stage.STOPPED) and vm.target is not None
    return under_way and pages <= vm.resident_pages - vm.copied_pages if vm else False


def _sending_again(_: MachineView, vm: VmView | None, pages: int) -> bool:
    return vm is not None and vm.target is not None and pages <= vm.dirty_pages


def _in_pre_copy(_: MachineView, vm: VmView | None, __: int) -> bool:
    return vm is not None and vm.stage is Stage.COPYING


def _sending_over(_: MachineView, vm: VmView | None, pages: int) -> bool:
    return vm is not None and vm.stage in LEAVING and pages <= vm.content_pages - vm.copied_pages


def _sending_over_again(_: MachineView, vm: VmView | None, pages: int) -> bool:
    return vm is not None and vm.stage in LEAVING and pages <= vm.dirty_pages


def _still_sent(_: MachineView, vm: VmView | None, __: int) -> bool:
    return vm is not None and vm.stage is Stage.SENDING


def _to_fetch(_: MachineView, vm: VmView | None, pages: int) -> bool:
    return vm is not None and vm.stage is Stage.FETCHED and not vm.lost and pages <= vm.missing_pages


def _booting(machine: MachineView, _: VmView | None, __: int) -> bool:
    return machine.new is Power.BOOTING


BY_ITSELF: Mapping[str, Callable[[MachineView, VmView | None, int], bool]] = {
    "copy": _sending,
    "copy_again": _sending_again,
    "stop": _in_pre_copy,
    "send": _sending_over,
    "send_again": _sending_over_again,
    "stun": _still_sent,
    "fetch": _to_fetch,
    "finish_boot": _booting,
}
"""What a hypervisor does by itself once it was set going, whether a controller would ask for it now or is there at all; and
when it can, with how many pages. Pre-copy sends, sends again, and ends when the hypervisor likes, and what boots comes up:
the controller sees it afterwards, and explains it so (`impl/deviations.py`)."""
