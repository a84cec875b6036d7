// Makes the report's tables sort and filter, switches its theme, and opens what a link leads to. The page is whole
// without it; controls are hidden until it runs. It stores nothing and asks for nothing.
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text }, properties);
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (text, wanted) => wanted.every((word) => text.includes(word));

  for (const controls of all(".bar, .tools, .chips")) controls.hidden = false;

  // ---- Sorting: up, down, as it was. Rows without a figure come last either way.

  const collator = new Intl.Collator("en", { numeric: true });

  function order(table, column, direction) {
    const numeric = table.heads[column].classList.contains("n") || table.rows.some((row) => "v" in row.line.cells[column].dataset);
    const key = (row) => {
      const cell = row.line.cells[column];
      if (!numeric) return cell.textContent;
      if ("v" in cell.dataset) return Number(cell.dataset.v);
      return /^-?\d[\d,]*(\.\d+)?$/.test(cell.textContent) ? Number(cell.textContent.replaceAll(",", "")) : null;
    };
    const keyed = table.rows.map((row) => [key(row), row]);
    if (direction !== "none") {
      const sign = direction === "ascending" ? 1 : -1;
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * (numeric ? a - b : collator.compare(a, b));
      });
    }
    table.body.append(...keyed.map(([, row]) => row.line), table.nothing);
  }

  function makeSortable(table) {
    table.heads.forEach((head, column) => {
      const button = make("button", "", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
        for (const other of table.heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", next);
        order(table, column, next);
      });
    });
  }

  // ---- Filtering: a row shows if it holds the words for its table and for the page and what the chips ask for.

  const baseName = (text) => text.trim().split(/[?\s(]/)[0];

  function readTable(element) {
    const fold = element.closest(".fold");
    const heads = all("thead th", element);
    const title = fold.querySelector(".name").textContent.toLowerCase();
    const roles = {};
    heads.forEach((head, column) => {
      if (head.dataset.role && !(head.dataset.role in roles)) roles[head.dataset.role] = column;
    });
    const body = element.tBodies[0];
    const rows = [...body.rows].map((line) => ({ line, text: line.textContent.toLowerCase(), shown: true }));
    const nothing = make("tr", "", { className: "nothing", hidden: true });
    nothing.append(make("td", "", { colSpan: heads.length }));
    body.append(nothing);
    return {
      fold, heads, title, roles, body, rows, nothing, section: element.closest("section.tables"),
      count: fold.querySelector(".count"), input: fold.querySelector(".tools input"), total: rows.length,
    };
  }

  const tables = all("table.grid").map(readTable);
  const pageFilter = document.getElementById("filter-all");
  const found = document.querySelector(".found");
  const chosen = new Map(); // section -> role -> Set of names

  function chipsAllow(table, row) {
    const roles = chosen.get(table.section);
    if (!roles) return true;
    return Object.entries(roles).every(([role, names]) => {
      if (names.size === 0 || !(role in table.roles)) return true;
      return names.has(baseName(row.line.cells[table.roles[role]].textContent));
    });
  }

  function show(table) {
    const own = words(table.input ? table.input.value : "");
    const wide = words(pageFilter.value).filter((word) => !table.title.includes(word));
    let count = 0;
    for (const row of table.rows) {
      row.shown = holds(row.text, own) && holds(row.text, wide) && chipsAllow(table, row);
      row.line.hidden = !row.shown;
      count += row.shown;
    }
    const told = `${table.total} row${table.total === 1 ? "" : "s"}`;
    table.count.textContent = count === table.total ? told : `${count} of ${told}`;
    table.nothing.hidden = count > 0 || table.total === 0;
    const asked = [table.input && table.input.value, pageFilter.value].filter(Boolean).map((text) => `“${text.trim()}”`);
    table.nothing.firstChild.textContent = `No row holds ${asked.join(" and ") || "what was chosen"}.`;
    table.fold.classList.toggle("none", count === 0);
    return count;
  }

  function showGroups() {
    for (const group of all(".group")) {
      const own = tables.filter((table) => group.contains(table.fold));
      const holding = own.filter((table) => !table.fold.classList.contains("none")).length;
      group.querySelector(".count").textContent = holding < own.length ? `${holding} of ${own.length} tables` : `${own.length} tables`;
      group.classList.toggle("none", holding === 0);
    }
  }

  function showAll() {
    const counts = tables.map(show);
    showGroups();
    const asked = pageFilter.value.trim();
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const holding = counts.filter((count) => count > 0).length;
    found.textContent = !asked ? "" : rows === 0 ? `No row of any table holds “${asked}”.`
      : `${rows.toLocaleString("en")} row${rows === 1 ? "" : "s"} in ${holding} table${holding === 1 ? "" : "s"}`;
  }

  function later(action) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, 100);
    };
  }

  pageFilter.addEventListener("input", later(showAll));
  for (const table of tables) {
    makeSortable(table);
    if (table.total < 6) table.input.closest(".tools").hidden = true;
    table.input.addEventListener("input", later(() => {
      show(table);
      showGroups();
    }));
  }

  function makeChips(section) {
    const own = tables.filter((table) => table.section === section);
    const roles = {};
    const box = section.querySelector(".chips");
    for (const [role, title] of [["engine", "Engines"], ["processes", "Processes"]]) {
      const names = new Set();
      for (const table of own)
        if (role in table.roles) for (const row of table.rows) names.add(baseName(row.line.cells[table.roles[role]].textContent));
      names.delete("");
      if (names.size < 2 || names.size > 24) continue;
      roles[role] = new Set();
      const line = make("div", "", { role: "group" });
      line.setAttribute("aria-label", title);
      line.append(make("span", title));
      for (const name of [...names].sort(collator.compare)) {
        const chip = make("button", name, { type: "button" });
        chip.setAttribute("aria-pressed", "false");
        chip.addEventListener("click", () => {
          const pressed = roles[role].delete(name) ? false : Boolean(roles[role].add(name));
          chip.setAttribute("aria-pressed", String(pressed));
          own.forEach(show);
          showGroups();
        });
        line.append(chip);
      }
      box.append(line);
    }
    chosen.set(section, roles);
    box.hidden = box.childElementCount === 0;
  }
  all("section.tables").forEach(makeChips);

  // ---- The records: whole cells, by workload and engine.

  const recordFilter = document.getElementById("filter-records");
  recordFilter.addEventListener("input", later(() => {
    const wanted = words(recordFilter.value);
    for (const chapter of all(".chapter")) {
      const title = chapter.querySelector(".name").textContent.toLowerCase();
      let any = false;
      for (const entry of all("tbody", chapter)) {
        entry.hidden = !holds(`${title} ${entry.querySelector("th").textContent.toLowerCase()}`, wanted);
        any = any || !entry.hidden;
      }
      chapter.hidden = !any;
    }
  }));

  // ---- Links open what they lead to; printing opens what is folded.

  function open() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let part = target; part; part = part.parentElement) {
      part.hidden = false;
      if (part.tagName === "DETAILS") part.open = true;
    }
    target.scrollIntoView();
  }
  addEventListener("hashchange", open);
  open();

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open]):not(.chapter):not(.data)");
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });

  // ---- Theme: what the system asks for, until the button is pressed.

  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`);
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  system.addEventListener("change", nameTheme);
  nameTheme();
})();
