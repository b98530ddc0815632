// Prints what the page's arithmetic makes of every specification of every source, one JSON line a source.
// node page_arithmetic.js arithmetic.js < data.json
const fs = require("fs");
const vm = require("vm");

const context = vm.createContext({});
vm.runInContext(`${fs.readFileSync(process.argv[2], "utf8")}; globalThis.run = { resultOf, choiceAt, placeOf };`, context);
const data = JSON.parse(fs.readFileSync(0, "utf8"));
for (const source of data.sources) {
  const rows = source.specifications.lead.map((lead, place) => {
    const choice = context.run.choiceAt(source, place);
    const made = context.run.resultOf(data, source, choice);
    return [
      choice, context.run.placeOf(source, choice), made.sides.china, made.sides.usa, made.sides.total,
      ...(made.without ?? [null, null]), ...(made.bounds ?? [null, null]), lead,
    ];
  });
  process.stdout.write(`${JSON.stringify({ id: source.id, rows })}\n`);
}
