// Where the present choice lies among all specifications of its source.

const sortedLeads = new Map();
// Leads of the distinct specifications of a source, in order.
function leadsOf(source) {
  if (!sortedLeads.has(source)) {
    const { distinct, lead } = source.specifications;
    sortedLeads.set(source, lead.filter((value, n) => distinct[n] === "1" && value !== null).sort((one, other) => one - other));
  }
  return sortedLeads.get(source);
}

function rankNow() {
  const leads = leadsOf(state.source);
  const own = Math.round(result().lead * 1e6);
  return { leads, own, below: leads.filter((lead) => lead < own).length, ahead: leads.filter((lead) => lead > 0).length };
}

function showGrid() {
  const { leads, below, ahead } = rankNow();
  const byHand = UNITS.some((unit) => state.out[unit].size) ? ", with what is left out by hand," : "";
  const own = Number.isNaN(result().lead) ? "" : ` ${percent(below / leads.length)} of them are worse for China than the present choice${byHand.replace(/,$/, "")}.`;
  byId("grid-note").textContent = `China leads in ${whole(ahead)} of ${whole(leads.length)} different combinations of choices.${own}`;
}

addView("grid", {
  title: () => "The lead under every combination of choices",
  alt: () => byId("grid-note").textContent,
  table: () => {
    const { dimensions, specifications } = state.source;
    const different = specifications.lead.map((lead, place) => [lead, place])
      .filter(([lead, place]) => lead !== null && specifications.distinct[place] === "1");
    return {
      columns: [...dimensions.map((d) => d.id), "lead_points"],
      rows: different.map(([lead, place]) => {
        const choice = choiceAt(state.source, place);
        return [...dimensions.map((d) => choice[d.id]), lead / 1e4];
      }),
    };
  },
  draw(width, look) {
    const { leads, own, below } = rankNow();
    const points = leads.map((lead, rank) => ({ rank, lead: lead / 1e4 }));
    const present = Number.isNaN(own) ? [] : [{ rank: below, lead: own / 1e4 }];
    const right = below > leads.length / 2;
    const side = (n, keep) => Plot.areaY(points.filter(keep), { x: "rank", y: "lead", fill: colourOf(DATA.sides[n], look), fillOpacity: 0.85 });
    return plotOf(width, look, {
      height: 280, marginLeft: 40, marginBottom: 26, marginTop: 34,
      x: { axis: null, domain: [0, leads.length] }, y: { label: "Lead in points (China − USA)", labelArrow: "none", labelAnchor: "top", labelOffset: 38, grid: true, tickFormat: (v) => (v > 0 ? `+${v}` : `${v}`.replace("-", "−")) },
      marks: [
        side(1, (p) => p.lead <= 0), side(0, (p) => p.lead > 0), Plot.ruleY([0], { stroke: look.quiet }),
        Plot.ruleX(present, { x: "rank", stroke: look.ink, strokeWidth: 1.5 }),
        Plot.dot(present, { x: "rank", y: "lead", r: 6, fill: look.ground, stroke: look.ink, strokeWidth: 2.5 }),
        Plot.text(present, { x: "rank", y: "lead", text: () => `this choice: ${shortLead(own / 1e6)}`, dx: right ? -12 : 12, dy: own < 0 ? 30 : -16, textAnchor: right ? "end" : "start", fontWeight: 600, fill: look.ink, stroke: look.ground, strokeWidth: 4 }),
        Plot.text([[0]], { frameAnchor: "bottom", dy: 20, text: () => "from the USA’s largest lead to China’s", fill: look.quiet }),
      ],
    });
  },
});
