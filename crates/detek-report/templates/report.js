"use strict";
// Adds to a page that can be read without it: filter, order, grouping, rows beyond the first, details of a finding.
// Cluster text only ever becomes a text node or an attribute value; no markup is parsed here.
(() => {
  const PAGE = 200;
  const LEVELS = ["Fatal", "Error", "Warn", "Info"];
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(one("#page-data").textContent);
  const runs = data.runs || [data];
  const state = { q: "", group: "detector", sort: "" };

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "click") element.addEventListener("click", value);
      else if (value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const stored = {
    get(key) { try { return localStorage.getItem("detek." + key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem("detek." + key, value); } catch { /* not allowed from disk */ } },
  };

  const count = (number) => number.toLocaleString("en-US");
  const plural = (number, word) => count(number) + " " + word + (number === 1 ? "" : "s");

  // Findings, flat. `order` keeps the order of the report: worst first, then by subject.
  const ownerOf = (finding) => {
    const owner = finding.owner;
    return !owner ? "" : typeof owner === "string" ? owner : owner.name || JSON.stringify(owner);
  };
  const objectOf = ({ kind, namespace, name }) => [kind, namespace, name].filter(Boolean).join("/");
  const withWaived = runs.map((run) =>
    run.reports.flatMap((report) =>
      (report.findings || []).map((finding, order) => ({ run, report, finding, order }))));
  // What is accepted is told apart, and in what is saved.
  const items = withWaived.map((list) => list.filter((item) => !item.finding.waiver));
  const causes = new Map(items.flat().map((item) => [item.finding.fingerprint, item]));
  const effects = new Map();
  for (const item of items.flat()) {
    const { cause } = item.finding;
    if (cause) effects.set(cause, [...(effects.get(cause) || []), item]);
  }

  // Filter

  function terms(text) {
    return [...text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)].map(([whole, minus, key, quoted, plain]) => {
      const value = (quoted ?? plain).toLowerCase();
      const field = FIELDS[(key || "").toLowerCase()];
      if (key && !field) return { not: false, field: null, values: [whole.toLowerCase()] };
      return { not: minus === "-", field: field || null, values: field ? value.split(",") : [value] };
    });
  }

  const FIELDS = {
    level: (item) => item.finding.level,
    ns: (item) => item.finding.subject.namespace || "",
    namespace: (item) => item.finding.subject.namespace || "",
    kind: (item) => item.finding.subject.kind,
    name: (item) => item.finding.subject.name || "",
    detector: (item) => item.report.detector,
    owner: (item) => ownerOf(item.finding),
    cluster: (item) => item.run.target.context,
  };

  function words(item) {
    item.words ??= [item.report.detector, item.report.title, objectOf(item.finding.subject), item.finding.message,
      (item.finding.samples || []).join(" "), JSON.stringify(item.finding.evidence || {})].join("\n").toLowerCase();
    return item.words;
  }

  function equal(have, want) {
    have = have.toLowerCase();
    return want.endsWith("*") ? have.startsWith(want.slice(0, -1)) : have === want;
  }

  function matches(item, wanted) {
    return wanted.every(({ not, field, values }) => {
      const hit = field ? values.some((value) => equal(field(item), value)) : words(item).includes(values[0]);
      return hit !== not;
    });
  }

  // Order

  const SORTS = {
    detector: (item) => item.report.detector,
    ns: (item) => item.finding.subject.namespace || "",
    object: (item) => item.finding.subject.kind + "/" + (item.finding.subject.name || ""),
    what: (item) => item.finding.message,
    count: (item) => item.finding.count,
  };

  function sorted(list) {
    const key = SORTS[state.sort.replace("-", "")];
    if (!key) return list;
    const sign = state.sort.startsWith("-") ? -1 : 1;
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return [...list].sort((a, b) => sign * compare(key(a), key(b)) || a.order - b.order);
  }

  // Rows

  const COLUMNS = { detector: "Detector", ns: "Namespace", object: "Object", what: "What is wrong", count: "Seen on" };

  function head(columns) {
    return make("tr", {}, ...columns.map((column) => {
      const now = state.sort === column ? "ascending" : state.sort === "-" + column ? "descending" : null;
      const next = now === "ascending" ? "-" + column : now === "descending" ? "" : column;
      const button = make("button", { type: "button", "data-sort": column, click: () => change({ sort: next }) }, COLUMNS[column]);
      return make("th", { scope: "col", "aria-sort": now, class: column === "count" ? "number" : null }, button);
    }));
  }

  function what(item) {
    const { finding, report } = item;
    const cell = make("td");
    if (finding.level !== report.level) cell.append(make("span", { class: "word " + finding.level.toLowerCase() }, finding.level), " ");
    cell.append(finding.message);
    if (finding.samples) {
      const names = finding.samples.map((name) => name.split("/").pop()).join(", ");
      cell.append(" ", make("small", {}, names + (finding.count > finding.samples.length ? ", ..." : "")));
    }
    const cause = causes.get(finding.cause);
    if (cause) cell.append(" ", make("small", {}, "follows from ", linkTo(cause, cause.report.detector)));
    return cell;
  }

  function cells(item, columns) {
    const { subject, count: seen } = item.finding;
    const row = make("tr");
    const button = make("button", { type: "button", class: "open-row", "aria-expanded": "false" }, subject.kind);
    if (subject.name) button.append("/", make("b", {}, subject.name));
    button.addEventListener("click", () => toggle(item, row, button, columns.length));
    const cell = {
      detector: () => make("td", {}, item.report.detector),
      ns: () => make("td", {}, subject.namespace || ""),
      object: () => make("th", { scope: "row" }, button),
      what: () => what(item),
      count: () => make("td", { class: "number" }, count(seen)),
    };
    row.append(...columns.map((column) => cell[column]()));
    return row;
  }

  function toggle(item, row, button, width) {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    if (open) row.after(make("tr", { class: "more" }, make("td", { colspan: width }, details(item))));
    else row.nextElementSibling.remove();
  }

  const plain = (text) => /^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/.test(text);

  // Only for names that mean nothing to a shell.
  function commandFor({ group, kind, namespace, name }) {
    if (!name || ![kind, name, namespace || "a", group || "a"].every(plain)) return null;
    const type = kind.toLowerCase() + (group ? "." + group : "");
    return `kubectl get ${type} ${name}${namespace ? " -n " + namespace : ""} -o yaml`;
  }

  const quoted = (text) => (/[\s",]/.test(text) ? `"${text.replaceAll('"', "")}"` : text);

  function queryFor({ report, finding: { subject } }) {
    const parts = [["detector", report.detector], ["ns", subject.namespace], ["kind", subject.kind], ["name", subject.name]];
    return parts.filter(([, value]) => value).map(([key, value]) => key + ":" + quoted(value)).join(" ");
  }

  const linkTo = (item, text) => make("a", { href: "#" + new URLSearchParams({ q: queryFor(item) }) }, text);

  function details(item) {
    const { finding } = item;
    const list = make("dl");
    const add = (name, ...value) => list.append(make("dt", {}, name), make("dd", {}, ...value));
    for (const [name, value] of Object.entries(finding.evidence || {})) {
      add(name, typeof value === "string" ? value : JSON.stringify(value));
    }
    if (finding.path) add("path", finding.path);
    if (finding.samples) add("objects", finding.samples.join(", ") + (finding.count > finding.samples.length ? ", and more" : ""));
    if (finding.related) add("related", finding.related.join(", "));
    for (const effect of effects.get(finding.fingerprint) || []) {
      add("explains", linkTo(effect, `${effect.report.detector} of ${objectOf(effect.finding.subject)}`));
    }
    if (ownerOf(finding)) add("owner", ownerOf(finding));
    const command = commandFor(finding.subject);
    if (command) add("look", copyable(command));
    add("link", linkTo(item, "only this object"));
    add("fingerprint", finding.fingerprint);
    return list;
  }

  // Groups

  function fill(group) {
    group.stale = false;
    const table = one("table", group.element);
    const known = { detector: ["detector"], namespace: ["ns"], object: ["ns"] }[state.group] || [];
    const columns = Object.keys(COLUMNS).filter((column) => !known.includes(column));
    const focused = table.contains(document.activeElement) && document.activeElement.dataset.sort;
    table.tHead.replaceChildren(head(columns));
    if (focused) one(`[data-sort="${focused}"]`, table)?.focus();
    const rows = sorted(group.items);
    table.tBodies[0].replaceChildren(...rows.slice(0, PAGE).map((item) => cells(item, columns)));
    one(".rest", group.element)?.remove();
    let shown = Math.min(PAGE, rows.length);
    if (shown === rows.length) return;
    const said = make("span");
    const more = make("button", { type: "button" }, "Show more");
    const rest = make("p", { class: "rest" }, said, more);
    const say = () => {
      said.textContent = `${count(shown)} of ${count(rows.length)} shown.`;
      more.hidden = shown === rows.length;
    };
    more.addEventListener("click", () => {
      const next = rows.slice(shown, shown + PAGE).map((item) => cells(item, columns));
      table.tBodies[0].append(...next);
      shown += next.length;
      say();
      one("button", next[0])?.focus();
    });
    say();
    table.after(rest);
  }

  const GROUPS = {
    namespace: (item) => item.finding.subject.namespace || "cluster-wide",
    object: (item) => objectOf(item.finding.subject),
    owner: (item) => ownerOf(item.finding) || "no owner known",
    level: (item) => item.finding.level,
  };

  const worst = (list) => LEVELS.find((level) => list.some((item) => item.finding.level === level)) || "Info";

  function badge(level) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const use = document.createElementNS(space, "use");
    svg.setAttribute("class", "badge " + level.toLowerCase());
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", "#shape-" + level.toLowerCase());
    svg.append(use);
    return svg;
  }

  function listen(group) {
    group.label = one(".count", group.element).textContent;
    group.element.addEventListener("toggle", () => {
      if (group.element.open && group.stale) fill(group);
    });
    return group;
  }

  function section(group) {
    const level = worst(group.all);
    group.element = make("details", { class: "group" },
      make("summary", {}, badge(level), state.group === "level" ? "" : make("span", { class: "word" }, level), " ",
        make("h4", {}, group.title), " ", make("span", { class: "count" }, plural(group.all.length, "finding"))),
      make("table", { class: "objects" }, make("caption", { class: "unseen" }, group.title), make("thead"), make("tbody")));
    return listen(group);
  }

  // A grouping is made when it is first chosen, and kept; the elements of its groups when they are first shown.
  const clusters = all(".cluster").map((element, number) => {
    const root = one(".groups", element);
    const list = all(".group", root).map((details) => {
      const found = items[number].filter((item) => item.report.detector === details.dataset.detector);
      return listen({ all: found, items: found, element: details });
    });
    return { root, list: items[number], groupings: { detector: { root, list, limit: Infinity } } };
  });

  function grouping(cluster) {
    cluster.groupings[state.group] ??= (() => {
      const rank = (group) => LEVELS.indexOf(worst(group.all));
      const list = [...Map.groupBy(cluster.list, GROUPS[state.group])].map(([title, found]) => ({ title, all: found }))
        .sort((a, b) => rank(a) - rank(b) || b.all.length - a.all.length);
      const more = make("button", { type: "button" }, "Show more");
      const rest = make("p", { class: "rest" }, make("span"), more);
      const made = { root: make("div", { class: "groups" }, rest), list, limit: PAGE, rest };
      more.addEventListener("click", () => {
        made.limit += PAGE;
        render();
      });
      cluster.root.after(made.root);
      return made;
    })();
    for (const [name, { root }] of Object.entries(cluster.groupings)) root.hidden = name !== state.group;
    return cluster.groupings[state.group];
  }

  function renderGroup(group, few) {
    const { element, label } = group;
    group.stale = true;
    one(".count", element).textContent =
      group.items.length < group.all.length ? `${count(group.items.length)} of ${plural(group.all.length, "finding")}` : label;
    // What a narrow filter opened, it closes when it goes.
    if (few && !element.open) element.dataset.opened = "";
    if (!few && "opened" in element.dataset) {
      delete element.dataset.opened;
      element.open = false;
    }
    if (few) element.open = true;
    if (element.open) fill(group);
  }

  function renderCluster(cluster, wanted) {
    const found = wanted.length ? cluster.list.filter((item) => matches(item, wanted)) : cluster.list;
    const kept = new Set(found);
    const few = wanted.length > 0 && found.length <= 40;
    const { root, list, limit, rest } = grouping(cluster);
    let before = null;
    let shown = 0;
    for (const group of list) {
      group.items = wanted.length ? group.all.filter((item) => kept.has(item)) : group.all;
      const visible = group.items.length > 0 && ++shown <= limit;
      if (visible && !group.element) {
        section(group);
        if (before) before.after(group.element);
        else root.prepend(group.element);
      }
      if (group.element) {
        group.element.hidden = !visible;
        before = group.element;
      }
      if (visible) renderGroup(group, few);
    }
    if (rest) {
      rest.hidden = shown <= limit;
      rest.firstChild.textContent = `${count(Math.min(shown, limit))} of ${count(shown)} groups shown.`;
    }
    return found.length;
  }

  function render() {
    const wanted = terms(state.q);
    const found = clusters.reduce((sum, cluster) => sum + renderCluster(cluster, wanted), 0);
    const total = items.reduce((sum, list) => sum + list.length, 0);
    one("#page-count").value = (wanted.length ? count(found) + " of " : "") + plural(total, "finding");
    const levels = wanted.find((term) => term.field === FIELDS.level && !term.not);
    for (const button of all(".chip button")) {
      button.setAttribute("aria-pressed", String(Boolean(levels?.values.includes(button.parentElement.dataset.level))));
    }
    filter.value = state.q;
    one("#page-group").value = state.group;
  }

  // State, in the address

  function change(part) {
    Object.assign(state, part);
    const kept = new URLSearchParams();
    if (state.q) kept.set("q", state.q);
    if (state.group !== "detector") kept.set("group", state.group);
    if (state.sort) kept.set("sort", state.sort);
    history.replaceState(null, "", kept.size ? "#" + kept : location.href.split("#")[0]);
    render();
  }

  function read() {
    const hash = location.hash.slice(1);
    if (!/^(q|group|sort)=/.test(hash)) {
      const target = hash && document.getElementById(decodeURIComponent(hash));
      if (!target) return hash === "" && render();
      if (target.hidden || target.closest("[hidden]")) change({ q: "", group: "detector" });
      for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
      target.scrollIntoView();
      return undefined;
    }
    const kept = new URLSearchParams(hash);
    state.q = kept.get("q") || "";
    state.group = GROUPS[kept.get("group")] ? kept.get("group") : "detector";
    state.sort = SORTS[(kept.get("sort") || "").replace("-", "")] ? kept.get("sort") : "";
    return render();
  }

  // Copying and saving

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function copyable(command) {
    const button = make("button", { type: "button", class: "copy", "aria-label": "Copy: " + command }, "copy");
    button.addEventListener("click", async () => {
      await copy(command);
      button.textContent = "copied";
      button.addEventListener("blur", () => { button.textContent = "copy"; }, { once: true });
    });
    return make("span", { class: "copyable" }, make("code", { class: "command" }, command), button);
  }

  function save(text, type, name) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    make("a", { href: address, download: name }).click();
    URL.revokeObjectURL(address);
  }

  // The bytes of `-o csv`: cells that a spreadsheet would take for a formula become text.
  function csvCell(value) {
    const text = String(value ?? "");
    const cell = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^'/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }

  function csv() {
    const row = ({ run, report, finding }) => {
      const { subject, evidence, samples = [], related = [] } = finding;
      return {
        cluster: run.target.context, detector: report.detector, level: finding.level, group: subject.group,
        kind: subject.kind, namespace: subject.namespace, name: subject.name, count: finding.count,
        samples: samples.join(" "), message: finding.message, path: finding.path,
        evidence: evidence && JSON.stringify(evidence), related: related.join(" "), fingerprint: finding.fingerprint,
        cause: finding.cause, waiver: finding.waiver?.name,
      };
    };
    const names = "cluster,detector,level,group,kind,namespace,name,count,samples,message,path,evidence,related,fingerprint,cause,waiver";
    return [names, ...withWaived.flat().map((item) => Object.values(row(item)).map(csvCell).join(","))].join("\n") + "\n";
  }

  // Theme

  const THEMES = ["auto", "light", "dark"];
  function theme(name) {
    const known = THEMES.includes(name) ? name : "auto";
    if (known === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = known;
    one("[data-theme-name]").textContent = known;
    stored.set("theme", known);
  }

  const ACTIONS = {
    theme: () => theme(THEMES[(THEMES.indexOf(one("[data-theme-name]").textContent) + 1) % THEMES.length]),
    json: () => save(JSON.stringify(data, null, 2) + "\n", "application/json", "detek.json"),
    csv: () => save(csv(), "text/csv", "detek.csv"),
    help: () => one("#page-help").showModal(),
  };

  // Keys

  function move(step) {
    const stops = all(".group > summary, .open-row, .section > summary").filter((stop) => stop.checkVisibility());
    const at = stops.indexOf(document.activeElement);
    const from = at >= 0 ? at + step : stops.findIndex((stop) => stop.getBoundingClientRect().top >= 0);
    stops[Math.max(0, Math.min(stops.length - 1, from))]?.focus();
  }

  const KEYS = {
    "/": () => filter.focus(),
    j: () => move(1),
    k: () => move(-1),
    "?": () => ACTIONS.help(),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key === "Escape" && event.target === filter) change({ q: "" });
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !one("#page-keys").checked || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // Start

  const filter = one("#page-filter");
  one(".filter").addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => change({ q: filter.value }));
  one("#page-group").addEventListener("change", (event) => change({ group: event.target.value }));
  for (const button of all("[data-do]")) button.addEventListener("click", ACTIONS[button.dataset.do]);
  one("#page-keys").checked = stored.get("keys") !== "off";
  one("#page-keys").addEventListener("change", (event) => stored.set("keys", event.target.checked ? "on" : "off"));
  for (const chip of all(".chip")) {
    if (chip.dataset.level === "unknown") continue; // leads to the coverage
    const button = make("button", { type: "button", "aria-pressed": "false" });
    button.append(...chip.childNodes);
    button.addEventListener("click", () => {
      const without = state.q.replace(/(^|\s)level:\S+/gi, "").trim();
      const pressed = button.getAttribute("aria-pressed") === "true";
      change({ q: pressed ? without : `level:${chip.dataset.level} ${without}`.trim() });
    });
    chip.append(button);
  }
  for (const code of all("code.command")) code.replaceWith(copyable(code.textContent));
  for (const time of all("time")) {
    time.after(` (${new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" })})`);
  }
  const opened = [];
  addEventListener("beforeprint", () => all("details:not([open])").forEach((part) => { part.open = true; opened.push(part); }));
  addEventListener("afterprint", () => opened.splice(0).forEach((part) => { part.open = false; }));
  addEventListener("hashchange", read);
  if (!items.flat().some((item) => ownerOf(item.finding))) one("#page-group [value=owner]").remove();
  theme(stored.get("theme"));
  for (const part of all("[data-script]")) part.hidden = false;
  render();
  read();
})();
