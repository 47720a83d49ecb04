// Keeps an open page fresh without moving what the officer reads.
const EVERY = 1500;
const LONGEST = 30000;
/** Of its time a page keeps the server busy with at most one part in so many. */
const SHARE = 10;
const pane = document.querySelector("[data-pulse]");
const list = pane?.querySelector("[data-list]");
const news = pane?.querySelector("[data-news]");
const openCase = document.querySelector("[data-case]");
const near = document.querySelector("[data-present]");
const since = pane?.dataset.since;
/** What the page knew when it was made, on whatever page of the queue it stands, is no news. */
const seen = new Set([...tickets(list), ...(pane?.dataset.came ?? "").split(" ")]);
let etag = "";
let pending = null;
// Colleagues are told for so long after the last letter that an answer is being typed.
const TYPES = 6000;
let typed = -Infinity;
document.getElementById("reply")?.addEventListener("input", () => {
  typed = Date.now();
});

function tickets(root) {
  return [...(root?.querySelectorAll("[data-ticket]") ?? [])].map((item) => item.dataset.ticket);
}

function address() {
  const url = new URL(pane.dataset.pulse, location.href);
  url.searchParams.set("sejak", since);
  if (openCase) url.searchParams.set("kasus", openCase.dataset.case);
  return url;
}

/** Nobody looks at, points at or types in the list, and it stands at its top. */
function calm() {
  const scroller = getComputedStyle(pane).overflowY === "visible" ? document.documentElement : pane;
  return scroller.scrollTop < 8 && !list.matches(":hover") && !list.contains(document.activeElement);
}

function swap(html) {
  const before = new Set(tickets(list));
  list.innerHTML = html;
  for (const item of list.querySelectorAll("[data-ticket]")) {
    if (!before.has(item.dataset.ticket)) item.classList.add("arrived");
  }
  pending = null;
}

/** Clock, state and flags of the cards that stay, each at its place. */
function patch(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  for (const item of list.querySelectorAll("[data-ticket]")) {
    const fresh = next.querySelector(`[data-ticket="${item.dataset.ticket}"] a`);
    const card = item.querySelector("a");
    if (fresh && card.innerHTML !== fresh.innerHTML) {
      card.innerHTML = fresh.innerHTML;
      card.className = fresh.className;
    }
  }
  pending = html;
}

function tell(count) {
  news.replaceChildren();
  news.hidden = count === 0;
  if (count === 0) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = news.dataset.words.replace("{count}", count);
  button.addEventListener("click", show);
  news.append(button);
}

/** The new ones may stand far down by deadline: whoever asks for them gets the newest on top. */
function show() {
  const url = new URL(location.href);
  url.pathname = new URL(pane.dataset.pulse, location.href).pathname.replace(/\/pulse$/, "");
  url.searchParams.set("urut", "terbaru");
  url.searchParams.delete("setelah");
  location.assign(url);
}

async function refreshCase(stamp) {
  const asked = Date.now();
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  // reveal.js has taken away since what this answer may still show.
  if (asked <= Number(document.body.dataset.covered ?? 0)) return;
  const thread = next.querySelector("[data-thread]");
  if (!thread) return;
  document.querySelector("[data-thread]").innerHTML = thread.innerHTML;
  openCase.dataset.stamp = stamp;
  const written = [...document.querySelectorAll("[data-draft]")].some((area) => area.value.trim());
  const heads = [...document.querySelectorAll("[data-case-head]")];
  if (written || heads.some((head) => head.contains(document.activeElement))) return;
  // Nothing is being written: forms may speak of the state that the officer now sees.
  const fresh = [...next.querySelectorAll("[data-case-head]")];
  heads.forEach((head, index) => {
    head.innerHTML = fresh[index].innerHTML;
  });
  for (const name of ["version", "seen"]) {
    const value = next.querySelector(`[name="${name}"]`)?.value;
    for (const field of document.querySelectorAll(`[name="${name}"]`)) if (value) field.value = value;
  }
}

function ring(count) {
  const link = document.querySelector("[data-bell]");
  if (!link) return;
  link.classList.toggle("alarm", count !== "");
  link.querySelector("[data-unseen]").textContent = count;
  link.querySelector(".count").hidden = count === "";
}

async function beat() {
  const headers = etag ? { "If-None-Match": etag } : {};
  if (Date.now() - typed < TYPES) headers["X-Typing"] = "1";
  const answer = await fetch(address(), { headers, cache: "no-store" });
  if (answer.status === 401) {
    location.reload();
    return false;
  }
  if (answer.status >= 500 || answer.status === 429) throw new Error("the server is busy or away");
  if (answer.status !== 200) return true;
  etag = answer.headers.get("ETag") ?? "";
  const body = await answer.json();
  for (const count of document.querySelectorAll("[data-count]")) {
    count.textContent = body.counts[count.dataset.count] ?? count.textContent;
  }
  ring(body.bell);
  if (near) near.textContent = body.present;
  if (calm()) swap(body.html);
  else patch(body.html);
  for (const ticket of calm() ? tickets(list) : []) seen.add(ticket);
  tell(body.arrived.filter((ticket) => !seen.has(ticket)).length);
  if (openCase && body.case && body.case !== openCase.dataset.stamp) await refreshCase(body.case);
  return true;
}

/** A tab that nobody sees asks nothing. */
function shown() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

async function run() {
  let wait = EVERY;
  for (;;) {
    await shown();
    const began = performance.now();
    try {
      if (!(await beat())) return;
      wait = Math.min(Math.max(EVERY, (performance.now() - began) * SHARE), LONGEST);
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    // Never all pages at once, as after a restart.
    await new Promise((done) => setTimeout(done, wait * (0.8 + Math.random() * 0.3)));
  }
}

if (pane && !new URLSearchParams(location.search).get("setelah")) run();

// The list stands where it stood, from page to page.
if (pane) {
  const key = `scroll:${pane.dataset.pulse}`;
  pane.scrollTop = Number(sessionStorage.getItem(key) ?? 0);
  addEventListener("pagehide", () => sessionStorage.setItem(key, String(pane.scrollTop)));
}
