
"use strict";
/** What the page is built of: elements, text that is harmless, cells, tables. */
const parts = (() => {
  const FIRST = 100, MORE = 1000;

  // The same letters as a terminal is spared: what moves, hides or reverses text is written out.
  function pieces(text) {
    const out = [];
    let from = 0;
    // Surrogates of ordinary letters come in pairs, and stay.
    const all = text.matchAll(/[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu);
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

  return { MORE, el, put, human, show, column, table };
})();
