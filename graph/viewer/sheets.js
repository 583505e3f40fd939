// The drawings: one sheet a level, to be moved, zoomed and picked from.
const canvas = document.getElementById("canvas");
const sheets = [...document.querySelectorAll(".sheet")];
const tabs = [...document.querySelectorAll("[role=tab]")];
const views = new Map();
let sheet = sheets[0];

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
  const here = chosen >= 0 ? lineage(chosen).map((i) => nodes.id[i]).find((id) => boxes.has(id)) : undefined;
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

for (const box of document.querySelectorAll(".box")) {
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "button");
  box.addEventListener("click", () => choose(byId().get(box.dataset.id)));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(byId().get(box.dataset.id)); }
  });
}
for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab.dataset.level));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length];
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
