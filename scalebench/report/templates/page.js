"use strict";
// What the page does beyond standing there: unfolds what a link points at, sorts tables, shows their other rows, saves
// drawings and tables, renews itself while a run goes on. Without this script everything is still to be read.
(() => {
  const unpack = async (id) => {
    const packed = atob(document.getElementById(id).textContent.trim());
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  let kept;
  const data = () => (kept ??= unpack("page-data").then(JSON.parse));

  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const csv = (rows) =>
    rows.map((row) => row.map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")).join("\r\n");
  const fileName = (text) => `${document.body.dataset.name}-${text.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 50)}`;
  const button = (text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };

  const cells = (row) => [...row.cells].map((cell) => cell.textContent);
  const append = (table, rest) => {
    const note = document.querySelector(`[data-rest="${table.id}"]`);
    if (!note) return;
    delete note.dataset.rest;
    note.querySelector("span").remove();
    note.querySelector("button").remove();
    const body = table.tBodies[0];
    const model = body.rows[0];
    for (const texts of rest) {
      const row = model.cloneNode(true);
      texts.forEach((text, at) => (row.cells[at].textContent = text));
      body.append(row);
    }
  };
  const complete = async (table) => append(table, (await data()).tables[table.id]);
  const valueOf = (text) => {
    const match = text.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/i);
    return match ? Number(match[0]) : NaN;
  };
  const compare = (numeric, direction) => (a, b) => {
    if (!numeric) return direction * a.key.localeCompare(b.key);
    const [x, y] = [valueOf(a.key), valueOf(b.key)];
    return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) : direction * (x - y);
  };
  const sort = async (table, heading) => {
    await complete(table);
    const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const at = heading.cellIndex;
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: row.cells[at].textContent }));
    rows.sort(compare(table.classList.contains(`n${at + 1}`), direction));
    table.tBodies[0].append(...rows.map(({ row }) => row));
  };

  for (const table of document.querySelectorAll("table[id]")) {
    if (table.tBodies[0].rows.length > 1)
      for (const heading of table.tHead.rows[0].cells) {
        const text = heading.textContent;
        heading.textContent = "";
        heading.append(button(text, "", () => sort(table, heading)));
      }
    const actions = document.createElement("p");
    actions.className = "actions";
    const note = document.querySelector(`[data-rest="${table.id}"]`);
    if (note) {
      const count = document.createElement("span");
      count.textContent = `${table.tBodies[0].rows.length} of ${note.dataset.total} rows`;
      const all = `Show all ${note.dataset.total} rows of: ${table.caption.textContent}`;
      actions.append(count, button("Show all", all, () => complete(table)));
      actions.dataset.rest = table.id;
      note.remove();
    }
    actions.append(
      button("CSV", `Save as CSV: ${table.caption.textContent}`, async () => {
        await complete(table);
        const rows = [...table.tHead.rows, ...table.tBodies[0].rows].map(cells);
        save(`${fileName(table.caption.textContent)}.csv`, "text/csv", csv(rows));
      }),
    );
    table.parentElement.after(actions);
  }

  for (const drawing of document.querySelectorAll("figure > svg")) {
    const title = drawing.parentElement.querySelector("figcaption").textContent;
    const name = `${drawing.closest(".chart").querySelector(".caption").textContent}; ${title}`;
    const act = () => {
      const copy = drawing.cloneNode(true);
      copy.setAttribute("style", "color: #000; background: #fff; font-family: sans-serif");
      save(`${fileName(name)}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
    };
    drawing.parentElement.querySelector("figcaption").append(" ", button("SVG", `Save as SVG: ${name}`, act));
  }

  // Paper cannot be asked for the other rows, and nothing can be waited for once printing starts.
  data().then(({ tables }) =>
    addEventListener("beforeprint", () => {
      for (const [id, rest] of Object.entries(tables)) append(document.getElementById(id), rest);
    }),
  );

  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1).split("?")[0]);
    if (!target?.closest("details")) return;
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  const live = document.querySelector("[data-every]");
  if (live) {
    const box = live.querySelector("input");
    box.parentElement.hidden = false;
    setInterval(() => box.checked && location.reload(), Number(live.dataset.every) * 1000);
  }

  window.scalebench = { data, unpack, save, csv, fileName };
})();
