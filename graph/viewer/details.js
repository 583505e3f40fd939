// What is known of the chosen node, and its neighbours.
const SHOWN = 60;
const detail = document.getElementById("detail");
const GROUPS = [
  ["calls", "in", "Called by"], ["calls", "out", "Calls"], ["uses", "in", "Used by"], ["uses", "out", "Uses"],
  ["inherits", "in", "Inherited by"], ["inherits", "out", "Inherits from"], ["imports", "in", "Imported by"],
  ["imports", "out", "Imports"], ["flows", "in", "Receives"], ["flows", "out", "Hands on"],
  ["precedes", "in", "After"], ["precedes", "out", "Before"],
];

function make(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Edges between the node, with all inside it, and the outside: by kind and direction.
function neighbours(i) {
  const found = new Map();
  const gather = (side, groups, far) => {
    for (let at = groups.start[i]; at < groups.start[nodes.end[i]]; at += 1) {
      const edge = groups.list[at];
      const other = far[edge];
      if (other >= i && other < nodes.end[i] && nodes.end[i] > i + 1) continue;
      const key = `${data.edge_kinds[edges.kind[edge]]} ${side}`;
      if (!found.has(key)) found.set(key, []);
      found.get(key).push([other, edge, side === "in" ? edges.dst[edge] : edges.src[edge]]);
    }
  };
  gather("in", entering(), edges.src);
  gather("out", leaving(), edges.dst);
  return found;
}

function noteOf(i, [, edge, near]) {
  const parts = [];
  if (near !== i) parts.push(qualnameOf(near) || nodes.name[near]);
  if (edges.note[edge]) parts.push(edges.note[edge]);
  if (edges.lines[edge]) parts.push(`${edges.lines[edge].includes(" ") ? "lines" : "line"} ${edges.lines[edge].replaceAll(" ", ", ")}`);
  if (edges.sure[edge] < 100) parts.push(`${edges.sure[edge]} % sure`);
  return parts.join(" \u00b7 ");
}

function item(target, note) {
  const made = make("li");
  const link = make("button", qualnameOf(target) || nodes.name[target]);
  link.type = "button";
  link.title = labelOf(target);
  link.addEventListener("click", () => choose(target));
  made.append(link, make("small", note));
  return made;
}

function section(title, items, noteFor) {
  if (!items.length) return;
  const list = make("ul");
  const show = (from) => {
    for (const each of items.slice(from, from + SHOWN)) list.append(item(each[0], noteFor(each)));
    const rest = items.length - from - SHOWN;
    if (rest <= 0) return;
    const more = make("button", `${rest} more`);
    more.type = "button";
    more.addEventListener("click", () => { more.parentElement.remove(); show(from + SHOWN); });
    const holder = make("li");
    holder.append(more);
    list.append(holder);
  };
  show(0);
  detail.append(make("h3", `${title} (${items.length})`), list);
}

function children(i) {
  const found = [];
  for (let at = i + 1; at < nodes.end[i]; at = nodes.end[at]) found.push([at]);
  return found;
}

function describe(i) {
  detail.hidden = i < 0;
  detail.replaceChildren();
  detail.scrollTop = 0;
  if (i < 0) return;
  const close = make("button", "\u00d7", "close");
  close.type = "button";
  close.setAttribute("aria-label", "Close details");
  close.addEventListener("click", () => choose(-1));
  const what = [kindOf(i), data.states[nodes.state[i]], nodes.tags[i]].filter(Boolean).join(" \u00b7 ");
  const lines = nodes.first[i] ? `, lines ${nodes.first[i]} to ${nodes.last[i]}` : "";
  detail.append(close, make("h2", nodes.name[i]), make("div", what, "what"));
  detail.append(make("div", nodes.path[i] < 0 ? "" : `${labelOf(i)}${lines}`, "what"));
  if (nodes.feature[i]) detail.append(make("p", nodes.feature[i]));
  if (nodes.signature[i]) detail.append(make("pre", nodes.signature[i]));
  if (nodes.doc[i]) detail.append(make("p", nodes.doc[i], "doc"));
  const found = neighbours(i);
  for (const [kind, side, title] of GROUPS) section(title, found.get(`${kind} ${side}`) || [], (each) => noteOf(i, each));
  section("Contains", children(i), ([at]) => kindOf(at));
}
