// Shares and leads in whole half downloads, as replication.inference.cells counts them.
// It knows no document, so that it runs wherever it is tested.

const CODES = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NONE = "none";
const nothingOut = () => ({ developer: new Set(), repository: new Set() });

// Downloads of each row in the sum of some columns.
function downloadsIn(rows, columns) {
  const sums = new Float64Array(rows.profile.length);
  for (const column of columns) {
    const values = rows.columns[column];
    for (let row = 0; row < sums.length; row += 1) sums[row] += values[row];
  }
  return sums;
}

// Place of the group that each profile has by a role and a source of labels, after a treatment; -1 for none.
function groupsOf(data, rows, labels, role, choice) {
  const roles = Object.keys(rows.credited);
  const at = (name) => roles.indexOf(name) * labels.length + labels.indexOf(choice.labels);
  const place = (text, name) => CODES.indexOf(text[at(name)]);
  return rows.profiles.map((text) => {
    const own = place(text, role);
    if (own < 0 || data.groups[own].attributed || choice.treatment === "own") return own;
    return choice.treatment === "lineage" ? place(text, "origin") : -1;
  });
}

// Whether the exclusion and the scope of a choice leave a row.
function leaves(source, rows, choice) {
  const exclusion = source.exclusions.indexOf(choice.exclusion ?? NONE);
  const scope = source.scopes.indexOf(choice.scope);
  return (row) =>
    (exclusion < 0 || (rows.exclusions[row] >> exclusion) & 1) &&
    (scope < 0 || (rows.scopes[row] >> scope) & 1);
}

// Cells by developer and by named repository: half downloads in each group.
function cellsOf(data, source, choice, { rows = source.rows, columns, out = nothingOut() }) {
  const width = data.groups.length;
  const developers = new Float64Array(rows.developers.length * width);
  const repositories = new Map();
  const totals = new Float64Array(width);
  const downloads = downloadsIn(rows, columns);
  const left = leaves(source, rows, choice);
  for (const [role, halves] of Object.entries(data.roles[choice.attribution])) {
    const groups = groupsOf(data, rows, source.labels, role, choice);
    const who = rows.credited[role];
    for (let row = 0; row < downloads.length; row += 1) {
      const group = groups[rows.profile[row]];
      if (!downloads[row] || group < 0 || !left(row)) continue;
      const name = rows.names[row];
      if (out.developer.has(rows.developers[who[row]]) || (name && out.repository.has(name))) continue;
      const half = downloads[row] * halves;
      totals[group] += half;
      developers[who[row] * width + group] += half;
      if (!name) continue;
      if (!repositories.has(name)) repositories.set(name, new Float64Array(width));
      repositories.get(name)[group] += half;
    }
  }
  return { totals, developers: namedCells(rows.developers, developers, width), repositories: [...repositories] };
}

// Pairs of name and cells, of the developers who have any downloads.
function namedCells(names, counts, width) {
  const pairs = names.map((name, place) => [name, counts.subarray(place * width, (place + 1) * width)]);
  return pairs.filter(([, cells]) => cells.some((half) => half > 0));
}

const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

// Half downloads of both sides and in total.
function sidesOf(data, totals) {
  const [china, usa] = data.sides.map((side) => totals[data.groups.findIndex((group) => group.name === side)]);
  return { china, usa, total: sumOf(totals) };
}

// Shares of both sides and the lead; NaN of nothing.
function sharesOf({ china, usa, total }) {
  return { china: china / total, usa: usa / total, lead: (china - usa) / total };
}

// What the lead is without each unit: its name, its downloads, its main group, and the lead that is left.
function withoutEach(data, totals, units) {
  const whole = sidesOf(data, totals);
  return units.map(([name, cells]) => {
    const own = sidesOf(data, cells);
    const rest = { china: whole.china - own.china, usa: whole.usa - own.usa, total: whole.total - own.total };
    return {
      name, halves: own.total, share: own.total / whole.total, group: cells.indexOf(Math.max(...cells)),
      lead: sharesOf(rest).lead,
    };
  });
}

// Least and most of the lead without any one unit.
function rangeWithout(each) {
  const leads = each.map((unit) => unit.lead).filter((lead) => !Number.isNaN(lead));
  return leads.length ? [Math.min(...leads), Math.max(...leads)] : null;
}

// The lead if all downloads of no known country were the one side's, or the other's; null where there are none.
function boundsOf(data, totals) {
  const { china, usa, total } = sidesOf(data, totals);
  const nowhere = sumOf(totals.map((half, place) => (data.groups[place].attributed ? 0 : half)));
  return nowhere ? [(china - usa - nowhere) / total, (china - usa + nowhere) / total] : null;
}

// The key of the measured dimensions of a choice.
function measureOf(source, choice) {
  return source.dimensions.filter((d) => d.measured).map((d) => choice[d.id]).join("|");
}

// Place of a choice among all specifications of its source.
function placeOf(source, choice) {
  let place = Object.keys(source.measures).indexOf(measureOf(source, choice));
  for (const dimension of source.dimensions.filter((d) => !d.measured)) {
    place = place * dimension.choices.length + dimension.choices.findIndex(([id]) => id === choice[dimension.id]);
  }
  return place;
}

// The choice at a place among all specifications.
function choiceAt(source, place) {
  const choice = {};
  let rest = place;
  for (const dimension of source.dimensions.filter((d) => !d.measured).reverse()) {
    choice[dimension.id] = dimension.choices[rest % dimension.choices.length][0];
    rest = Math.floor(rest / dimension.choices.length);
  }
  const parts = Object.keys(source.measures)[rest].split("|");
  source.dimensions.filter((d) => d.measured).forEach((d, n) => { choice[d.id] = parts[n]; });
  return choice;
}

// Everything that the page says of a choice.
function resultOf(data, source, choice, out = nothingOut()) {
  const columns = source.measures[measureOf(source, choice)];
  const cells = cellsOf(data, source, choice, { columns, out });
  const sides = sidesOf(data, cells.totals);
  const developers = withoutEach(data, cells.totals, cells.developers);
  const computed = out.developer.size || out.repository.size ? {} : rangesAt(source, choice);
  return {
    totals: cells.totals, sides, ...sharesOf(sides), developers,
    repositories: withoutEach(data, cells.totals, cells.repositories),
    without: rangeWithout(developers), bounds: boundsOf(data, cells.totals), computed,
  };
}

// Ranges that the package computed of a choice.
function rangesAt(source, choice) {
  const key = [measureOf(source, choice), ...source.dimensions.filter((d) => !d.measured).map((d) => choice[d.id])];
  const found = { ...source.ranges[key.join("|")] };
  const { lower, upper } = source.specifications;
  const place = placeOf(source, choice);
  if (!found.resampled && lower && lower[place] !== null && upper[place] !== null) {
    const lead = [lower[place] / 1e6, upper[place] / 1e6];
    found.resampled = { lead, method: "percentile bootstrap of developers" };
  }
  return found;
}
