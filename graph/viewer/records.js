"use strict";
// Columns of nodes in tree order: what lies inside node i are the nodes i + 1 to end[i] - 1.
const data = JSON.parse(document.getElementById("data").textContent);
const { nodes, edges } = data;
const count = nodes.id.length;
const depth = new Uint16Array(count);
for (let i = 1; i < count; i += 1) depth[i] = depth[nodes.parent[i]] + 1;

const kindOf = (i) => data.kinds[nodes.kind[i]];
const pathOf = (i) => (nodes.path[i] < 0 ? "" : data.paths[nodes.path[i]]);
const isDefinition = (i) => nodes.path[i] >= 0 && !["repository", "directory", "file"].includes(kindOf(i));
const qualnameOf = (i) => (isDefinition(i) ? nodes.qualname[i] || nodes.name[i] : "");

function labelOf(i) {
  const path = kindOf(i) === "repository" ? "" : pathOf(i);
  const qualname = qualnameOf(i);
  if (!path) return nodes.name[i];
  return qualname ? `${path}:${qualname}` : path;
}

function lineage(i) {
  const found = [];
  for (let at = i; at >= 0; at = nodes.parent[at]) found.push(at);
  return found;
}

const later = (make) => {
  let made;
  return () => (made === undefined ? (made = make()) : made);
};

const byId = later(() => new Map(nodes.id.map((id, i) => [id, i])));

// Edges by one of their ends: those of node i are list[start[i]] to list[start[i + 1] - 1].
function grouped(ends) {
  const start = new Uint32Array(count + 1);
  for (const end of ends) start[end + 1] += 1;
  for (let i = 0; i < count; i += 1) start[i + 1] += start[i];
  const at = start.slice();
  const list = new Uint32Array(ends.length);
  ends.forEach((end, edge) => { list[at[end]] = edge; at[end] += 1; });
  return { start, list };
}

const leaving = later(() => grouped(edges.src));
const entering = later(() => grouped(edges.dst));

// One text of all nodes, a line each, so that the browser's own search runs over it.
const words = later(() => {
  const starts = new Uint32Array(count + 1);
  const parts = new Array(count);
  let length = 0;
  for (let i = 0; i < count; i += 1) {
    starts[i] = length;
    const place = nodes.path[i] < 0 ? "" : `${pathOf(i)}:${nodes.qualname[i]}`;
    parts[i] = `${kindOf(i)} ${nodes.name[i]} ${nodes.feature[i]} ${place}`.toLowerCase().replaceAll("\n", " ");
    length += parts[i].length + 1;
  }
  starts[count] = length;
  return { parts, starts, text: parts.join("\n") };
});

let lastQuery = "";
let lastMatches = null;

// Nodes whose text holds every word. A query that goes on from the last one looks only at its matches.
function matching(query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) { lastQuery = ""; lastMatches = null; return null; }
  const { parts, starts, text } = words();
  const longer = lastMatches && query.startsWith(lastQuery);
  let found = [];
  if (longer) {
    found = lastMatches.filter((i) => wanted.every((word) => parts[i].includes(word)));
  } else {
    const longest = wanted.reduce((a, b) => (b.length > a.length ? b : a));
    let i = 0;
    for (let at = text.indexOf(longest); at >= 0; at = text.indexOf(longest, starts[i])) {
      while (starts[i + 1] <= at) i += 1;
      if (wanted.every((word) => parts[i].includes(word))) found.push(i);
      i += 1;
      if (i >= count) break;
    }
  }
  lastQuery = query;
  lastMatches = found;
  return found;
}
