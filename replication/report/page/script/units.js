// Who drives it: the largest developers or repositories, and the lead without each.

const SHOWN = 12;
const SHOWN_MORE = 60;
const PLURAL = { developer: "developers", repository: "repositories" };

function unitsNow() {
  const units = state.unit === "developer" ? result().developers : result().repositories;
  return [...units].sort((one, other) => other.halves - one.halves || (one.name < other.name ? -1 : 1));
}

function toggle(name) {
  const out = { ...state.out, [state.unit]: new Set(state.out[state.unit]) };
  if (!out[state.unit].delete(name)) out[state.unit].add(name);
  change({ out });
}

function unitRow(unit) {
  const colour = colourOf(DATA.groups[unit.group].name, lookNow());
  return element("tr", {},
    element("th", { scope: "row" }, element("i", { class: "swatch", style: `background:${colour}` }), unit.name),
    element("td", { "data-label": "Group" }, groupCalled(DATA.groups[unit.group].name)),
    element("td", { class: "number", "data-label": "Downloads" }, millions(unit.halves / 2)),
    element("td", { class: "number", "data-label": "Share" }, percent(unit.share)),
    element("td", { class: "number", "data-label": "Lead without it" }, Number.isNaN(unit.lead) ? "–" : shortLead(unit.lead)),
    element("td", {}, element("button", { type: "button", "data-unit": unit.name, "aria-label": `Leave out ${unit.name}`, onclick: () => toggle(unit.name) }, "Leave out"),
      state.unit === "developer" ? element("button", { type: "button", class: "quiet", "aria-label": `Evidence on ${unit.name}`, onclick: () => { change({ find: unit.name, at: "registry" }); byId("registry").scrollIntoView(); } }, "Evidence") : null));
}

function showUnits() {
  for (const radio of document.querySelectorAll("input[name=by]")) radio.checked = radio.value === state.unit;
  const units = unitsNow();
  byId("units-body").replaceChildren(...units.slice(0, state.more ? SHOWN_MORE : SHOWN).map(unitRow));
  byId("more").hidden = units.length <= SHOWN;
  byId("more").textContent = state.more ? "Show fewer" : "Show more";
  byId("more").setAttribute("aria-expanded", state.more);
  byId("units-note").textContent = state.unit === "repository"
    ? "The largest repositories of the usual choices have names here; the others are summed by developer." : "";
  const out = UNITS.flatMap((unit) => [...state.out[unit]].map((name) => [unit, name]));
  byId("out").hidden = !out.length;
  byId("out").replaceChildren("Left out: ", ...out.map(([unit, name]) => element("button", {
    type: "button", class: "chip", "aria-label": `Put back ${name}`,
    onclick: () => {
      const kept = new Set(state.out[unit]);
      kept.delete(name);
      change({ out: { ...state.out, [unit]: kept } });
    },
  }, `${name} ×`)));
}

addView("units", {
  title: () => `The largest ${PLURAL[state.unit]}`,
  alt: () => unitsNow().slice(0, SHOWN).map((u) => `${u.name} (${DATA.groups[u.group].name}) ${percent(u.share)}`).join(", "),
  table: () => ({
    columns: [state.unit, "group", "downloads", "share_percent", "lead_without_points"],
    rows: unitsNow().map((u) => [u.name, DATA.groups[u.group].name, u.halves / 2, 100 * u.share, Number.isNaN(u.lead) ? null : 100 * u.lead]),
  }),
  plain: true,
  draw(width, look) {
    const units = unitsNow().slice(0, SHOWN);
    if (!units.length) return null;
    return barChart(width, look, units, { name: (u) => u.name, value: (u) => u.share, group: (u) => DATA.groups[u.group].name, label: (u) => percent(u.share) });
  },
});
