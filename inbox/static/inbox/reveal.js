// What was shown for a while goes when its time is up, whatever is being written beside it.
const RETRY = 5; // seconds
const known = document.querySelector("[data-reveal]")?.dataset;
let over = Infinity;
let timer = 0;

function parts(root) {
  return [...root.querySelectorAll("[data-veiled]")];
}

function wait(seconds) {
  over = Date.now() + seconds * 1000;
  clearTimeout(timer);
  timer = setTimeout(look, seconds * 1000);
}

/** Where it is said: pulse.js may have put a fresh one there. */
function tell(words) {
  for (const place of document.querySelectorAll("[data-reveal]")) place.textContent = words;
}

/** The page as it is now, in the places of what went; words that are being typed stand elsewhere. */
async function anew() {
  const answer = await fetch(known.page, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.status >= 500 || answer.status === 429) throw new Error("the server is busy or away");
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = new Map(parts(next).map((part) => [part.dataset.veiled, part]));
  // Signed out, or no longer his to see.
  if (fresh.size === 0) return location.replace(known.page);
  for (const part of parts(document)) part.replaceChildren(...(fresh.get(part.dataset.veiled)?.childNodes ?? []));
  const again = next.querySelector("[data-reveal]");
  if (!again) return;
  // Asked for once more in another tab.
  tell("");
  wait(Number(again.dataset.reveal));
}

async function look() {
  if (Date.now() < over) return;
  over = Infinity;
  // What pulse.js asked for until now may still come, and is not to be shown.
  document.body.dataset.covered = String(Date.now());
  const pane = document.querySelector("main");
  const place = pane.scrollTop;
  for (const part of parts(document)) part.replaceChildren();
  tell(known.over);
  try {
    await anew();
    pane.scrollTop = place;
  } catch {
    wait(RETRY);
  }
}

if (known) {
  wait(Number(known.reveal));
  // A computer that slept, and a page that comes back from the browser's memory, missed the timer.
  for (const event of ["visibilitychange", "pageshow", "focus"]) addEventListener(event, look);
}
