"""`holdfast import libvirt`: from what libvirt prints to a cluster file, and to a plan to begin with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from .app import json_option, print_json

EPILOG = """\b
Example, on a host with libvirt:
  for vm in $(virsh list --name); do virsh dumpxml $vm > $vm.xml; done
  virsh domstats --balloon --state > stats.txt; virsh nodeinfo > node.txt
  holdfast import libvirt *.xml --domstats stats.txt --nodeinfo node.txt \\
      --old kvm-8.2 --new kvm-10.0 -o cluster.yaml --plan plan.yaml
  holdfast verify plan.yaml
"""


Command: TypeAlias = Callable[..., None]


class Pages(click.ParamType[int]):
    """A size such as 16GiB, as pages."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The pages; what is no size is a usage error that says what to write."""
        from ..inputs.sizes import BadSize, parse_size

        if isinstance(value, int):
            return value
        try:
            return parse_size(str(value))
        except BadSize as error:
            self.fail(
                f"found {value!r}, expected {error.expected}{f' ({error.hint})' if error.hint else ''}", param, ctx
            )


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them."""

    name = "N[,N…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers."""
        if isinstance(value, tuple):
            return tuple(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        parts = str(value).split(",")
        if not all(part.isascii() and part.isdigit() for part in parts):
            self.fail(f"found {value!r}, expected whole numbers such as 4 or 3,4", param, ctx)
        return tuple(int(part) for part in parts)


class Named(click.ParamType[tuple[str, Path]]):
    """NAME=FILE."""

    name = "VM=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """The name and the file."""
        if isinstance(value, tuple):
            name, file = value  # pyright: ignore[reportUnknownVariableType]
            return str(name), Path(str(file))  # pyright: ignore[reportUnknownArgumentType]
        name, equals, file = str(value).rpartition("=")
        if not (name and equals and file):
            self.fail(f"found {value!r}, expected a VM's name and a file, such as web1=web1.meminfo", param, ctx)
        return name, Path(file)


@click.group("import")
def import_() -> None:
    """Make a cluster file from an inventory."""


def _release_options(command: Command) -> Command:
    """What the operator knows of the old and of the new release; what is left out is assumed, and said to be."""
    for which, said in (("new", "the release that is to run afterwards"), ("old", "the release that runs now")):
        for option, kind, text in (
            ("hardware-versions", Numbers(), "Virtual hardware versions (machine types) that it offers."),
            ("reads", Numbers(), "Hand-off formats that it reads."),
            ("writes", click.IntRange(min=0), "The hand-off format that it writes."),
            ("vm-overhead", Pages(), "What it takes for every VM."),
            ("footprint", Pages(), "What it takes itself."),
        ):
            command = click.option(f"--{which}-{option}", type=kind, help=f"{which.title()} release: {text}")(command)
        command = click.option(f"--{which}", default=which, show_default=True, help=f"The name of {said}.")(command)
    return command


@import_.command(epilog=EPILOG)
@click.argument("domains", nargs=-1, type=click.Path(path_type=Path))
@click.option("--domstats", type=click.Path(path_type=Path), help="What `virsh domstats` printed.")
@click.option("--nodeinfo", type=click.Path(path_type=Path), help="What `virsh nodeinfo` printed.")
@click.option("--meminfo", type=Named(), multiple=True, help="A guest's /proc/meminfo, for its page classes.")
@click.option("--host", default="host", show_default=True, help="What the cluster calls the machine.")
@click.option("--memory", type=Pages(), help="The machine's memory, if not from --nodeinfo.")
@click.option("--swap", type=Pages(), help="The machine's room for swapped pages.")
@click.option("--processors", type=click.IntRange(min=1), help="How many, if not from --nodeinfo.")
@click.option("--commit-limit", type=click.IntRange(min=1), help="Percent of the memory that may be promised.")
@_release_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The cluster file to write; else stdout.")
@click.option(
    "--plan", "plan_file", type=click.Path(path_type=Path), help="Also write a plan to begin with (needs -o)."
)
@click.option("--at-most", type=click.IntRange(min=1), default=1, show_default=True, help="VMs side by side in it.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@json_option
def libvirt(domains: tuple[Path, ...], **options: Any) -> None:
    """Make a cluster file from libvirt's DOMAINS (what `virsh dumpxml` printed, one or more files).

    Whatever is missing becomes a conservative assumption, which the file and every verdict name.
    """
    from ..importers.libvirt import HostFacts, import_libvirt

    output: Path | None = options["output"]
    plan_file: Path | None = options["plan_file"]
    if not domains:
        raise click.UsageError("No domains: name the files that `virsh dumpxml` printed.")
    if plan_file is not None and output is None:
        raise click.UsageError("--plan needs -o FILE: the plan names the cluster's file.")
    for file in (output, plan_file):
        if file is not None and file.exists() and not options["force"]:
            raise click.UsageError(f"{file} is there already; --force writes over it.")
    host = HostFacts(
        options["host"],
        options["memory"],
        options["swap"],
        options["processors"],
        options["commit_limit"],
        options["nodeinfo"],
    )
    old, new = _release(options, "old"), _release(options, "new")
    text = import_libvirt(domains, options["domstats"], dict(options["meminfo"]), host, old, new)
    _deliver(text, output, plan_file, host.name, new.name, options["at_most"], as_json=options["as_json"])


def _release(options: dict[str, Any], which: str) -> Any:
    from ..importers.libvirt import ReleaseFacts

    return ReleaseFacts(
        options[which],
        options[f"{which}_footprint"],
        options[f"{which}_vm_overhead"],
        options[f"{which}_writes"],
        options[f"{which}_reads"],
        None,
        options[f"{which}_hardware_versions"],
    )


def _deliver(
    text: str, output: Path | None, plan_file: Path | None, host: str, to: str, at_most: int, *, as_json: bool
) -> None:
    """Write the files (both, or neither), or the cluster to stdout."""
    from ..importers.skeleton import skeleton_plan
    from ..inputs.load import cluster_from
    from ..inputs.problems import Source

    cluster = cluster_from(Source(str(output or "the imported cluster"), text))
    files: list[tuple[Path, str]] = [(output, text)] if output else []
    if plan_file is not None and output is not None:
        beside = os.path.relpath(output.absolute(), plan_file.absolute().parent)
        files.append((plan_file, skeleton_plan(cluster, host, to, at_most, beside)))
    for file, content in files:
        try:
            file.write_text(content, encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from None
    if as_json:
        said: dict[str, Any] = {
            "cluster": str(output) if output else None,
            "plan": str(plan_file) if plan_file else None,
        }
        said |= {"vms": [vm.name for vm in cluster.vms], "assumptions": list(cluster.assumptions)}
        print_json(said if output else said | {"text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        written = " and ".join(str(file) for file, _ in files)
        click.echo(f"wrote {written}: {len(cluster.vms)} VMs, {len(cluster.assumptions)} assumptions", err=True)
