// The controls: one for the source, one for each of its dimensions.

function optionsOf(dimension) {
  return dimension.choices.map(([id, label]) => element("option", { value: id }, capital(label)));
}

// What was set aside for a choice that goes with one value alone, to be set again after it.
let setAside = { choice: null, values: {} };
function choose(dimension, value) {
  const again = dimension.measured && setAside.choice === state.choice ? setAside.values : {};
  const wanted = { ...state.choice, ...again, [dimension.id]: value };
  const choice = computable(state.source, wanted, dimension.id);
  const moved = state.source.dimensions.filter((d) => d.id !== dimension.id && choice[d.id] !== wanted[d.id]);
  setAside = { choice, values: Object.fromEntries(moved.map((d) => [d.id, wanted[d.id]])) };
  change({ choice });
  byId("moved").textContent = moved.length
    ? `This was computed with one value of ${moved.map((d) => `“${d.label}”`).join(" and ")} alone, which is now set.` : "";
}

function control(dimension) {
  const id = `choice-${dimension.id}`;
  return element("div", { class: "choice" },
    element("label", { for: id }, dimension.label),
    element("select", { id, name: dimension.id, onchange: (event) => choose(dimension, event.target.value) }, ...optionsOf(dimension)),
    element("small", { id: `chosen-${dimension.id}`, "aria-hidden": "true" }));
}

// A choice in full under its control where the control is too narrow for it.
const FITS = 30;
function chosenInFull({ id, choices }) {
  const [, label] = choices.find(([value]) => value === state.choice[id]);
  return label.length > FITS ? capital(label) : "";
}

// Another source has choices and names of its own; what was changed of the last one is not kept, and said.
function chooseSource(source) {
  const { source: last, choice } = state;
  const changed = UNITS.some((unit) => state.out[unit].size) || last.dimensions.some((d) => choice[d.id] !== d.usual);
  change({ source, choice: usualOf(source), out: nothingOut() });
  if (changed) byId("moved").textContent = `Choices and what was left out of “${last.title}” are set back.`;
}

function sourceControl() {
  const buttons = DATA.sources.map((source) => element("label", {},
    element("input", {
      type: "radio", name: "source", value: source.id, id: `source-${source.id}`,
      onchange: () => chooseSource(source),
    }), source.title));
  return element("fieldset", { class: "sources" }, element("legend", {}, "Source"), ...buttons);
}

// What each control means, for whoever asks.
function meanings() {
  const list = state.source.dimensions.flatMap((d) => [element("dt", {}, d.label), element("dd", {}, d.hint)]);
  return element("details", { class: "small" }, element("summary", {}, "What these choices mean"), element("dl", {}, ...list));
}

let drawnFor = null;
function showChoices() {
  const place = byId("choices");
  if (drawnFor !== state.source) {
    drawnFor = state.source;
    const first = place.querySelector("fieldset") ?? sourceControl();
    place.replaceChildren(...(DATA.sources.length > 1 ? [first] : []), element("p", { class: "about" }, `${state.source.about}.`),
      ...state.source.dimensions.map(control), meanings());
  }
  const radio = byId(`source-${state.source.id}`);
  if (radio) radio.checked = true;
  for (const dimension of state.source.dimensions) {
    byId(`choice-${dimension.id}`).value = state.choice[dimension.id];
    byId(`chosen-${dimension.id}`).textContent = chosenInFull(dimension);
  }
  byId("moved").textContent = "";
}

// The choice in a line: what is not as usual, or that all is.
function choiceInWords() {
  const other = state.source.dimensions
    .filter((d) => state.choice[d.id] !== d.usual)
    .map((d) => `${d.label.toLowerCase()}: ${d.choices.find(([id]) => id === state.choice[d.id])[1]}`);
  const out = UNITS.flatMap((unit) => [...state.out[unit]]);
  if (out.length) other.push(`without ${out.length > 3 ? `${out.length} left out by hand` : out.join(", ")}`);
  return `${state.source.title}, ${other.length ? other.join("; ") : "the usual choices"}`;
}
