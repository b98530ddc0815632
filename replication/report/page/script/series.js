// The shares of both sides by month or week.

// Why there is no series of the present state; empty where there is one.
function seriesMissing() {
  const { series } = state.source;
  if (series.measures && !series.measures[measureOf(state.source, state.choice)]) {
    return "Months are kept for the usual filling of gaps and age limit, and for what was seen alone: choose one of these to see them.";
  }
  if (series.credit && !series.credit.includes(state.choice.attribution)) {
    return "The weekly series knows uploaders and origins, and no makers: choose another credit to see it.";
  }
  return "";
}

// What of the present state the series does not follow.
function seriesNote() {
  const { series } = state.source;
  if (!series.rows) {
    const parts = Object.values(series.partial ?? {});
    const added = state.choice.capture === NONE ? "What records follow alone; the headline adds what they do not."
      : "What no record follows is added, as in the headline; what records follow alone can end otherwise.";
    return `Each month on its own: shares of the ${youngNow()} downloads that were gained in it. ${added}${parts.length ? ` The window ${parts.join(" and ")}: months of which it holds a part are dashed.` : ""}`;
  }
  const out = state.out.repository.size ? ", nor repositories left out by hand" : "";
  return `Sums over ${series.smoothing} weeks up to each, of the whole file, as counters gained them: they follow credit, labels, the unattributed, exclusions and developers left out, not the window, its age limit, its readings or the scope${out}.`;
}

let seriesFor = null;
let seriesMade = [];
function seriesNow() {
  if (seriesFor === state) return seriesMade;
  const { series } = state.source;
  const measure = series.measures?.[measureOf(state.source, state.choice)];
  seriesFor = state;
  const last = (n) => Array.from({ length: series.smoothing }, (_, before) => n - before);
  const first = (series.smoothing ?? 1) - 1;
  seriesMade = seriesMissing() ? [] : series.periods.slice(first).map((period, place) => {
    const columns = measure ? measure[place] : last(place + first);
    const options = { rows: series.rows ?? state.source.rows, columns, out: state.out };
    const choice = series.rows ? { ...state.choice, scope: undefined } : state.choice;
    const { totals } = cellsOf(DATA, series.rows ? { ...state.source, scopes: [] } : state.source, choice, options);
    const sides = sidesOf(DATA, totals);
    return { period, day: new Date(period.length < 8 ? `${period}-15` : period), totals, total: sides.total, ...sharesOf(sides) };
  }).filter((each) => each.total > 0);
  return seriesMade;
}

function showSeries() {
  const other = state.choice.capture === NONE ? usualOf(state.source).capture : NONE;
  const may = state.source.series.measures?.[measureOf(state.source, { ...state.choice, capture: other })] && !seriesMissing();
  byId("series-note").replaceChildren(seriesMissing() || seriesNote(), may ? element("button", {
    type: "button", class: "quiet", onclick: () => change({ choice: { ...state.choice, capture: other }, at: "time" }),
  }, other === NONE ? "Show what records follow alone" : "Add what no record follows") : "");
}

addView("series", {
  title: () => `Shares by ${state.source.series.unit}`,
  alt: () => {
    const ahead = seriesNow().filter((each) => each.lead > 0).length;
    return seriesMissing() || `China is ahead in ${ahead} of ${seriesNow().length} ${state.source.series.unit}s.`;
  },
  table: () => ({
    columns: [state.source.series.unit, ...DATA.groups.map((group) => group.name), "total", "lead_points"],
    rows: seriesNow().map((each) => [each.period, ...Array.from(each.totals, (half) => half / 2), each.total / 2, 100 * each.lead]),
  }),
  draw(width, look) {
    const made = seriesNow();
    if (made.length < 2) return null;
    const lines = DATA.sides.map((side, n) => ({ side, key: ["china", "usa"][n] }));
    const points = lines.flatMap(({ side, key }) => made.map((each) => ({ side, day: each.day, share: 100 * each[key] })));
    const last = points.filter((point) => point.day === made[made.length - 1].day);
    const part = ({ day }) => made.some((each) => each.day === day && state.source.series.partial?.[each.period]);
    const dashed = lines.flatMap(({ side }) => {
      const own = points.filter((point) => point.side === side);
      return own.slice(1).map((point, n) => [own[n], point]).filter((pair) => pair.some(part));
    });
    const apart = Math.abs(last[0].share - last[1].share);
    const shift = apart < 4 ? (last[0].share >= last[1].share ? [-8, 8] : [8, -8]) : [0, 0];
    return plotOf(width, look, {
      height: 290, marginLeft: 46, marginRight: 52, marginBottom: 40, marginTop: 12,
      x: { type: "utc", label: null, ticks: width < 500 ? 4 : 8 }, y: { label: null, grid: true, zero: true, nice: true, tickFormat: (v) => `${v}${NARROW}%` },
      marks: [
        ...dashed.map((pair) => Plot.line(pair, { x: "day", y: "share", stroke: (p) => colourOf(p.side, look), z: "side", strokeWidth: 2.5, strokeDasharray: "3 4" })),
        Plot.line(points.filter((point) => !part(point)), { x: "day", y: "share", z: "side", stroke: (p) => colourOf(p.side, look), strokeWidth: 2.5 }),
        ...last.map((point, n) => Plot.text([point], { x: "day", y: "share", text: "side", dx: 6, dy: shift[n], textAnchor: "start", fontWeight: 600, fill: colourOf(point.side, look) })),
      ],
    });
  },
});
