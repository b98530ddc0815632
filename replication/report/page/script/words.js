// Numbers and names as the page prints them.

const NARROW = "\u202f";
const percent = (fraction) => (Number.isNaN(fraction) ? "–" : `${(100 * fraction).toFixed(1)}${NARROW}%`);
const magnitude = (fraction) => Math.abs(100 * fraction).toFixed(1);
const signed = (fraction) => `${fraction < 0 ? "−" : "+"}${magnitude(fraction)}`;
const whole = (count) => Math.round(count).toLocaleString("en-US");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const called = (side) => (side === "USA" ? "the USA" : side);

const groupCalled = (name) => (name === "User" ? "Individuals" : name);

// What downloads under the chosen age limit are called: “first-year”.
const youngNow = () => DATA.young[state.choice.age_limit_days];

function millions(count) {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} million` : whole(count);
}

// Who leads, in a sentence without its full stop.
function leadSentence(lead) {
  if (Number.isNaN(lead)) return "Nothing was downloaded under these choices";
  const [ahead, behind] = lead > 0 ? DATA.sides : [...DATA.sides].reverse();
  if (lead === 0) return `${capital(called(ahead))} and ${called(behind)} are equal`;
  return `${capital(called(ahead))} leads ${called(behind)} by ${magnitude(lead)} points`;
}

// A range of the lead in words.
function leadRange([low, high]) {
  const [china, usa] = DATA.sides.map(called);
  if (low > 0) return `${china} ahead by ${magnitude(low)} to ${magnitude(high)} points`;
  if (high < 0) return `${usa} ahead by ${magnitude(high)} to ${magnitude(low)} points`;
  return `from ${usa} ahead by ${magnitude(low)} to ${china} ahead by ${magnitude(high)} points`;
}

// A lead in few words: “USA by 12.7”.
const shortLead = (lead) => `${DATA.sides[lead > 0 ? 0 : 1]} by ${magnitude(lead)}`;

// A range of the lead in few words: “USA by 16.4 to USA by 9.0”.
function shortRange(ends) {
  return ends.map(shortLead).join(" to ");
}

// An element with attributes and children; text is set as text, never as markup.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A link to a page of the web; of any other address the text alone.
function linkTo(address, text) {
  if (!/^https?:\/\//.test(address ?? "")) return document.createTextNode(text);
  return element("a", { href: address, rel: "nofollow noopener noreferrer", target: "_blank" }, text);
}

const byId = (id) => document.getElementById(id);
