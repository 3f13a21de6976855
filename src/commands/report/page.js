
"use strict";
(() => {
  // Everything that is shown comes from here, and goes into text nodes and attributes of this script's choice, never into markup.
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const FIRST = 100, MORE = 1000;

  // The same letters as a terminal is spared: what moves, hides or reverses text is written out.
  function pieces(text) {
    const out = [];
    let from = 0;
    // Surrogates of ordinary letters come in pairs, and stay.
    const all = text.matchAll(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g);
    for (const m of all) {
      if (m.index > from) out.push([text.slice(from, m.index), false]);
      const c = m[0].codePointAt(0);
      const known = { 9: "\\t", 10: "\\n", 13: "\\r" }[c];
      out.push([known || (c < 256 ? "\\x" + c.toString(16).padStart(2, "0") : "\\u{" + c.toString(16) + "}"), true]);
      from = m.index + m[0].length;
    }
    if (from < text.length) out.push([text.slice(from), false]);
    return out;
  }

  function el(name, attributes, ...children) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (key === "on") for (const [event, act] of Object.entries(value)) e.addEventListener(event, act);
      else if (key === "class") e.className = value;
      else e.setAttribute(key, value === true ? "" : value);
    }
    for (const child of children) if (child !== null && child !== undefined) e.append(child);
    return e;
  }

  /** Adds text of the image to an element: harmless, and with what is looked for marked. */
  function put(e, text, needle) {
    for (const [piece, escaped] of pieces(String(text))) {
      if (escaped) {
        e.append(el("span", { class: "escape", title: "a character that a terminal or a browser would not show" }, piece));
        continue;
      }
      let from = 0;
      if (needle) {
        const low = piece.toLowerCase();
        // Letters that change their length in lower case would put the mark in the wrong place.
        for (let at = low.length === piece.length ? low.indexOf(needle) : -1; at >= 0; at = low.indexOf(needle, from)) {
          if (at > from) e.append(piece.slice(from, at));
          e.append(el("mark", {}, piece.slice(at, at + needle.length)));
          from = at + needle.length;
        }
      }
      if (from < piece.length) e.append(piece.slice(from));
    }
    return e;
  }

  const SIZES = new Set(["size", "memory", "memory_size", "page_size", "kernel_size", "bytes", "cached", "commit", "unreadable", "used", "volatile_size"]);
  const HEXES = new Set(["offset", "handle", "granted_access", "rva", "raw_offset"]);
  const isHex = (v) => typeof v === "string" && /^0x[0-9a-f]{1,32}$/.test(v);
  const isTime = (v) => typeof v === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(v);
  function human(n) {
    if (n < 1024) return String(n);
    const units = ["K", "M", "G", "T", "P"];
    let i = -1;
    do { n /= 1024; i += 1; } while (n >= 1024 && i < units.length - 1);
    return (n < 10 && !Number.isInteger(n) ? n.toFixed(1) : String(Math.round(n))) + units[i];
  }
  function show(key, v) {
    if (v === null || v === undefined || v === "") return "–";
    if (typeof v === "boolean") return v ? "yes" : "no";
    if (typeof v === "number") {
      if (SIZES.has(key)) return human(v);
      if (HEXES.has(key)) return "0x" + v.toString(16);
      return Number.isInteger(v) ? String(v) : v.toFixed(6);
    }
    if (isTime(v)) return v.replace("T", " ").replace(/(\.\d{3})\d*Z$|Z$/, "$1");
    if (Array.isArray(v)) return v.length ? v.map((one) => show("", one)).join(key === "args" ? " " : ", ") : "–";
    if (typeof v === "object") return JSON.stringify(v);
    return String(v);
  }
  /** Less than, whatever both are: nothing comes last, numbers and addresses by value. */
  function order(a, b) {
    const none = (v) => v === null || v === undefined || v === "" || (Array.isArray(v) && !v.length);
    if (none(a) || none(b)) return none(a) - none(b);
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (isHex(a) && isHex(b)) {
      const [x, y] = [BigInt(a), BigInt(b)];
      return x < y ? -1 : x > y ? 1 : 0;
    }
    const [x, y] = [typeof a === "object" ? JSON.stringify(a) : String(a), typeof b === "object" ? JSON.stringify(b) : String(b)];
    return x.localeCompare(y, "en", { numeric: true });
  }

  /** `key`, `?key` (spare), `!key` (only where anything is in it), `title=a|b`, `title=address:port`. */
  function column(text, keys) {
    const only = text.startsWith("!");
    const plain = text.replace(/^!?\?*/, "");
    const cut = plain.indexOf("=");
    const fields = cut < 0 ? plain : plain.slice(cut + 1);
    const title = (cut < 0 ? plain.split(".").pop() : plain.slice(0, cut)).replaceAll("_", " ");
    const pair = fields.includes(":");
    const paths = fields.split(/[:|]/).map((f) => f.split("."));
    const at = paths.map((p) => keys.indexOf(p[0]));
    const value = (row, i) => {
      let v = row[at[i]];
      for (const part of paths[i].slice(1)) v = v && typeof v === "object" ? v[part] : undefined;
      return v === undefined ? null : v;
    };
    const filled = (v) => v !== null && v !== "";
    const get = pair
      ? (row) => {
          const [a, p] = [value(row, 0), value(row, 1)];
          if (!filled(a)) return filled(p) ? "*:" + p : null;
          return !filled(p) ? a : (String(a).includes(":") ? "[" + a + "]" : a) + ":" + p;
        }
      : (row) => { for (let i = 0; i < paths.length; i += 1) { const v = value(row, i); if (filled(v)) return v; } return null; };
    return { title, get, only, key: paths[0][paths[0].length - 1] };
  }

  /** A table that is sorted by a click, filtered by a text, and drawn as far as it is looked at. */
  function table(columns, rows, options) {
    const state = { sort: null, down: false, needle: "", shown: FIRST };
    const used = columns.filter((c) => !c.only || rows.some((r) => { const v = c.get(r); return v !== null && v !== false && !(Array.isArray(v) && !v.length); }));
    const texts = new Map();
    const textOf = (row) => {
      let t = texts.get(row);
      if (t === undefined) {
        t = (used.map((c) => show(c.key, c.get(row))).join("\u0001") + "\u0001" + row.map((v) => (v === null ? "" : typeof v === "object" ? JSON.stringify(v) : String(v))).join("\u0001")).toLowerCase();
        texts.set(row, t);
      }
      return t;
    };
    const body = el("tbody");
    const heads = used.map((c, i) => {
      const th = el("th", { scope: "col", "aria-sort": "none" });
      th.append(el("button", { type: "button", on: { click: () => { state.down = state.sort === i && !state.down; state.sort = i; draw(); } } }, c.title));
      return th;
    });
    const rest = el("div", { class: "more" });
    const chosen = () => {
      let list = rows;
      if (options.accept) list = list.filter(options.accept);
      if (state.needle) list = list.filter((r) => textOf(r).includes(state.needle));
      if (state.sort !== null) {
        const get = used[state.sort].get;
        // Nothing stays last, whichever way the table is sorted.
        const none = (v) => v === null || v === "";
        list = list.map((r) => [get(r), r]).sort((a, b) => (none(a[0]) || none(b[0]) || !state.down ? order(a[0], b[0]) : order(b[0], a[0]))).map((p) => p[1]);
      }
      return list;
    };
    function detail(row, after) {
      if (after.nextSibling && after.nextSibling.classList && after.nextSibling.classList.contains("detail")) { after.nextSibling.remove(); return; }
      const dl = el("dl");
      options.keys.forEach((key, i) => {
        if (row[i] === null || row[i] === undefined) return;
        dl.append(el("dt", {}, key), put(el("dd", { class: "mono" }), typeof row[i] === "object" ? JSON.stringify(row[i]) : String(row[i]), state.needle));
      });
      after.after(el("tr", { class: "detail" }, el("td", { colspan: used.length }, dl)));
    }
    function draw() {
      const list = chosen();
      heads.forEach((th, i) => th.setAttribute("aria-sort", state.sort !== i ? "none" : state.down ? "descending" : "ascending"));
      body.replaceChildren(...list.slice(0, state.shown).map((row) => {
        const tr = el("tr", { class: "row" + (options.bad && options.bad(row) ? " bad" : "") });
        for (const c of used) {
          const v = c.get(row);
          const text = show(c.key, v);
          const kind = text === "–" ? "empty" : isHex(v) ? "address" : typeof v === "number" ? "right" : isTime(v) ? "time" : text.length <= 18 ? "tight" : text.length > 60 ? "long" : "";
          const td = put(el("td", { class: kind || undefined, title: isTime(v) || (typeof v === "number" && SIZES.has(c.key)) ? String(v) : undefined }), text, state.needle);
          tr.append(td);
        }
        tr.addEventListener("click", (event) => {
          // Who marks text in a row wants to copy it.
          const marked = getSelection();
          if (event.target.closest("a, button") || (marked.type === "Range" && tr.contains(marked.anchorNode))) return;
          detail(row, tr);
        });
        return tr;
      }));
      const left = list.length - Math.min(state.shown, list.length);
      rest.replaceChildren();
      if (left > 0) {
        rest.append(el("button", { type: "button", on: { click: () => { state.shown += MORE; draw(); } } }, "show " + Math.min(MORE, left) + " more"), left + " of " + list.length + " rows are not drawn");
      } else if (state.needle || options.accept) rest.append(list.length + " of " + rows.length + " rows");
      return list.length;
    }
    const view = el("div", {}, el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body)), rest);
    return { view, draw, filter(needle) { state.needle = needle; state.shown = FIRST; return draw(); } };
  }

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
    say("SHA-256 before", sum.sha256.before || "none: the target is no file");
    say("SHA-256 after", sum.sha256.after || (sum.sha256.before ? "none: interrupted" : null));
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
