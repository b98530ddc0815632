// What happens when the page opens, and at every change.

function link() {
  return `${location.href.split("#")[0]}#${fragmentOf({ ...state, at: "" })}`;
}

async function copyLink() {
  const box = byId("address");
  box.hidden = false;
  box.value = link();
  box.select();
  let said = "The link is in the box.";
  try {
    await navigator.clipboard.writeText(box.value);
    said = "The link is copied.";
  } catch { /* a page that opens from a disk may not be allowed to */ }
  byId("copied").textContent = said;
}

let waiting = 0;
function findLater(event) {
  clearTimeout(waiting);
  waiting = setTimeout(() => change({ find: event.target.value }, { replace: true }), 150);
}

// Links to parts of the page keep the state.
function goTo(event) {
  const at = event.target.closest("a[data-at]")?.dataset.at;
  if (!at) return;
  event.preventDefault();
  change({ at });
  const part = byId(at);
  part.scrollIntoView();
  part.querySelector("h2").focus({ preventScroll: true });
}

for (const shown of [showChoices, showResult, showUnits, showSeries, showGrid, showLedger, showRegistry, showAll]) onChange(shown);
byId("usual").addEventListener("click", () => change({ ...usualState(state.source), source: state.source }));
byId("copy").addEventListener("click", copyLink);
byId("find").addEventListener("input", findLater);
byId("more").addEventListener("click", () => { state = { ...state, more: !state.more }; showUnits(); });
byId("more-claims").addEventListener("click", () => { unjudgedToo = !unjudgedToo; showLedger(); });
for (const radio of document.querySelectorAll("input[name=by]")) radio.addEventListener("change", () => change({ unit: radio.value }));
document.addEventListener("click", goTo);
addEventListener("popstate", restore);
addEventListener("hashchange", restore);
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; showAll(); } });
darkQuery.addEventListener("change", tell);
printQuery.addEventListener("change", showAll);
setTools();
restore();
document.documentElement.dataset.ready = "yes";
