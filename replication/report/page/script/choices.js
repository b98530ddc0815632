// The controls: one for the source, one for each of its dimensions.

function optionsOf(dimension) {
  return dimension.choices.map(([id, label]) => element("option", { value: id }, capital(label)));
}

function choose(dimension, value) {
  const wanted = { ...state.choice, [dimension.id]: value };
  const choice = computable(state.source, wanted, dimension.id);
  const moved = state.source.dimensions.filter((d) => d.id !== dimension.id && choice[d.id] !== wanted[d.id]);
  change({ choice });
  byId("moved").textContent = moved.length
    ? `This was computed with one value of ${moved.map((d) => `“${d.label}”`).join(" and ")} alone, which is now set.` : "";
}

function control(dimension) {
  const id = `choice-${dimension.id}`;
  return element("div", { class: "choice" },
    element("label", { for: id }, dimension.label),
    element("select", { id, name: dimension.id, onchange: (event) => choose(dimension, event.target.value) }, ...optionsOf(dimension)));
}

function sourceControl() {
  const buttons = DATA.sources.map((source) => element("label", {},
    element("input", {
      type: "radio", name: "source", value: source.id, id: `source-${source.id}`,
      onchange: () => change({ source, choice: usualOf(source), out: nothingOut() }),
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
  for (const { id } of state.source.dimensions) byId(`choice-${id}`).value = state.choice[id];
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
