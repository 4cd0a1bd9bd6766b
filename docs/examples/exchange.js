// The same adapter in JavaScript (node): a host's exchange of its hypervisor, with nobody on it (world empty-machine).
const needs = {
  create_host_vm: [{ inner: "gone", old: "up" }, { inner: "up", on: "old" }],
  destroy_host_vm: [{ inner: "up" }, { inner: "gone" }],
  suspend: [{ inner: "up", on: "old" }, { inner: "asleep" }],
  build_map: [{ inner: "asleep", map: "NONE" }, { map: "BUILT" }],
  seal_map: [{ map: "BUILT" }, { map: "SEALED" }],
  launch_new: [{ map: "SEALED", fresh: "gone" }, { fresh: "booting" }],
  finish_boot: [{ fresh: "booting" }, { fresh: "up" }],
  boot_failed: [{ fresh: "booting", boots: 1 }, { fresh: "gone", boots: 0 }],
  pass_map: [{ map: "SEALED", fresh: "up" }, { map: "PASSED" }],
  validate_map: [{ map: "PASSED" }, { map: "VALIDATED" }],
  format_unreadable: [{ map: "PASSED", reads: 1 }, { map: "NONE", fresh: "gone", reads: 0 }],
  tear_down_old: [{ old: "up", map: "VALIDATED" }, { old: "gone", on: "new" }],
  resume: [{ inner: "asleep", on: "new" }, { inner: "up", map: "NONE" }],
  roll_back: [{ inner: "asleep", on: "old" }, { inner: "up", map: "NONE", fresh: "gone" }],
};
let now = {};

function attempt(action) {
  const [condition, effect] = needs[action];
  if (!Object.entries(condition).every(([key, value]) => now[key] === value)) return { answer: "refused" };
  Object.assign(now, effect);
  return { answer: "done", after: { "host.map": now.map } };
}

const answers = {
  hello: () => ({ answer: "hello", holdfast: 1, name: "exchange.js" }),
  reset: () => {
    now = { old: "up", fresh: "gone", inner: "gone", on: "old", map: "NONE", boots: 1, reads: 1 };
    return { answer: "ready" };
  },
  attempt: (asked) => attempt(asked.action),
  observe: () => ({ answer: "state" }),
  bye: () => ({ answer: "bye" }),
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  console.log(JSON.stringify({ id: asked.id, ...answers[asked.request](asked) }));
});
