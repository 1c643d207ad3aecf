"use strict";
// The explorer: puts together the encodings of the page, and keeps its choices in the address.
// The chart's own script is unpacked when the explorer is looked at, not before.
(() => {
  const box = document.getElementById("explore");
  if (!box) return;
  const { data, unpack, save, csv, fileName } = window.scalebench;
  const form = box.querySelector("form");
  const status = box.querySelector("[role=status]");
  const area = box.querySelector(".vega");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let plan, rows, limits, view, shown;

  const controls = () => [...form.elements].filter((control) => control.dataset.start !== undefined);
  const chosen = () => Object.fromEntries(controls().map((control) => [control.name, control.value]));
  const write = () => {
    const changed = controls().filter((control) => control.value !== control.dataset.start);
    const words = new URLSearchParams(changed.map((control) => [control.name, control.value])).toString();
    history.replaceState(null, "", words ? `#explorer?${words}` : "#explorer");
  };
  const read = () => {
    const [where, words] = decodeURI(location.hash).split("?");
    if (where !== "#explorer") return false;
    const wanted = new URLSearchParams(words ?? "");
    for (const control of controls()) {
      control.value = wanted.get(control.name) ?? control.dataset.start;
      if (control.value === "" && control.tagName === "SELECT" && control.selectedIndex < 0) control.value = control.dataset.start;
    }
    return true;
  };

  const limit = () => {
    const at = Number(form.elements.limit.value);
    return at >= 100 ? Infinity : limits[0] * (limits[1] / limits[0]) ** (at / 100) * (1 + 1e-9);
  };
  const select = (state) => {
    const most = limit();
    const wanted = state.find.trim().toLowerCase();
    const filters = Object.entries(state).filter(([name, value]) => name.startsWith("is-") && value);
    return rows.filter(
      (row) =>
        filters.every(([name, value]) => row[name.slice(3)] === value) &&
        (!wanted || row.model.toLowerCase().includes(wanted)) &&
        !(row[plan.limit] > most),
    );
  };

  const theme = () => {
    const style = getComputedStyle(document.body);
    const [ink, line] = ["--fg", "--line"].map((name) => style.getPropertyValue(name).trim());
    const text = { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12 };
    return {
      background: "transparent",
      font: style.fontFamily,
      axis: { ...text, gridColor: line, gridOpacity: 0.6, domainColor: line, tickColor: line },
      legend: { ...text, orient: "bottom", columns: box.clientWidth < 600 ? 2 : 6, symbolLimit: 40 },
      header: text,
      view: { stroke: line },
    };
  };
  const specification = (state) => {
    const base = structuredClone(plan.spec);
    const ends = plan.lines[state.y];
    const layers = base.layer.filter((layer) => layer.name === "points" || ends);
    for (const { name, encoding } of layers) {
      encoding.x = plan.channels.x[state.x];
      encoding.color = plan.channels.color[state.color];
      if (name === "points") {
        encoding.y = plan.channels.y[state.y];
        encoding.shape = plan.channels.shape[state.color];
      } else {
        encoding.y = { field: ends[0], type: "quantitative" };
        encoding.y2 = { field: ends[1] };
      }
    }
    const wide = Math.max(200, box.clientWidth - 10);
    const columns = state.facet && wide > 600 ? 2 : 1;
    const size = { width: state.facet ? Math.floor(wide / columns) - 80 : wide, height: state.facet ? 280 : 420 };
    const rest = { ...base, config: theme(), datasets: { cases: shown }, description: describe(state) };
    delete rest.layer;
    delete rest.height;
    if (!state.facet) return { ...rest, ...size, layer: layers, autosize: { type: "fit-x", contains: "padding" } };
    return { ...rest, columns, facet: plan.channels.facet[state.facet], spec: { ...size, layer: layers } };
  };
  const describe = (state) =>
    `${plan.titles[state.y]} against ${plan.titles[state.x]}, coloured by ${plan.titles[state.color]}; ${shown.length} cases`;

  const draw = async () => {
    const state = chosen();
    shown = select(state);
    const most = limit();
    form.elements.bound.value = most === Infinity ? "any" : `${Number(most.toPrecision(3))} ms`;
    status.textContent = `${shown.length} of ${rows.length} cases`;
    view?.finalize();
    view = null;
    area.replaceChildren();
    if (shown.length) view = await chart(state);
    box.dataset.drawn = String(Number(box.dataset.drawn ?? 0) + 1);
  };
  const describeCase = (row, escape) => {
    const text = (value) => escape(typeof value === "number" ? String(Number(value.toPrecision(4))) : value);
    const named = Object.entries(plan.titles).filter(([name]) => row[name] !== null && row[name] !== "");
    const cells = named.map(([name, title]) => `<tr><td class="key">${escape(title)}</td><td class="value">${text(row[name])}</td></tr>`);
    return `<table><tbody>${cells.join("")}</tbody></table>`;
  };
  const chart = async (state) => {
    const made = await window.vegaEmbed(area, specification(state), {
      actions: false, ast: true, renderer: "canvas",
      tooltip: { theme: dark.matches ? "dark" : "light", formatTooltip: describeCase },
    });
    return made.view;
  };
  // One drawing at a time; whatever changes meanwhile is drawn once, after it.
  let busy = null, again = false;
  const redraw = () => {
    if (busy) return (again = true);
    busy = draw().finally(() => {
      busy = null;
      if (again) {
        again = false;
        redraw();
      }
    });
  };

  let started;
  const start = () =>
    (started ??= (async () => {
      status.textContent = "unpacking";
      const script = document.createElement("script");
      script.textContent = await unpack("chart-script");
      document.head.append(script);
      plan = (await data()).explorer;
      const names = Object.keys(plan.columns);
      const count = plan.columns[names[0]].length;
      rows = Array.from({ length: count }, (_, at) => Object.fromEntries(names.map((name) => [name, plan.columns[name][at]])));
      const known = plan.columns[plan.limit].filter((value) => value !== null);
      limits = [Math.min(...known), Math.max(...known)];
      redraw();
    })());

  const actions = {
    csv: () => {
      const names = Object.keys(plan.columns);
      const texts = shown.map((row) => names.map((name) => (row[name] === null ? "" : String(row[name]))));
      save(`${fileName("cases")}.csv`, "text/csv", csv([names, ...texts]));
    },
    json: () => save(`${fileName("cases")}.json`, "application/json", JSON.stringify(shown, null, 1)),
    svg: async () => view && save(`${fileName("explorer")}.svg`, "image/svg+xml", await view.toSVG()),
    link: async () => {
      write();
      const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
      status.textContent = done ? "The link is in the clipboard." : location.href;
    },
  };

  box.hidden = false;
  form.addEventListener("input", () => (write(), redraw()));
  form.addEventListener("reset", () => setTimeout(() => (write(), redraw())));
  form.addEventListener("submit", (event) => event.preventDefault());
  box.addEventListener("click", (event) => {
    const act = event.target.dataset?.act;
    if (act) start().then(actions[act]);
  });
  addEventListener("hashchange", () => read() && start().then(redraw));
  dark.addEventListener("change", () => started && redraw());
  new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && start()).observe(area);
  if (read() && location.hash.includes("?")) {
    document.getElementById("explorer").scrollIntoView();
    start();
  }
})();
