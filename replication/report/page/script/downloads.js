// Every view as CSV, SVG and PNG, made on this machine.

const FILE_WIDTH = 900;
const PIXELS = 2;
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && FORMULA.test(value) && Number.isNaN(Number(value)) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(view) {
  const { columns, rows } = view.table();
  return [columns, ...rows].map((row) => row.map(csvCell).join(",")).join("\n").concat("\n");
}

// The chart with its title and its source, on a light ground.
function svgOf(view) {
  const drawn = view.draw(FILE_WIDTH, LIGHT);
  if (!drawn) return null;
  const inner = drawn.tagName.toLowerCase() === "svg" ? drawn : drawn.querySelector("svg");
  const height = Number(inner.getAttribute("height"));
  const make = (tag, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };
  const margin = 24;
  const width = FILE_WIDTH + 2 * margin;
  const outer = make("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: height + 110, viewBox: `0 0 ${width} ${height + 110}` });
  const text = (y, size, content, weight = 400) =>
    make("text", { x: margin, y, "font-family": FONT, "font-size": size, "font-weight": weight, fill: LIGHT.ink }, content);
  inner.setAttribute("x", margin);
  inner.setAttribute("y", 66);
  outer.append(
    make("title", {}, `${headlineOf(view)}. ${view.alt()}`), make("rect", { width: "100%", height: "100%", fill: LIGHT.ground }),
    text(30, 20, headlineOf(view), 700), text(52, 13, captionOf(view)), inner,
    text(height + 94, 12, `${DATA.title} Download data read ${DATA.read}.`),
  );
  return { text: new XMLSerializer().serializeToString(outer), width, height: height + 110 };
}

const headlineOf = (view) => (view.headline ? view.headline() : view.title());
const captionOf = (view) => (view.caption ? view.caption() : choiceInWords());

function save(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function pngOf(view) {
  const { text, width, height } = svgOf(view);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = element("canvas", { width: width * PIXELS, height: height * PIXELS });
  canvas.getContext("2d").drawImage(image, 0, 0, width * PIXELS, height * PIXELS);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

const MAKERS = {
  CSV: async (view) => new Blob([csvOf(view)], { type: "text/csv;charset=utf-8" }),
  SVG: async (view) => new Blob([svgOf(view).text], { type: "image/svg+xml" }),
  PNG: pngOf,
};

// The buttons of a view, and its data as a table.
function toolsOf(view) {
  const buttons = Object.entries(MAKERS).map(([kind, make]) => element("button", {
    type: "button", "aria-label": `Download ${view.title()} as ${kind}`, "data-file": `${view.id}.${kind.toLowerCase()}`,
    onclick: async () => {
      if (kind === "CSV" || svgOf(view)) save(`${view.id}.${kind.toLowerCase()}`, await make(view));
    },
  }, kind));
  const table = element("details", {
    class: "astable", ontoggle: (event) => {
      if (event.target.open) event.target.replaceChildren(event.target.firstChild, tableOf(view));
    },
  }, element("summary", {}, "As a table"));
  onChange(() => { if (table.open) table.replaceChildren(table.firstChild, tableOf(view)); });
  return [element("span", {}, "Download"), ...buttons, ...(view.plain ? [] : [table])];
}

function setTools() {
  for (const view of Object.values(VIEWS)) byId(`tools-${view.id}`).replaceChildren(...toolsOf(view));
}
