// The registry: who is behind a name, with what was read.

const MOST_FOUND = 30;
const UNASKED = 6;
const REGISTRY = DATA.registry.rows.map((row) => Object.fromEntries(DATA.registry.columns.map((name, n) => [name, row[n]])));
const texts = REGISTRY.map((row) => Object.values(row).join(" ").toLowerCase());

function foundNow() {
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  return REGISTRY.filter((_, n) => words.every((word) => texts[n].includes(word)));
}

function developerRow(row) {
  const group = DATA.groups.find((each) => each.name === row.group);
  const own = group?.attributed && row.group !== row.country ? row.group : "";
  const facts = [row.country, own, row.sector !== row.country ? row.sector : "", row.parent && `part of ${row.parent}`].filter(Boolean);
  const read = [row.basis, row.confidence && `confidence ${row.confidence}`, row.date_read && `read ${row.date_read}`, row.date_of_copy && `page of ${row.date_of_copy}`].filter(Boolean).join(", ");
  return element("li", {},
    element("h3", {}, row.developer),
    element("p", {}, element("i", { class: "swatch", style: `background:${colourOf(row.group, lookNow())}` }), facts.join(" · ")),
    element("p", { class: "names" }, row.namespaces),
    row.alternative ? element("p", {}, `Could also be ${row.alternative}`) : null,
    element("p", {}, row.url ? linkTo(row.url, read || "evidence") : "No evidence found", row.note ? `. ${row.note}` : ""));
}

function showRegistry() {
  const box = byId("find");
  if (box.value !== state.find) box.value = state.find;
  const found = foundNow();
  const most = state.find ? MOST_FOUND : UNASKED;
  byId("developers").replaceChildren(...found.slice(0, most).map(developerRow));
  byId("found").textContent = `${whole(found.length)} of ${whole(REGISTRY.length)} developers${found.length > most ? `; the first ${most} are shown` : ""}`;
}

function foundByGroup() {
  const counts = d3.rollup(foundNow(), (rows) => rows.length, (row) => row.group);
  return DATA.groups.filter((g) => counts.has(g.name)).map(({ name }) => ({ name, count: counts.get(name) }));
}

addView("registry", {
  title: () => "Developers of the registry by country group",
  caption: () => (state.find ? `Developers that match “${state.find}”` : "All developers"),
  alt: () => foundByGroup().map((g) => `${g.name} ${g.count}`).join(", "),
  table: () => ({ columns: DATA.registry.columns, rows: foundNow().map((row) => DATA.registry.columns.map((name) => row[name])) }),
  plain: true,
  draw(width, look) {
    const groups = foundByGroup();
    return groups.length ? barChart(width, look, groups, { name: (g) => groupCalled(g.name), value: (g) => g.count, group: (g) => g.name, label: (g) => whole(g.count) }) : null;
  },
});
