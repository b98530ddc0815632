// The ledger of published figures, with both answers.

const bare = (text) => (text === "" ? "–" : text);

// Whether figures that public data cannot judge are shown where no answer is asked for.
let unjudgedToo = false;
const claimsNow = () => DATA.claims.filter((claim) => !state.answer || claim.answer === state.answer);

function claimRow(claim) {
  const why = claim.turned_by ? `: turned by “${claim.turned_by}”` : claim.survives === "robust" ? ": no single choice tried turns it" : "";
  const survives = `${claim.survives}${why}`;
  return element("tr", {},
    element("th", { scope: "row" }, claim.statement, element("small", {}, claim.about)),
    element("td", { "data-label": "Published" }, claim.shown.published),
    element("td", { "data-label": "Public data" }, claim.shown.estimate, element("small", {}, [claim.shown.range, claim.basis].filter(Boolean).join("; "))),
    element("td", { "data-label": "Does it come out?" }, element("b", {}, bare(claim.answer)), element("small", {}, claim.reason)),
    element("td", { "data-label": "Does it survive reasonable choices?" }, bare(survives)),
    element("td", { "data-label": "Source" }, linkTo(claim.url, claim.host), element("small", {}, claim.source)));
}

function showLedger() {
  const select = byId("answer");
  if (!select.options.length) {
    const answers = [...new Set(DATA.claims.map((claim) => claim.answer))].filter(Boolean).sort();
    select.append(element("option", { value: "" }, "Any answer"), ...answers.map((answer) => element("option", { value: answer }, capital(answer))));
    select.addEventListener("change", () => change({ answer: select.value }));
  }
  select.value = state.answer;
  const claims = claimsNow();
  const judged = claims.filter((claim) => claim.estimate !== "");
  const shown = state.answer || unjudgedToo ? claims : judged;
  byId("claims-body").replaceChildren(...shown.map(claimRow));
  byId("claims-count").textContent = `${shown.length} of ${DATA.claims.length} published figures`;
  byId("more-claims").hidden = Boolean(state.answer) || judged.length === claims.length;
  byId("more-claims").textContent = unjudgedToo ? "Show those alone that public data can judge" : `Show ${claims.length - judged.length} more that public data cannot judge`;
  byId("more-claims").setAttribute("aria-expanded", unjudgedToo);
}

// Claims that can stand on one axis.
const claimsInPoints = () => claimsNow().filter((claim) => claim.estimate !== "" && (claim.unit === "percent" || claim.unit === "points"));

addView("claims", {
  title: () => "Published figures and what public data show",
  caption: () => "Published figure: line; public data: dot, with its range where there is one",
  alt: () => claimsInPoints().map((c) => `${c.statement}: published ${c.shown.published}, public data ${c.shown.estimate}`).join(". "),
  table: () => {
    const columns = Object.keys(DATA.claims[0] ?? {}).filter((name) => name !== "host" && name !== "shown");
    return { columns, rows: claimsNow().map((claim) => columns.map((name) => claim[name])) };
  },
  plain: true,
  draw(width, look) {
    const named = (c) => `${c.text}, ${c.unit === "points" ? "points" : "%"}`;
    const points = claimsInPoints().map((c) => ({ text: c.statement, published: Number(c.published), estimate: Number(c.estimate), group: c.group, low: Number(c.lower || c.estimate), high: Number(c.upper || c.estimate), unit: c.unit }));
    const claims = rowsOf(points, named, width - 30, 28);
    if (!claims.length) return null;
    const group = (c) => (c.unit === "points" ? DATA.sides[c.estimate > 0 ? 0 : 1] : c.group);
    const tall = claims.at(-1).bottom;
    const mark = (c) => c.bottom - 15;
    return plotOf(width, look, {
      height: tall + 40, marginTop: 8, marginBottom: 30,
      x: { label: null, grid: true, tickFormat: (v) => `${v}`.replace("-", "−") }, y: { domain: [tall, 0], axis: null },
      marks: [
        Plot.ruleX([0], { stroke: look.quiet }),
        Plot.link(claims, { x1: "low", x2: "high", y: mark, stroke: look.quiet, strokeWidth: 6, strokeOpacity: 0.4 }),
        Plot.ruleX(claims, { x: "published", y1: (c) => mark(c) - 7, y2: (c) => mark(c) + 7, stroke: look.ink, strokeWidth: 2.5 }),
        Plot.dot(claims, { x: "estimate", y: mark, r: 5, fill: (c) => colourOf(group(c), look) }),
        Plot.text(claims, { frameAnchor: "left", y: "top", lineAnchor: "top", text: (c) => c.lines.join("\n"), lineHeight: LINE / LETTER, fill: look.ink, stroke: look.ground, strokeWidth: 4 }),
      ],
    });
  },
});
