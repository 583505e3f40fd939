"use strict";
(() => {
  const { nodes, edges } = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("canvas");
  const detail = document.getElementById("detail");
  const filter = document.getElementById("filter");
  const sheets = [...document.querySelectorAll(".sheet")];
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const rows = new Map([...document.querySelectorAll(".row")].map((row) => [row.dataset.id, row]));
  const views = new Map();
  let sheet = sheets[0];
  let chosen = "";

  document.documentElement.classList.add("js");

  const make = (tag, text, className) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  const lineage = (id) => {
    const found = [];
    for (let at = id; at; at = nodes[at].parent) found.push(at);
    return found;
  };

  const parts = (selector) => [...sheet.querySelectorAll(selector)];

  function show(level) {
    sheet = sheets.find((each) => each.id === `sheet-${level}`) || sheets[0];
    for (const each of sheets) each.hidden = each !== sheet;
    for (const tab of tabs) {
      const on = `sheet-${tab.dataset.level}` === sheet.id;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    if (!views.has(sheet)) fit();
    mark();
  }

  function mark() {
    const boxes = new Map(parts(".box").map((box) => [box.dataset.id, box]));
    const here = chosen && lineage(chosen).find((id) => boxes.has(id));
    const near = new Set(here ? [here] : []);
    for (const wire of parts(".arrow,.flow-label")) {
      const touches = Boolean(here) && (wire.dataset.src === here || wire.dataset.dst === here);
      wire.classList.toggle("near", touches);
      if (touches) near.add(wire.dataset.src).add(wire.dataset.dst);
    }
    for (const [id, box] of boxes) {
      box.classList.toggle("near", near.has(id));
      box.classList.toggle("chosen", id === here);
    }
    sheet.classList.toggle("picked", Boolean(here));
  }

  function choose(id) {
    if (id && !nodes[id]) return;
    if (rows.has(chosen)) rows.get(chosen).classList.remove("chosen");
    chosen = id;
    if (id) {
      for (const above of lineage(id).slice(1)) rows.get(above).parentElement.open = true;
      rows.get(id).classList.add("chosen");
      rows.get(id).scrollIntoView({ block: "nearest" });
    }
    describe(id);
    mark();
  }

  function describe(id) {
    detail.hidden = !id;
    detail.replaceChildren();
    if (!id) return;
    const node = nodes[id];
    const close = make("button", "\u00d7", "close");
    close.type = "button";
    close.setAttribute("aria-label", "Close details");
    close.addEventListener("click", () => choose(""));
    const what = [node.kind, node.state, ...(node.tags || [])].join(" \u00b7 ");
    detail.append(close, make("h2", node.name), make("div", what, "what"));
    if (node.place) detail.append(make("div", node.place, "what"));
    if (node.feature) detail.append(make("p", node.feature));
    if (node.signature) detail.append(make("pre", node.signature));
    if (node.doc) detail.append(make("p", node.doc));
    links("Contains", Object.keys(nodes).filter((each) => nodes[each].parent === id).map((each) => [each, nodes[each].kind]));
    links("Leads to", edges.filter((edge) => edge[0] === id).map((edge) => [edge[1], `${edge[2]} ${edge[3]}`]));
    links("Reached from", edges.filter((edge) => edge[1] === id).map((edge) => [edge[0], `${edge[2]} ${edge[3]}`]));
  }

  function links(title, targets) {
    if (!targets.length) return;
    const list = make("ul");
    for (const [id, note] of targets) {
      const item = make("li");
      const link = make("button", nodes[id].name);
      link.type = "button";
      link.addEventListener("click", () => choose(id));
      item.append(link, make("small", note));
      list.append(item);
    }
    detail.append(make("h3", title), list);
  }

  function apply() {
    sheet.querySelector("svg").setAttribute("viewBox", views.get(sheet).join(" "));
  }

  function fit() {
    const svg = sheet.querySelector("svg");
    views.set(sheet, [0, 0, Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))]);
    apply();
  }

  function zoom(factor, atX = 0.5, atY = 0.5) {
    const [x, y, width, height] = views.get(sheet);
    views.set(sheet, [x + width * (1 - factor) * atX, y + height * (1 - factor) * atY, width * factor, height * factor]);
    apply();
  }

  function drag(start) {
    if (start.button !== 0) return;
    const [x, y, width, height] = views.get(sheet);
    const scale = Math.max(width / canvas.clientWidth, height / canvas.clientHeight);
    const move = (event) => {
      views.set(sheet, [x - (event.clientX - start.clientX) * scale, y - (event.clientY - start.clientY) * scale, width, height]);
      apply();
    };
    const stop = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", stop);
      window.removeEventListener("pointercancel", stop);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
  }

  function narrow() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = new Set();
    for (const [id, node] of Object.entries(nodes)) {
      const text = `${node.kind} ${node.name} ${node.feature || ""} ${node.place || ""}`.toLowerCase();
      if (words.every((word) => text.includes(word))) for (const each of lineage(id)) kept.add(each);
    }
    for (const [id, row] of rows) {
      row.closest("li").hidden = !kept.has(id);
      if (words.length && row.tagName === "SUMMARY") row.parentElement.open = true;
    }
  }

  for (const [id, row] of rows) row.addEventListener("click", () => choose(id));
  for (const box of document.querySelectorAll(".box")) {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.addEventListener("click", () => choose(box.dataset.id));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(box.dataset.id); }
    });
  }
  for (const tab of tabs) {
    tab.addEventListener("click", () => show(tab.dataset.level));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      show(next.dataset.level);
      next.focus();
    });
  }
  canvas.addEventListener("pointerdown", drag);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const edge = canvas.getBoundingClientRect();
    zoom(Math.exp(event.deltaY * 0.0012), (event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height);
  }, { passive: false });
  document.getElementById("in").addEventListener("click", () => zoom(0.8));
  document.getElementById("out").addEventListener("click", () => zoom(1.25));
  document.getElementById("fit").addEventListener("click", fit);
  filter.addEventListener("input", narrow);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose("");
    if (event.key === "/" && document.activeElement !== filter) { event.preventDefault(); filter.focus(); }
  });

  show((tabs[tabs.length - 1] && tabs.length > 1 ? tabs[1] : tabs[0] || { dataset: {} }).dataset.level);
})();
