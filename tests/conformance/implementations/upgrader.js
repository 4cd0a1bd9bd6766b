// A host that upgrades its hypervisor in place, from public descriptions: guests move into a nested hypervisor, which is
// suspended in memory while the hypervisor below it is replaced, and move out again. It is naive in one thing: it asks only
// whether *some* guest is nested before it suspends. It keeps its own books and knows nothing of the model.
"use strict";

let host, guests, memory;

const used = () =>
  memory.hypervisors + (host.nested ? 2 : 0) + Object.values(guests).reduce((sum, g) => sum + g.pages + g.copied, 0);
const coming = () => Object.values(guests).reduce((sum, g) => sum + (g.moving && g.sends ? g.pages - g.copied : 0), 0);
const inside = () =>
  1 + Object.values(guests).reduce((sum, g) => sum + (g.at === "nested" || g.to === "nested" ? g.pages : 0), 0);

function move(from, to) {
  return (g) => {
    if (g.moving || !host.nested || host.asleep || g.at !== from) return false;
    if (to === "nested" && inside() + g.pages > memory.nested) return false;
    if (to !== "nested" && host.below !== to) return false;
    if (used() + coming() + g.pages > memory.host) return false;
    Object.assign(g, { moving: true, sends: true, to, copied: 0 });
    return true;
  };
}

const onGuest = {
  consolidate: move("old", "nested"),
  withdraw: move("nested", "old"),
  disassociate: move("nested", "new"),
  copy: (g) => g.moving && g.sends && g.copied < g.pages && ((g.copied += 1), true),
  stop: (g) => g.moving && g.running && ((g.running = false), true),
  commit: (g) => g.moving && !g.running && g.sends && g.copied === g.pages && ((g.sends = false), true),
  activate: (g) =>
    g.moving && !g.sends && (Object.assign(g, { at: g.to, to: null, moving: false, running: true, copied: 0 }), true),
  cancel: (g) =>
    g.moving && g.sends && (Object.assign(g, { to: null, moving: false, sends: false, running: true, copied: 0 }), true),
};

const set = (changes) => (Object.assign(host, changes), true);
const onHost = {
  create_host_vm: () => !host.nested && host.old && used() + coming() + 2 <= memory.host && set({ nested: true }),
  destroy_host_vm: () =>
    host.nested &&
    !host.asleep &&
    Object.values(guests).every((g) => !g.moving && g.at !== "nested") &&
    set({ nested: false }),
  suspend: () =>
    host.nested &&
    !host.asleep &&
    host.below === "old" &&
    Object.values(guests).some((g) => g.at === "nested") && // the naive part: some, not every one
    Object.values(guests).every((g) => !g.moving) &&
    used() + 1 <= memory.host &&
    set({ asleep: true }),
  build_map: () => host.asleep && host.map === "NONE" && set({ map: "BUILT" }),
  seal_map: () => host.map === "BUILT" && set({ map: "SEALED" }),
  launch_new: () => host.map === "SEALED" && host.fresh === "no" && ((memory.hypervisors += 1), set({ fresh: "boots" })),
  finish_boot: () => host.fresh === "boots" && set({ fresh: "runs" }),
  pass_map: () => host.map === "SEALED" && host.fresh === "runs" && set({ map: "PASSED" }),
  validate_map: () => host.map === "PASSED" && set({ map: "VALIDATED" }),
  tear_down_old: () =>
    host.old && host.map === "VALIDATED" && ((memory.hypervisors -= 1), set({ old: false, below: "new" })),
  resume: () => host.asleep && host.below === "new" && set({ asleep: false, map: "NONE" }),
  roll_back: () => {
    if (!host.asleep || host.below !== "old") return false;
    if (host.fresh !== "no") memory.hypervisors -= 1;
    return set({ asleep: false, map: "NONE", fresh: "no" });
  },
};

function reset(members) {
  const constants = (sort) => members.find((m) => m.sort === sort).constants;
  host = { nested: false, asleep: false, below: "old", old: true, fresh: "no", map: "NONE" };
  memory = { host: constants("Machine").capacity, nested: constants("HostVm").size, hypervisors: 1 };
  guests = {};
  for (const { sort, label, constants: of } of members) {
    if (sort === "Vm") guests[label] = { pages: of.size, at: "old", to: null, moving: false, running: true, copied: 0 };
  }
}

let members;
const answers = {
  hello: (asked) => ((members = asked.world.members), { answer: "hello", holdfast: 1, name: "naive upgrader" }),
  reset: () => (reset(members), { answer: "ready" }),
  attempt: ({ action, arguments: { vm } }) => ({
    answer: (vm ? onGuest[action](guests[vm]) : onHost[action]()) ? "done" : "refused",
  }),
  observe: () => ({
    answer: "state",
    after: Object.fromEntries(Object.entries(guests).map(([name, g]) => [`${name}.copied`, g.copied])),
  }),
  bye: () => ({ answer: "bye" }),
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  console.log(JSON.stringify({ id: asked.id, ...answers[asked.request](asked) }));
});
