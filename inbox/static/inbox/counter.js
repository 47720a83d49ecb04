// How long the answer is as the chosen channel counts it, and how long it may still go out.
const area = document.getElementById("reply");
const counting = document.querySelector("[data-rules]");
const counter = area?.form.querySelector("[data-counter]");
const rules = counting ? JSON.parse(counting.dataset.rules) : {};

function rule() {
  return rules[area.form.elements.via?.value ?? Object.keys(rules)[0]] ?? {};
}

/** Units of each character, and whether the narrow alphabet has them all. */
function units(characters, parts) {
  const narrow = characters.map((one) => (parts.single.includes(one) ? 1 : parts.double.includes(one) ? 2 : 0));
  return narrow.includes(0) ? [characters.map((one) => one.length), false] : [narrow, true];
}

/** As channels/sms/segments.py: part by part, because a character of two units is never cut. */
export function cut(text, parts) {
  const [sizes, narrow] = units([...text], parts);
  const [alone, each] = narrow ? parts.narrow : parts.wide;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= alone) return { parts: 1, left: alone - total, narrow };
  let count = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > each) {
      count += 1;
      used = 0;
    }
    used += size;
  }
  return { parts: count, left: each - used, narrow };
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
}

function count() {
  const { max, parts } = rule();
  // As the server counts: code points, line breaks as one.
  const text = area.value.trim();
  const length = [...text].length;
  const said = [];
  if (max) said.push(fill(counting.dataset.plain, { count: length, most: max }));
  if (parts) {
    const found = cut(text, parts);
    said.push(fill(found.narrow ? counting.dataset.narrow : counting.dataset.wide, found));
  }
  counter.textContent = said.join(" · ");
  counter.classList.toggle("over", Boolean(max) && length > max);
}

if (area && counting && counter) {
  count();
  // The counter says it better.
  for (const line of area.form.querySelectorAll("[data-uncounted]")) line.hidden = true;
  area.addEventListener("input", count);
  area.form.addEventListener("limits", count);
}

function duration(minutes) {
  const say = (value, unit) =>
    new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(value);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return say(Math.floor(hours / 24), "day");
  return [hours ? say(hours, "hour") : "", hours && minutes % 60 === 0 ? "" : say(minutes % 60, "minute")].join(" ").trim();
}

function tick() {
  for (const left of document.querySelectorAll("[data-left]")) {
    const minutes = Math.floor((Date.parse(left.dataset.left) - Date.now() - skew) / 60000);
    left.textContent = minutes < 0 ? left.dataset.shut : fill(left.dataset.open, { time: duration(minutes) });
    left.classList.toggle("shut", minutes < 0);
    left.classList.toggle("over", minutes >= 0 && minutes < 60);
  }
}

// By the server's clock: an office PC may be minutes off.
const skew = counting ? Date.parse(counting.dataset.now) - Date.now() : 0;
tick();
setInterval(tick, 15000);
