
(() => {
  // Everything that is shown comes from here, and goes into text nodes and attributes of this script's choice, never into markup.
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const { MORE, el, put, human, show, column, table } = parts;

  const filters = [];
  /** A box that filters one table. */
  function box(id, label, apply) {
    const input = el("input", { type: "search", id: "filter-" + id, placeholder: "filter", "aria-label": "filter " + label });
    let timer = 0;
    const go = () => apply(input.value.trim().toLowerCase());
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, 80); });
    filters.push({ id, set(text) { input.value = text; return apply(text.trim().toLowerCase()); } });
    return input;
  }

  const links = new Map();
  let group = "";
  function link(id, title, count, kind, inGroup) {
    if (inGroup !== group) { group = inGroup; if (group) nav.append(el("h3", {}, group)); }
    const number = el("span", { class: "count" }, count === null ? "" : String(count));
    const a = el("a", { href: "#" + id, class: kind || undefined }, title, number);
    nav.append(a);
    links.set(id, { number, count });
  }

  function block(id, title, command, kind) {
    const top = el("div", { class: "top" }, el("h2", {}, title), command ? el("span", { class: "command" }, command) : null, el("span", { class: "grow" }));
    const section = el("section", { id, class: kind || undefined }, top);
    main.append(section);
    return { section, top };
  }

  // ---- what it is ----
  const sum = data.summary;
  const byId = new Map(data.sections.map((s) => [s.id, s]));
  const rowsOf = (id) => (byId.get(id) || { rows: [] }).rows;
  const field = (s, row, key) => { const i = s.keys.indexOf(key); return i < 0 ? null : row[i]; };

  const everywhere = el("input", { type: "search", id: "everywhere", placeholder: "filter every table", "aria-label": "filter every table" });
  let waiting = 0;
  everywhere.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const f of filters) {
        const found = f.set(everywhere.value);
        const l = links.get(f.id);
        if (l) l.number.textContent = everywhere.value.trim() ? found + " of " + l.count : String(l.count);
      }
    }, 150);
  });
  nav.append(everywhere);

  link("suspicions", "Suspicions", sum.suspicions.total, sum.suspicions.total ? "bad" : "none", "");
  link("identity", "The image", null, "", "");
  const missing = data.sections.filter((s) => s.partial || s.failed);
  link("missing", "What could not be read", missing.length, missing.length ? "partial" : "none", "");

  // ---- suspicions first ----
  const suspects = new Map();
  for (const s of data.suspicions) if (s.pid !== null) suspects.set(s.pid, (suspects.get(s.pid) || 0) + 1);
  {
    const { section, top } = block("suspicions", sum.suspicions.total === 1 ? "1 suspicion" : sum.suspicions.total + " suspicions", null, "suspicions" + (sum.suspicions.total ? " some" : ""));
    const keys = ["kind", "pid", "name", "reason", "address", "evidence", "section"];
    const rows = data.suspicions.map((s) => keys.map((k) => s[k]));
    section.append(el("p", { class: "note" }, rows.length
      ? "What does not fit, by every command that looks for it. A suspicion is a place to look at, not a proof; the command that found it is the last column."
      : "No command that looks for what hides found anything. That is only as good as what could be read: see below."));
    if (rows.length < sum.suspicions.total) section.append(el("p", { class: "note partial" }, "The first " + rows.length + " of " + sum.suspicions.total + " are on this page; the folders json and csv have all."));
    if (rows.length) {
      const t = table(keys.map((k) => column(k, keys)), rows, { keys });
      top.append(box("suspicions", "suspicions", t.filter));
      section.append(t.view);
      t.draw();
    }
  }

  // ---- identity ----
  {
    const { section } = block("identity", "The image", null);
    const dl = el("dl");
    const say = (name, value) => { if (value !== null && value !== undefined && value !== "") dl.append(el("dt", {}, name), put(el("dd", {}), value)); };
    say("case", sum.case);
    say("examiner", sum.examiner);
    say("file", sum.image.path);
    say("format", sum.image.format);
    say("size of the file", sum.image.size + " bytes (" + human(sum.image.size) + ")");
    say("memory", sum.image.memory_size + " bytes (" + human(sum.image.memory_size) + ")");
    const files = sum.sha256.files;
    const hashes = (of) => of.map((f) => (of.length > 1 ? f.sha256 + "  " + f.path : f.sha256)).join("\n");
    say("SHA-256 before", hashes(files.before) || "none: the target is no file");
    say("SHA-256 after", hashes(files.after) || (files.before.length ? "none: interrupted" : null));
    const info = byId.get("info");
    if (info && info.rows.length) {
      const os = field(info, info.rows[0], "os") || {};
      say("system", [os.name, os.version, os.build].filter(Boolean).join(" "));
      say("host name", os.hostname);
      say("architecture", field(info, info.rows[0], "arch"));
      say("processors", os.cpus);
      say("booted", os.boot_time && show("time", os.boot_time) + " UTC");
      say("kernel at", os.kernel_base);
      if (os.registry) { say("product", os.registry.product); say("installed", os.registry.installed && show("time", os.registry.installed) + " UTC"); say("time zone", os.registry.time_zone); }
    }
    say("made by", sum.tool + ", " + show("time", sum.begun) + " to " + show("time", sum.ended) + " UTC");
    say("command", sum.command_line.join(" "));
    section.append(dl);
    for (const w of sum.image.warnings.concat(sum.image.changed || [])) section.append(put(el("p", { class: "note partial" }), w));
  }

  // ---- what could not be read ----
  {
    const { section } = block("missing", "What could not be read", null);
    if (missing.length) {
      const keys = ["section", "what", "why", "rows"];
      const rows = missing.map((s) => [s.title, s.failed ? (s.foreign ? "does not exist here" : "failed") : "partial", [s.failed, s.partial].filter(Boolean).join("; "), s.total]);
      const t = table(keys.map((k) => column(k, keys)), rows, { keys });
      section.append(t.view);
      t.draw();
    } else section.append(el("p", { class: "note" }, "Every section says that it is whole."));
  }

  // ---- the picture ----
  const picture = document.getElementById("picture");
  if (picture) {
    link("memory", "Picture of memory", null, "", "");
    const { section } = block("memory", "Picture of memory", "map", "picture");
    section.append(picture.content.cloneNode(true));
  }

  // ---- the process tree ----
  const ps = byId.get("ps");
  if (ps && ps.rows.length) {
    // Processes that hide are in no list of the system's; the scan has them, with the same keys.
    const listed = new Set(ps.rows.map((r) => field(ps, r, "address")));
    const hides = ps.keys.indexOf("hidden");
    const rows = ps.rows.concat(rowsOf("ps-scan").filter((r) => r[hides] === true && !listed.has(field(ps, r, "address"))));
    const get = (row, key) => field(ps, row, key);
    /** Rows below their parents, with the branches in front of them. Whose parent is not among the rows begins a tree. */
    function lay(some) {
      const children = new Map(), pids = new Set(some.map((r) => get(r, "pid")));
      for (const r of some) {
        const up = get(r, "ppid");
        const under = pids.has(up) && up !== get(r, "pid") ? up : null;
        if (!children.has(under)) children.set(under, []);
        children.get(under).push(r);
      }
      const lines = [], seen = new Set();
      // A stack of its own: a chain of processes may be longer than the script's.
      const walk = (roots) => {
        const stack = roots.slice().reverse().map((r) => [r, 0, ""]);
        while (stack.length) {
          const [row, depth, prefix] = stack.pop();
          if (seen.has(row)) continue;
          seen.add(row);
          lines.push({ row, prefix });
          const below = (children.get(get(row, "pid")) || []).filter((r) => !seen.has(r));
          const base = depth > 40 ? prefix : prefix.replace(/├─ $/, "│  ").replace(/└─ $/, "   ");
          for (let i = below.length - 1; i >= 0; i -= 1) {
            stack.push([below[i], depth + 1, depth > 40 ? base : base + (i === below.length - 1 ? "└─ " : "├─ ")]);
          }
        }
      };
      walk(children.get(null) || []);
      // Parents that are each other's children are below nobody.
      for (const r of some) if (!seen.has(r)) walk([r]);
      return lines;
    }
    const everyone = lay(rows), users = lay(rows.filter((r) => !get(r, "kernel_thread")));
    link("tree", "Process tree", rows.length, "", "");
    const { section, top } = block("tree", "Process tree", "ps");
    const state = { needle: "", kernel: false, shown: 400 };
    const body = el("tbody");
    const rest = el("div", { class: "more" });
    const text = (r) => [get(r, "pid"), get(r, "name"), get(r, "command_line"), get(r, "image_path"), get(r, "user"), get(r, "uid")].join("\u0001").toLowerCase();
    function draw() {
      const visible = (state.kernel ? everyone : users).filter((l) => !state.needle || text(l.row).includes(state.needle));
      body.replaceChildren(...visible.slice(0, state.shown).map((l) => {
        const r = l.row, pid = get(r, "pid"), n = suspects.get(pid) || 0;
        const name = put(el("td", { class: "tight" }, el("span", { class: "branch" }, state.needle ? "" : l.prefix)), get(r, "name"), state.needle);
        if (get(r, "hidden")) name.append(" ", el("span", { class: "badge" }, "hidden"));
        if (n) name.append(" ", el("a", { class: "badge", href: "#suspicions", title: n + " suspicions" }, "⚑ " + n));
        const who = get(r, "user") || get(r, "sid") || get(r, "uid");
        return el("tr", { class: n || get(r, "hidden") ? "bad" : undefined },
          put(el("td", { class: "right" }), pid, state.needle), name, put(el("td", { class: "tight" }), who === null ? "–" : who, state.needle),
          el("td", { class: "time" }, show("time", get(r, "start_time"))), put(el("td", { class: "long" }), get(r, "command_line") || get(r, "image_path") || "", state.needle));
      }));
      rest.replaceChildren();
      if (visible.length > state.shown) rest.append(el("button", { type: "button", on: { click: () => { state.shown += MORE; draw(); } } }, "show more"), (visible.length - state.shown) + " are not drawn");
      return visible.length;
    }
    const threads = rows.filter((r) => get(r, "kernel_thread")).length;
    if (threads) {
      const toggle = el("button", { type: "button", "aria-pressed": "false", on: { click: () => { state.kernel = !state.kernel; toggle.setAttribute("aria-pressed", String(state.kernel)); draw(); } } }, threads + " threads of the kernel");
      top.append(el("span", { class: "chips" }, toggle));
    }
    top.append(box("tree", "the process tree", (needle) => { state.needle = needle; return draw(); }));
    const head = (t) => el("th", { scope: "col" }, el("button", { type: "button", tabindex: "-1" }, t));
    section.append(el("div", { class: "scroll" }, el("table", { class: "tree" }, el("thead", {}, el("tr", {}, ...["pid", "name", "user", "started", "command line"].map(head))), body)), rest);
    draw();
  }

  // ---- every section ----
  const groups = [];
  for (const s of data.sections) if (!groups.includes(s.group)) groups.push(s.group);
  const first = ["What hides", "Processes", "Time"];
  groups.sort((a, b) => (first.indexOf(a) + 1 || 9) - (first.indexOf(b) + 1 || 9));
  for (const name of groups) {
    for (const s of data.sections.filter((one) => one.group === name && one.id !== "info")) {
      const kind = s.failed ? (s.foreign ? "none" : "failed") : s.partial ? "partial" : s.total ? "" : "none";
      link(s.id, s.title, s.total, kind, name);
      const { section, top } = block(s.id, s.title, s.command);
      if (s.failed) section.append(put(el("p", { class: "note failed" }), (s.foreign ? "Not here: " : "Failed: ") + s.failed));
      if (s.partial) section.append(put(el("p", { class: "note partial" }), "Partial: " + s.partial));
      if (!s.total && !s.failed) section.append(put(el("p", { class: "note" }), "Nothing: " + (s.nothing || "no rows")));
      if (s.rows.length < s.total) section.append(el("p", { class: "note partial" }, "This page has " + s.rows.length + " of " + s.total + " rows, the " + (s.last ? "latest; times of files share half of the room" : "first") + "; csv/" + s.id + ".csv and json/" + s.id + ".json have all."));
      if (!s.rows.length) continue;
      const bad = s.keys.indexOf("hidden");
      const pid = s.keys.indexOf("pid");
      const options = { keys: s.keys, bad: s.id.endsWith("-scan") ? (r) => r[bad] === true : null };
      if (s.id === "timeline") {
        const at = s.keys.indexOf("kind"), on = new Set();
        const kinds = [...new Set(s.rows.map((r) => r[at]))];
        options.accept = (r) => !on.size || on.has(r[at]);
        const chips = el("span", { class: "chips" });
        for (const k of kinds) {
          const b = el("button", { type: "button", "aria-pressed": "false", on: { click: () => { if (!on.delete(k)) on.add(k); b.setAttribute("aria-pressed", String(on.has(k))); t.draw(); } } }, String(k));
          chips.append(b);
        }
        top.append(chips);
      }
      const extra = s.id.endsWith("-scan") && pid >= 0 ? ["hidden"] : s.id === "modules-scan" ? ["hidden"] : [];
      const columns = (s.columns.length ? s.columns : s.keys).filter((c) => !extra.includes(c)).concat(extra).map((c) => column(c, s.keys));
      const t = table(columns, s.rows, options);
      top.append(box(s.id, s.title, t.filter));
      section.append(t.view);
      t.draw();
    }
  }
  document.documentElement.dataset.ready = "yes";
})();
