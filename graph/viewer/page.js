// The page: what a choice and a search do, and how it begins.
const filter = document.getElementById("filter");
const found = document.getElementById("found");

function choose(i) {
  if (i === undefined || i >= count) return;
  chosen = i;
  if (i >= 0) {
    if (!reveal(i)) { filter.value = ""; search(); reveal(i); }
    scroller.setAttribute("aria-activedescendant", `row-${i}`);
  } else scroller.removeAttribute("aria-activedescendant");
  draw(true);
  describe(i);
  mark();
}

function search() {
  const hits = narrow(filter.value);
  found.textContent = hits ? `${hits.length.toLocaleString("en")} of ${count.toLocaleString("en")}` : "";
}

filter.addEventListener("input", search);
filter.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && lastMatches && lastMatches.length) choose(lastMatches[0]);
  if (event.key === "ArrowDown") { event.preventDefault(); scroller.focus(); step(1); }
});
document.getElementById("expand").addEventListener("click", () => openAll(1));
document.getElementById("collapse").addEventListener("click", () => openAll(0));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") choose(-1);
  if (event.key === "/" && document.activeElement !== filter) { event.preventDefault(); filter.focus(); }
});

document.documentElement.classList.add("js");
document.querySelector(".tools").hidden = false;
scroller.hidden = false;
open[0] = 1;
if (count <= 400) for (let i = 0; i < count; i += 1) open[i] = kindOf(i) === "area" ? 1 : open[i];
list();
show((tabs[tabs.length - 1] && tabs.length > 1 ? tabs[1] : tabs[0] || { dataset: {} }).dataset.level);
// After the first paint, so that neither the first key nor the first choice waits for it.
requestAnimationFrame(() => setTimeout(() => { words(); entering(); leaving(); }));
