"""What libvirt prints becomes a cluster file that the loader takes, with every assumption named."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.importers.libvirt import HostFacts, ReleaseFacts, import_libvirt
from holdfast.importers.libvirt_domain import read_domains
from holdfast.importers.page_classes import classes_of_meminfo, reconciled
from holdfast.importers.skeleton import skeleton_plan
from holdfast.inputs.load import cluster_from, load_cluster, load_plan
from holdfast.inputs.problems import BadInput, Problem, Source
from holdfast.inputs.records import ClassPages, Cluster, HostVm, VirtualMachine
from holdfast.inputs.sizes import SIZE_PAGES_MAX

HERE = Path(__file__).parent
DOMAINS = sorted((HERE / "domains").glob("*.xml"))
DOMSTATS = HERE / "domstats.txt"
HOST = HostFacts("alpha", memory_pages=1 << 29, swap_pages=0, processors=64, commit_limit_percent=100)
OLD = ReleaseFacts("kvm-7.2", 1 << 19, 1 << 14, 1, (1,), True, (602, 702, 802, 90200))
NEW = ReleaseFacts("kvm-10.0", 1 << 19, 1 << 14, 2, (1, 2), True, (602, 702, 802, 90200))
MIB = 256
"""Pages in a MiB."""


def imported(domains: list[Path], domstats: Path | None = None, meminfo: dict[str, Path] | None = None) -> Cluster:
    text = import_libvirt(domains, domstats, meminfo or {}, HOST, OLD, NEW)
    return cluster_from(Source("imported", text))


def only_vm(file_name: str, domstats: Path | None = None) -> VirtualMachine:
    (vm,) = imported([HERE / "domains" / file_name], domstats).vms
    return vm


def stats_of(tmp_path: Path, name: str, **balloon_kib: int) -> Path:
    lines = [
        f"Domain: '{name}'",
        "  state.state=1",
        *(f"  balloon.{key}={value}" for key, value in balloon_kib.items()),
    ]
    path = tmp_path / "domstats.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def domain_file(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "domain.xml"
    path.write_text(body, encoding="utf-8")
    return path


def refusal_of(tmp_path: Path, body: str) -> str:
    with pytest.raises(BadInput) as caught:
        imported([domain_file(tmp_path, body)])
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_there_are_ten_domain_files_of_different_shapes() -> None:
    assert len(DOMAINS) == 10


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.stem)
def test_every_shape_becomes_a_cluster_and_a_plan_that_load(path: Path, tmp_path: Path) -> None:
    cluster_path, plan_path = tmp_path / "cluster.yaml", tmp_path / "plan.yaml"
    cluster_path.write_text(import_libvirt([path], None, {}, HOST, OLD, NEW), encoding="utf-8")
    cluster = load_cluster(cluster_path)
    plan_path.write_text(skeleton_plan(cluster, "alpha", "kvm-10.0", 2, cluster_path.name), encoding="utf-8")
    plan = load_plan(plan_path)
    for verb in ("consolidate", "disassociate"):
        assert {step.target for step in plan.steps if step.verb == verb} == {vm.name for vm in cluster.vms}


def test_all_shapes_together_with_statistics_and_meminfo_are_one_host() -> None:
    cluster = imported(DOMAINS, DOMSTATS, {"first": HERE / "first.meminfo"})
    assert len(cluster.vms) == 11
    assert {vm.host for vm in cluster.vms} == {"alpha"}
    assert all(vm.untouched_pages >= 0 for vm in cluster.vms)
    assert "vm minimal: it is shut off; it counts as if it were running" in cluster.assumptions


def test_the_assumptions_in_the_file_are_all_that_the_loader_assumes() -> None:
    text = import_libvirt(
        DOMAINS, DOMSTATS, {}, HostFacts(nodeinfo=HERE / "nodeinfo.txt"), ReleaseFacts("a"), ReleaseFacts("b")
    )
    listed = text.split("\nassumptions:\n")[1].splitlines()
    cluster = cluster_from(Source("imported", text))
    assert [f'  - "{sentence}"' for sentence in cluster.assumptions] == listed
    for sentence in cluster.assumptions:
        assert f"    # {sentence.split(': ', 1)[1]}\n" in text, "the sentence also stands at the value it is about"


def test_units_are_those_of_libvirt() -> None:
    assert only_vm("01-minimal.xml").size_pages == 1024 * MIB
    assert only_vm("02-web-q35.xml").size_pages == 8192 * MIB
    assert only_vm("05-memtune.xml").size_pages == -(-4 * 10**9 // 4096)
    assert only_vm("07-passthrough.xml").size_pages == 1 << 28
    assert only_vm("08-arm-locked.xml").size_pages == 512 * MIB
    assert only_vm("09-odd-name.xml").size_pages == -(-500001 * 1000 // 4096)


def test_what_the_balloon_holds_is_the_size_without_what_it_leaves() -> None:
    vm = only_vm("02-web-q35.xml")
    assert vm.balloon and vm.ballooned_pages == 2048 * MIB
    assert vm.classes.active_anonymous_pages == 6144 * MIB


def test_statistics_are_newer_than_the_description(tmp_path: Path) -> None:
    vm = only_vm("02-web-q35.xml", stats_of(tmp_path, "web1", current=4 << 20))
    assert vm.ballooned_pages == 4096 * MIB


def test_without_a_balloon_device_nothing_is_ballooned() -> None:
    vm = only_vm("04-no-balloon.xml")
    assert not vm.balloon and vm.ballooned_pages == 0
    assert vm.classes.active_anonymous_pages == vm.size_pages


def test_a_balloon_device_alone_is_no_sign_of_a_driver(tmp_path: Path) -> None:
    assert not only_vm("06-hotplug.xml").balloon
    assert only_vm("06-hotplug.xml", stats_of(tmp_path, "elastic", unused=4, available=8)).balloon


@pytest.mark.parametrize(
    "file_name", ["03-db-hugepages.xml", "07-passthrough.xml", "08-arm-locked.xml", "09-odd-name.xml"]
)
def test_pinned_memory_is_unreclaimable_and_reserved(file_name: str) -> None:
    vm = only_vm(file_name)
    assert vm.classes == ClassPages(unreclaimable_pages=vm.size_pages)
    assert vm.reservation_pages == vm.size_pages


def test_memtune_gives_reservation_and_limit() -> None:
    vm = only_vm("05-memtune.xml")
    assert (vm.reservation_pages, vm.limit_pages) == (64 * MIB, 3072 * MIB)
    assert vm.classes.resident_pages == vm.limit_pages, "the host lets no more be resident"


def test_libvirts_unlimited_is_no_limit_and_hotplug_is_named() -> None:
    cluster = imported([HERE / "domains" / "06-hotplug.xml"])
    assert cluster.vms[0].limit_pages == cluster.vms[0].size_pages
    assert any("it could grow to 64GiB" in sentence for sentence in cluster.assumptions)


def test_machine_types_become_hardware_versions() -> None:
    versions = {vm.name: vm.hardware_version for vm in imported(DOMAINS).vms}
    expected = {"web1": 702, "db1": 602, "appliance": 702, "batch": 90200, "arm1": 802, "no": 702}
    assert {name: versions[name] for name in expected} == expected
    assert versions["gpu & co"] == versions["minimal"] == 90200, "without a version, the newest of the host"


def test_balloon_statistics_give_free_and_cached_pages(tmp_path: Path) -> None:
    stats = stats_of(tmp_path, "web1", current=6 << 20, available=6000000, unused=1000000, disk_caches=2000000)
    classes = only_vm("02-web-q35.xml", stats).classes
    assert classes.free_pages == 250000
    assert classes.active_buffer_pages == 500000
    assert classes.active_anonymous_pages == 750000
    assert classes.unreclaimable_pages == 6144 * MIB - 1500000
    assert classes.resident_pages == 6144 * MIB


def test_pages_that_the_host_does_not_back_are_taken_from_the_free_ones(tmp_path: Path) -> None:
    stats = stats_of(tmp_path, "web1", current=6 << 20, available=6 << 20, unused=1 << 20, rss=(6 << 20) - 400000)
    vm = only_vm("02-web-q35.xml", stats)
    assert vm.untouched_pages == 100000
    assert vm.classes.free_pages == 1024 * MIB - 100000


def test_a_resident_set_below_what_the_guest_uses_is_not_believed(tmp_path: Path) -> None:
    stats = stats_of(tmp_path, "web1", current=6 << 20, available=6 << 20, unused=1 << 20, rss=4)
    assert only_vm("02-web-q35.xml", stats).classes.resident_pages == 5120 * MIB


def test_meminfo_gives_the_classes_and_the_rest_is_unreclaimable() -> None:
    cluster = imported([HERE / "domains" / "10-several.xml"], None, {"first": HERE / "first.meminfo"})
    classes = cluster.vm_named["first"].classes
    assert classes.active_anonymous_pages == -(-300001 // 4)
    assert classes.inactive_anonymous_pages == 50003 // 4
    assert classes.active_buffer_pages == 100000
    assert classes.inactive_buffer_pages == 150000
    assert classes.free_pages == 400003 // 4
    assert classes.resident_pages == 2048 * MIB
    assert classes.unreclaimable_pages > (16384 * 2 + 60000 + 6000 + 12000) // 4


def test_a_real_meminfo_is_read() -> None:
    path = Path("/proc/meminfo")
    if not path.exists():
        pytest.skip("this system has no /proc/meminfo")
    cluster = imported([HERE / "domains" / "10-several.xml"], None, {"first": path})
    assert cluster.vm_named["first"].classes.resident_pages == 2048 * MIB


def test_what_is_too_much_is_taken_from_the_easiest_class_first() -> None:
    measured = ClassPages(10, 20, 30, 40, 50, 60)
    assert reconciled(measured, 215) == ClassPages(15, 20, 30, 40, 50, 60)
    assert reconciled(measured, 160) == ClassPages(10, 20, 30, 40, 50, 10)
    assert reconciled(measured, 95) == ClassPages(10, 20, 30, 35, 0, 0)
    assert reconciled(measured, 5) == ClassPages(5, 0, 0, 0, 0, 0)


def test_more_in_meminfo_than_the_vm_has_keeps_the_demanding_classes() -> None:
    amounts = {"Active(anon)": 400, "Inactive(anon)": 400, "Active(file)": 400, "Inactive(file)": 400, "MemFree": 400}
    classes, _ = classes_of_meminfo(amounts, 250)
    assert classes == ClassPages(0, 100, 100, 50, 0, 0)


def test_nodeinfo_gives_memory_and_processors() -> None:
    text = import_libvirt([], None, {}, HostFacts(nodeinfo=HERE / "nodeinfo.txt"), OLD, NEW)
    host = cluster_from(Source("imported", text)).hosts[0]
    assert (host.memory_pages, host.processors) == (2147483647 // 4, 64)


def test_the_skeleton_moves_everything_in_groups_and_says_what_it_assumes(tmp_path: Path) -> None:
    cluster_path = tmp_path / "cluster.yaml"
    cluster_path.write_text(import_libvirt(DOMAINS[:3], None, {}, HOST, OLD, NEW), encoding="utf-8")
    cluster = load_cluster(cluster_path)
    (tmp_path / "plan.yaml").write_text(
        skeleton_plan(cluster, "alpha", "kvm-10.0", 2, "cluster.yaml"), encoding="utf-8"
    )
    plan = load_plan(tmp_path / "plan.yaml")
    assert plan.step_named["consolidate db1"].after == ("consolidate minimal", "consolidate web1")
    assert [step.verb for step in plan.steps if step.target is None] == [
        *("create_host_vm", "suspend", "launch_new", "tear_down_old", "resume", "destroy_host_vm")
    ]
    assert plan.host_vm.size_pages > sum(vm.size_pages for vm in cluster.vms)
    assert len(plan.assumptions) == 3


def test_the_skeleton_takes_a_given_host_vm_without_assuming(tmp_path: Path) -> None:
    text = import_libvirt(DOMAINS[:1], None, {}, HOST, OLD, NEW)
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    host_vm = HostVm(1 << 20, 1 << 18, 1 << 12, 1 << 13)
    (tmp_path / "p.yaml").write_text(
        skeleton_plan(load_cluster(tmp_path / "c.yaml"), "alpha", "kvm-10.0", 1, "c.yaml", host_vm), encoding="utf-8"
    )
    plan = load_plan(tmp_path / "p.yaml")
    assert plan.host_vm == host_vm
    assert plan.assumptions == ()


@given(st.sampled_from(DOMAINS), st.integers(0, 900), st.integers(0, 9), st.text("<>&'=/0aKiB \n!-", max_size=6))
def test_mutated_domains_are_imported_or_refused(path: Path, start: int, length: int, piece: str) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source("fuzzed", text[:start] + piece + text[start + length :])
    problems: list[Problem] = []
    with contextlib.suppress(BadInput):
        for domain in read_domains(source, problems):
            assert 0 < domain.size_pages <= SIZE_PAGES_MAX
    assert all(problem.position.line >= 1 and problem.position.column >= 1 for problem in problems)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            "<domain><name>a</name>\n <memory>1</domain>",
            "domain.xml:2:13: found malformed XML (an element that is not closed)",
        ),
        ("<domain>\n<name>a</name></domain>", "domain.xml:1:1: found a domain without `<memory>`"),
        ("<domain><memory>4096</memory></domain>", "domain.xml:1:1: found a domain without `<name>`"),
        ("<domain><name>a</name><memory unit='pages'>1</memory></domain>", "domain.xml:1:23: found the unit `pages`"),
        ("<domain><name>a</name><memory>-1</memory></domain>", "domain.xml:1:23: found `-1` in `<memory>`"),
        ("<domain><name>a</name><memory>0</memory></domain>", "domain.xml:1:23: found 0 bytes of memory"),
        ("<domain><name>a</name><memory unit='EiB'>9999</memory></domain>", "expected 4KiB to 1024PiB"),
        ("<network><name>a</name></network>", "domain.xml:1:1: found the element `<network>`"),
        ("\n  error: failed to get domain\n", "found the text `error: failed to get domain`"),
        ("", "domain.xml:1:1: found no element"),
        ("<!DOCTYPE d [<!ENTITY a 'b'>]>\n<domain/>", "domain.xml:1:1: found the declaration `<!DOCTYPE`"),
        ("<domain>&lol;</domain>", "found malformed XML (undefined entity)"),
        ("<domain>" * 9999, "found deeper nesting, expected at most 64 levels"),
        ("</several><x/><several>", "found malformed XML"),
    ],
)
def test_what_is_no_domain_is_refused_with_its_position(tmp_path: Path, body: str, problem: str) -> None:
    assert problem in refusal_of(tmp_path, body)


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    broken = domain_file(
        tmp_path, "<domain><name>a</name><memory>x</memory><currentMemory unit='?'>1</currentMemory></domain>"
    )
    stats = tmp_path / "stats.txt"
    stats.write_text("not from domstats\n", encoding="utf-8")
    meminfo = {"ghost": stats}
    with pytest.raises(BadInput) as caught:
        import_libvirt([broken, tmp_path / "none.xml"], stats, meminfo, HostFacts("h", nodeinfo=stats), OLD, OLD)
    found = [problem.found for problem in caught.value.problems]
    for part in [
        "`x` in `<memory>`",
        "the unit `?`",
        "no such file",
        "the line `not from domstats`",
        "the meminfo of `ghost`",
    ]:
        assert any(part in text for text in found), part
    for part in [
        "no line for Active(anon)",
        "no line for CPU(s)",
        "no memory of the host",
        "the release `kvm-7.2` twice",
    ]:
        assert any(part in text for text in found), part


def test_a_domain_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="the domain `minimal` a second time"):
        imported([DOMAINS[0], DOMAINS[0]])


def test_a_running_domain_without_its_description_is_refused() -> None:
    with pytest.raises(BadInput, match="the running domain `appliance` without its description"):
        imported([HERE / "domains" / "02-web-q35.xml"], DOMSTATS)


def test_a_domain_that_its_release_does_not_offer_is_refused() -> None:
    old = ReleaseFacts("kvm-7.2", hardware_versions=(602,))
    with pytest.raises(BadInput, match="found hardware version 702, expected 602"):
        import_libvirt([HERE / "domains" / "02-web-q35.xml"], None, {}, HOST, old, NEW)


REAL_DOMAINS = {
    "small": "<memory unit='MiB'>512</memory><os><type machine='pc-i440fx-7.2'>hvm</type></os>",
    "ballooned": "<memory unit='GiB'>2</memory><currentMemory unit='GiB'>1</currentMemory><os><type>hvm</type></os>"
    "<devices><memballoon model='virtio'/></devices>",
    "tuned & pinned": "<memory unit='GiB'>1</memory><memoryBacking><hugepages/></memoryBacking>"
    "<memtune><min_guarantee unit='MiB'>256</min_guarantee></memtune><os><type>hvm</type></os>",
}


def test_an_inventory_that_libvirt_itself_wrote_becomes_a_plan(tmp_path: Path) -> None:
    virsh = shutil.which("virsh")
    if virsh is None:
        pytest.skip("virsh is not installed (Debian: libvirt-clients), so libvirt cannot write an inventory here")
    commands: list[str] = []
    for number, (name, body) in enumerate(REAL_DOMAINS.items()):
        path = tmp_path / f"{number}.xml"
        escaped = name.replace("&", "&amp;")
        path.write_text(f"<domain type='test'><name>{escaped}</name>{body}</domain>", encoding="utf-8")
        commands += [f"define {path}", f"start '{name}'"]
    dumps = [f"dumpxml '{name}'" for name in (*REAL_DOMAINS, "test")]
    script = "; ".join([*commands, "echo =====", *dumps, "echo =====", "domstats", "echo =====", "nodeinfo"])
    printed = subprocess.run(
        [virsh, "--quiet", "--connect", "test:///default", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    files = [tmp_path / "domains.xml", tmp_path / "domstats.txt", tmp_path / "nodeinfo.txt"]
    for path, part in zip(files, printed.split("=====")[1:], strict=True):
        path.write_text(part, encoding="utf-8")
    host = HostFacts("node", memory_pages=1 << 22, nodeinfo=files[2])
    text = import_libvirt([files[0]], files[1], {}, host, ReleaseFacts("old"), ReleaseFacts("new"))
    (tmp_path / "cluster.yaml").write_text(text, encoding="utf-8")
    cluster = load_cluster(tmp_path / "cluster.yaml")
    assert set(cluster.vm_named) == {*REAL_DOMAINS, "test"}
    assert cluster.host_named["node"].processors == 16
    assert cluster.vm_named["ballooned"].ballooned_pages == 1024 * MIB
    assert cluster.vm_named["tuned & pinned"].classes.unreclaimable_pages == 1024 * MIB
    assert cluster.vm_named["test"].size_pages == 8192 * MIB
    (tmp_path / "plan.yaml").write_text(skeleton_plan(cluster, "node", "new", 2, "cluster.yaml"), encoding="utf-8")
    assert len(load_plan(tmp_path / "plan.yaml").steps) == 2 * 4 + 6
