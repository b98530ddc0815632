// Views: each draws itself at a width and in a look, and holds its data as a table.

const LIGHT = { ink: "#1f1f1f", quiet: "#565656", rule: "#dedede", ground: "#ffffff", dark: false };
const DARK = { ink: "#ececec", quiet: "#b4b4b4", rule: "#3c3c3c", ground: "#161616", dark: true };
const darkQuery = matchMedia("(prefers-color-scheme: dark)");
const printQuery = matchMedia("print");
const lookNow = () => (darkQuery.matches && !printQuery.matches ? DARK : LIGHT);
const VIEWS = {};
const NARROWEST = 280;
const LETTER = 13, LINE = 15;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

// The one colour of a country group, and that of the figures on a dark ground.
function colourOf(name, look) {
  const group = DATA.groups.find((each) => each.name === name);
  if (!group) return look.quiet;
  return look.dark ? group.dark : group.colour;
}

// Settings that all charts share.
function plotOf(width, look, options) {
  return Plot.plot({
    width, marginLeft: 8, marginRight: 12,
    style: { fontFamily: FONT, fontSize: `${LETTER}px`, color: look.ink, background: look.ground, overflow: "visible" },
    ...options,
  });
}

function addView(id, view) {
  VIEWS[id] = { id, ...view };
}

// Draw a view where it stands, with its data as a table that opens on demand.
function show(id) {
  const view = VIEWS[id];
  const place = byId(`chart-${id}`);
  const width = Math.max(NARROWEST, Math.floor(place.clientWidth || NARROWEST));
  const drawn = view.draw(width, lookNow());
  byId(`tools-${id}`).hidden = !drawn && !view.table().rows.length;
  if (!drawn) {
    place.replaceChildren();
    place.hidden = true;
    return;
  }
  place.hidden = false;
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", view.alt());
  for (const part of drawn.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  place.replaceChildren(drawn);
}

function showAll() {
  for (const id of Object.keys(VIEWS)) show(id);
}

const MOST_ROWS = 200;
// The head of a column in words: “share_percent” as “Share, %”.
const columnCalled = (name) => capital(name.replace(/_percent$/, ", %").replace(/_points$/, ", points").replaceAll("_", " "));

// A value as a table shows it: counts whole, shares and leads with one decimal.
function cellShown(cell) {
  if (cell === null) return "–";
  if (typeof cell !== "number") return groupCalled(String(cell));
  return Number.isInteger(cell) && Math.abs(cell) >= 1000 ? whole(cell) : cell.toFixed(Number.isInteger(cell) ? 0 : 1).replace("-", "−");
}

// A table of a view's data.
function tableOf(view) {
  const { columns, rows } = view.table();
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, columnCalled(groupCalled(name)))));
  const body = rows.slice(0, MOST_ROWS).map((row) =>
    element("tr", {}, ...row.map((cell) => element("td", { class: typeof cell === "number" ? "number" : null }, cellShown(cell)))));
  const note = rows.length > MOST_ROWS ? `The first ${whole(MOST_ROWS)} of ${whole(rows.length)} rows; the CSV has all.` : "";
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${view.title()}, as a table` },
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)), note);
}

const pen = document.createElement("canvas").getContext("2d");

// Pixels that a text is wide in a chart.
function widthOf(text) {
  pen.font = `${LETTER}px ${FONT}`;
  return pen.measureText(text).width;
}

// A text in lines of at most so many pixels; a word that is wider has a line of its own.
function linesOf(text, wide) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length && widthOf(longer) <= wide) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// Rows of a chart, as high as the lines of their texts and some pixels more: things with `lines`, `top` and `bottom`.
function rowsOf(things, text, wide, more) {
  let bottom = 0;
  return things.map((thing) => {
    const lines = linesOf(text(thing), wide);
    const top = bottom;
    bottom = top + LINE * lines.length + more;
    return { ...thing, lines, top, bottom };
  });
}

const middle = (row) => (row.top + row.bottom) / 2;

// Shares as bars, with their values behind them.
function barChart(width, look, bars, { name, value, group, label }) {
  const most = Math.max(1e-9, ...bars.map(value));
  const left = Math.min(240, Math.max(...bars.map((bar) => widthOf(name(bar)))) + 12, width * 0.47);
  const rows = rowsOf(bars, name, left - 10, 9);
  const tall = rows.at(-1).bottom;
  return plotOf(width, look, {
    height: tall + 10, marginLeft: left, marginTop: 5, marginBottom: 5, marginRight: 4,
    x: { axis: null, domain: [0, most * 1.35] },
    y: { domain: [tall, 0], axis: null },
    marks: [
      Plot.text(rows, { x: 0, y: middle, text: (row) => row.lines.join("\n"), lineHeight: LINE / LETTER, textAnchor: "end", dx: -6, fill: look.ink }),
      Plot.rect(rows, { x1: 0, x2: value, y1: (row) => middle(row) - 9, y2: (row) => middle(row) + 9, fill: (row) => colourOf(group(row), look) }),
      Plot.text(rows, { x: value, y: middle, text: label, textAnchor: "start", dx: 5, fill: look.ink }),
    ],
  });
}
