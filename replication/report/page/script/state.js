// The state of the page, and its link: what is not as usual stands in the fragment of the address.

const DATA = JSON.parse(document.getElementById("data").textContent);
const UNITS = ["developer", "repository"];
const usualOf = (source) => Object.fromEntries(source.dimensions.map((d) => [d.id, d.usual]));
const sourceOf = (id) => DATA.sources.find((source) => source.id === id) ?? DATA.sources[0];

function usualState(source = DATA.sources[0]) {
  return { source, choice: usualOf(source), out: nothingOut(), unit: UNITS[0], more: false, find: "", answer: "", at: "" };
}

let state = usualState();
const listeners = [];
const onChange = (listener) => listeners.push(listener);

function fragmentOf(given) {
  const words = new URLSearchParams();
  if (given.source !== DATA.sources[0]) words.set("source", given.source.id);
  for (const { id, usual } of given.source.dimensions) {
    if (given.choice[id] !== usual) words.set(id, given.choice[id]);
  }
  for (const unit of UNITS) for (const name of [...given.out[unit]].sort()) words.append(`without-${unit}`, name);
  if (given.unit !== UNITS[0]) words.set("by", given.unit);
  if (given.find) words.set("find", given.find);
  if (given.answer) words.set("answer", given.answer);
  if (given.at) words.set("at", given.at);
  return words.toString();
}

// The state that a fragment names; what no source knows is passed over.
function stateOf(fragment) {
  const words = new URLSearchParams(fragment);
  const made = usualState(sourceOf(words.get("source")));
  for (const dimension of made.source.dimensions) {
    const asked = words.get(dimension.id);
    if (dimension.choices.some(([id]) => id === asked)) made.choice[dimension.id] = asked;
  }
  made.choice = computable(made.source, made.choice, "");
  for (const unit of UNITS) made.out[unit] = new Set(words.getAll(`without-${unit}`).filter((name) => known(made.source, unit, name)));
  if (UNITS.includes(words.get("by"))) made.unit = words.get("by");
  made.find = words.get("find") ?? "";
  made.answer = words.get("answer") ?? "";
  made.at = words.get("at") ?? "";
  return made;
}

const known = (source, unit, name) => source.rows[unit === "developer" ? "developers" : "names"].includes(name);

// The choice with a measure that was computed: the nearest one that keeps what was just chosen.
function computable(source, choice, kept) {
  if (source.measures[measureOf(source, choice)]) return choice;
  const measured = source.dimensions.filter((d) => d.measured).map((d) => d.id);
  const parts = Object.keys(source.measures).map((key) => Object.fromEntries(key.split("|").map((part, n) => [measured[n], part])));
  const same = (part) => measured.filter((id) => part[id] === choice[id]).length;
  const offered = parts.filter((part) => !kept || part[kept] === choice[kept]);
  const best = offered.reduce((one, other) => (same(other) > same(one) ? other : one));
  return { ...choice, ...best };
}

// Change the state, with a new entry of the history or in place of the present one.
function change(changes, { replace = false } = {}) {
  state = { ...state, at: "", ...changes };
  const address = `#${fragmentOf(state)}`;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  tell();
}

const isUsual = () => fragmentOf({ ...state, at: "" }) === fragmentOf(usualState());

// Whether the link by which the page was opened holds another view than the usual one.
let openedChanged = false;
function restore() {
  state = stateOf(location.hash.slice(1));
  openedChanged = !isUsual() && !state.at;
  tell();
  if (state.at) byId(state.at)?.scrollIntoView();
}

function tell() {
  for (const listener of listeners) listener();
}

let computedFor = null;
let computed = null;
// The result of the present state, computed once.
function result() {
  if (computedFor !== state) {
    computedFor = state;
    computed = resultOf(DATA, state.source, state.choice, state.out);
  }
  return computed;
}
