// The lead with its ranges, and the shares by country group.

// The lead with every doubt of the registry resolved for the one side, and for the other; null by other labels.
function doubtsNow() {
  const { source, choice, out } = state;
  const both = ["registry-low", "registry-high"];
  if (!choice.labels.startsWith("registry") || !both.every((labels) => source.labels.includes(labels))) return null;
  const columns = source.measures[measureOf(source, choice)];
  const leads = both.map((labels) => sharesOf(sidesOf(DATA, cellsOf(DATA, source, { ...choice, labels }, { columns, out }).totals)).lead);
  return leads.some(Number.isNaN) ? null : leads;
}

let rangesFor = null;
let rangesMade = [];
// The ranges of the lead that are known of the present state, each with what it says.
function rangesNow() {
  if (rangesFor === state) return rangesMade;
  rangesFor = state;
  const { computed: from, without, bounds } = result();
  const level = `${Math.round(100 * DATA.level)}${NARROW}%`;
  rangesMade = [
    { id: "records", label: `${level} range, errors of the records alone`, ends: from.records?.lead, note: "computed by the package" },
    { id: "doubts", label: "Doubtful countries all to one side", ends: doubtsNow(), note: "labels of the registry, computed here" },
    { id: "without", label: "Without any one developer", ends: without, note: "computed here" },
    { id: "bounds", label: "Downloads of no known country all to one side", ends: bounds, note: "worst case, computed here" },
    { id: "resampled", label: `${level} range if success had fallen on other developers`, ends: from.resampled?.lead, note: from.resampled?.method },
  ];
  return rangesMade;
}

const MISSING = {
  records: "The range of the records was computed for the headline’s choices alone; none is known for these.",
  resampled: "No range of resampled developers was computed for these choices.",
  doubts: "Doubts of countries are known of the registry’s labels alone.",
  bounds: "No downloads of unknown country are in the total, so that no worst case is given.",
  without: "No developer can be left out.",
};

function showResult() {
  const { lead, sides } = result();
  const records = rangesNow()[0];
  byId("lead").textContent = `${leadSentence(lead)}.`;
  const shares = result();
  byId("lead-shares").textContent = Number.isNaN(lead) ? ""
    : `China ${percent(shares.china)}, USA ${percent(shares.usa)} of ${millions(sides.total / 2)} downloads${records.ends ? `; ${leadRange(records.ends)} (${records.label})` : ""}.`;
  byId("present").textContent = choiceInWords();
  const missing = rangesNow().filter((range) => !range.ends && (!["records", "doubts"].includes(range.id) || state.source.id === "records"));
  byId("missing").replaceChildren(...missing.map(({ id }) => element("li", {}, MISSING[id])));
  byId("usual").disabled = fragmentOf({ ...state, at: "" }) === fragmentOf(usualState(state.source));
  showOpened();
}

// What a reader who opened a link to a changed view sees first.
function showOpened() {
  const place = byId("opened");
  place.hidden = !openedChanged || isUsual();
  place.replaceChildren(`You opened a changed view: ${choiceInWords()}. ${leadSentence(result().lead)}. The headline below is of ${DATA.sources[0].title.toLowerCase()}, by the usual choices. `,
    element("a", { href: "#at=explore", "data-at": "explore" }, "See this view"));
}

addView("lead", {
  title: () => "The lead and its ranges",
  headline: () => leadSentence(result().lead),
  alt: () => `${leadSentence(result().lead)}. ${rangesNow().filter((r) => r.ends).map((r) => `${r.label}: ${leadRange(r.ends)}`).join(". ")}.`,
  table: () => ({
    columns: ["range", "lower_points", "upper_points", "kind"],
    rows: [["the lead, China − USA", 100 * result().lead, 100 * result().lead, "estimate"],
      ...rangesNow().filter((r) => r.ends).map((r) => [r.label, 100 * r.ends[0], 100 * r.ends[1], r.note])],
  }),
  draw(width, look) {
    const { lead } = result();
    if (Number.isNaN(lead)) return null;
    const ranges = rangesNow().filter((range) => range.ends).map((r) => ({ ...r, low: 100 * r.ends[0], high: 100 * r.ends[1] }));
    const most = Math.max(20, ...ranges.flatMap((r) => [Math.abs(r.low), Math.abs(r.high)]), Math.abs(100 * lead)) * 1.08;
    const colour = colourOf(DATA.sides[lead > 0 ? 0 : 1], look);
    const heads = [[DATA.sides[1], "←", "end", -8], [DATA.sides[0], "→", "start", 8]];
    return plotOf(width, look, {
      height: ranges.length * 62 + 56, marginTop: 34, marginBottom: 18,
      x: { domain: [-most, most], axis: null }, y: { domain: ranges.map((r) => r.id), axis: null, padding: 0.2 },
      marks: [
        Plot.tickX(ranges, { x: 0, y: "id", stroke: look.quiet, insetTop: 16, insetBottom: 16 }),
        ...heads.map(([side, arrow, textAnchor, dx]) => Plot.text([0], {
          x: 0, frameAnchor: "top", dy: -22, dx, textAnchor, fontWeight: 600, fill: colourOf(side, look),
          text: () => (dx < 0 ? `${arrow} ${side} ahead` : `${side} ahead ${arrow}`),
        })),
        Plot.link(ranges, { x1: "low", x2: "high", y: "id", stroke: look.quiet, strokeWidth: 7, strokeOpacity: 0.45, strokeLinecap: "butt" }),
        Plot.dot(ranges, { x: 100 * lead, y: "id", r: 5, fill: colour }),
        Plot.text(ranges, { frameAnchor: "left", y: "id", text: "label", dy: -17, fill: look.ink, stroke: look.ground, strokeWidth: 4 }),
        Plot.text(ranges, { frameAnchor: "left", y: "id", text: (r) => shortRange(r.ends), dy: 17, fill: look.quiet, stroke: look.ground, strokeWidth: 4 }),
      ],
    });
  },
});

function sharesNow() {
  const { totals, sides } = result();
  return DATA.groups.map(({ name }, place) => ({ name, halves: totals[place], share: totals[place] / sides.total }));
}

addView("shares", {
  title: () => `Share of ${youngNow()} downloads by country group`,
  alt: () => sharesNow().filter((g) => g.halves).map((g) => `${groupCalled(g.name)} ${percent(g.share)}`).join(", "),
  table: () => ({ columns: ["group", "downloads", "share_percent"], rows: sharesNow().map((g) => [g.name, g.halves / 2, g.halves ? 100 * g.share : 0]) }),
  draw: (width, look) => {
    const groups = sharesNow().filter((g) => g.halves);
    return groups.length ? barChart(width, look, groups, { name: (g) => groupCalled(g.name), value: (g) => g.share, group: (g) => g.name, label: (g) => percent(g.share) }) : null;
  },
});
