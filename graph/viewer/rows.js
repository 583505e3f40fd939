// The tree: a list of the rows that are open, of which only those in view exist as elements.
const ROW = 27;
const AROUND = 12;
const scroller = document.getElementById("rows");
const sheetOfRows = document.getElementById("height");
const open = new Uint8Array(count);
let kept = null;
let openInSearch = null;
let matched = null;
let listed = [];
let place = null;
let pool = [];
let first = -1;
let chosen = -1;

const isParent = (i) => nodes.end[i] > i + 1;
const isOpen = (i) => (openInSearch || open)[i] === 1;

function list() {
  const found = [];
  for (let i = 0; i < count;) {
    if (kept && !kept[i]) { i = nodes.end[i]; continue; }
    found.push(i);
    i = isOpen(i) ? i + 1 : nodes.end[i];
  }
  listed = found;
  place = null;
  sheetOfRows.style.height = `${listed.length * ROW}px`;
  draw(true);
}

function rowOf(i) {
  if (!place) {
    place = new Int32Array(count).fill(-1);
    listed.forEach((node, row) => { place[node] = row; });
  }
  return place[i];
}

function element() {
  const row = document.createElement("div");
  row.className = "row";
  row.setAttribute("role", "treeitem");
  for (const name of ["twist", "dot", "kind", "name", "phrase"]) {
    const part = document.createElement(name === "dot" ? "i" : "span");
    part.className = name;
    row.append(part);
  }
  sheetOfRows.append(row);
  return row;
}

function fill(row, i, at) {
  const [twist, dot, kind, name, phrase] = row.children;
  row.dataset.node = i;
  row.id = `row-${i}`;
  row.style.transform = `translateY(${at * ROW}px)`;
  row.style.paddingLeft = `${depth[i] * 13 + 4}px`;
  row.className = `row${i === chosen ? " chosen" : ""}${matched && matched[i] ? " match" : ""}`;
  row.setAttribute("aria-level", depth[i] + 1);
  row.setAttribute("aria-selected", i === chosen);
  if (isParent(i)) row.setAttribute("aria-expanded", isOpen(i)); else row.removeAttribute("aria-expanded");
  twist.textContent = isParent(i) ? "\u203a" : "";
  twist.className = `twist${isOpen(i) ? " open" : ""}`;
  dot.className = `dot ${data.states[nodes.state[i]]}`;
  dot.title = data.states[nodes.state[i]];
  kind.textContent = kindOf(i);
  name.textContent = nodes.name[i];
  phrase.textContent = nodes.feature[i];
  row.title = labelOf(i);
}

function draw(anew) {
  const top = Math.max(0, Math.floor(scroller.scrollTop / ROW) - AROUND);
  if (!anew && top === first) return;
  first = top;
  const wanted = Math.min(listed.length - top, Math.ceil(scroller.clientHeight / ROW) + 2 * AROUND);
  while (pool.length < wanted) pool.push(element());
  pool.forEach((row, at) => {
    row.hidden = at >= wanted;
    if (at < wanted) fill(row, listed[top + at], top + at);
  });
}

function toggle(i) {
  const flags = openInSearch || open;
  flags[i] = flags[i] ? 0 : 1;
  list();
}

function narrow(query) {
  const found = matching(query);
  kept = openInSearch = matched = null;
  if (found) {
    kept = new Uint8Array(count);
    matched = new Uint8Array(count);
    openInSearch = new Uint8Array(count);
    for (const i of found) {
      matched[i] = 1;
      for (let at = i; at >= 0 && !kept[at]; at = nodes.parent[at]) kept[at] = 1;
      for (let at = nodes.parent[i]; at >= 0 && !openInSearch[at]; at = nodes.parent[at]) openInSearch[at] = 1;
    }
    if (!found.length) kept.fill(0);
  }
  scroller.scrollTop = 0;
  list();
  return found;
}

function openAll(flag) {
  const flags = openInSearch || open;
  flags.fill(flag);
  if (!flag) flags[0] = 1;
  list();
}

// Opens what is above a node; a search that hides the node is left.
function reveal(i) {
  if (kept && !kept[i]) return false;
  const flags = openInSearch || open;
  let changed = false;
  for (const above of lineage(i).slice(1)) {
    changed = changed || !flags[above];
    flags[above] = 1;
  }
  if (changed) list();
  const at = rowOf(i) * ROW;
  if (at < scroller.scrollTop || at + ROW > scroller.scrollTop + scroller.clientHeight) {
    scroller.scrollTop = Math.max(0, at - scroller.clientHeight / 2);
  }
  return true;
}

function step(by) {
  const at = chosen < 0 ? -1 : rowOf(chosen);
  const next = listed[Math.min(Math.max(at + by, 0), listed.length - 1)];
  if (next !== undefined) choose(next);
}

function pressed(event) {
  const page = Math.max(1, Math.floor(scroller.clientHeight / ROW) - 1);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count };
  if (event.key in steps) { event.preventDefault(); step(steps[event.key]); return; }
  if (chosen < 0) return;
  if (event.key === "ArrowRight" && isParent(chosen)) {
    event.preventDefault();
    if (isOpen(chosen)) step(1); else toggle(chosen);
  } else if (event.key === "ArrowLeft") {
    event.preventDefault();
    if (isParent(chosen) && isOpen(chosen)) toggle(chosen);
    else if (nodes.parent[chosen] >= 0) choose(nodes.parent[chosen]);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (isParent(chosen)) toggle(chosen);
  }
}

scroller.addEventListener("scroll", () => draw(false), { passive: true });
scroller.addEventListener("keydown", pressed);
sheetOfRows.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (!row) return;
  const i = Number(row.dataset.node);
  if (event.target.classList.contains("twist") || (isParent(i) && i === chosen)) toggle(i);
  choose(i);
});
window.addEventListener("resize", () => draw(true));
