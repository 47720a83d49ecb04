// Drafts that survive a reload, and one sending for a double click.
// They lie in this tab alone and go with it, with the log-out and with the sending: on a shared PC nobody finds what
// was written to a citizen. Whoever logs in next in the same tab makes an end of those of whoever was there before.
const ticket = document.querySelector("[data-case]")?.dataset.case;

const officer = document.body.dataset.officer;
const mine = `draft:${officer}:`;
for (const name of officer ? Object.keys(sessionStorage) : []) {
  if (/^(sent:)?draft:/.test(name) && !name.includes(mine)) sessionStorage.removeItem(name);
}

function key(area) {
  return `${mine}${ticket}:${area.dataset.draft}`;
}

for (const area of ticket ? document.querySelectorAll("[data-draft]") : []) {
  const sent = `sent:${key(area)}`;
  if (sessionStorage.getItem(sent)) {
    sessionStorage.removeItem(sent);
    sessionStorage.removeItem(key(area));
  }
  if (!area.value) area.value = sessionStorage.getItem(key(area)) ?? "";
  area.addEventListener("input", () => {
    if (area.value) sessionStorage.setItem(key(area), area.value);
    else sessionStorage.removeItem(key(area));
  });
  area.form.addEventListener("submit", () => sessionStorage.setItem(sent, "1"));
}

// Each channel has its own limits, its own files and its own window.
function limit(box, choice) {
  const input = box?.querySelector("input[type=file]");
  if (!input) return;
  Object.assign(input.dataset, { most: choice.dataset.most, largest: choice.dataset.largest });
  input.accept = choice.dataset.accept;
  input.disabled = choice.dataset.most === "0" && !input.files.length;
  document.getElementById(input.getAttribute("aria-describedby")).textContent = choice.dataset.limits;
}

const via = document.querySelector("[data-via]");
function turn() {
  limit(via.form.querySelector("[data-enclose]"), via.selectedOptions[0]);
  for (const line of via.form.querySelectorAll("[data-way]")) line.hidden = line.dataset.way !== via.value;
  via.form.dispatchEvent(new Event("limits"));
}
if (via) {
  via.addEventListener("change", turn);
  turn();
}

// A canned answer goes where the cursor is; "/" in an empty answer leads to the list.
const ready = document.querySelector("[data-ready]");
const reply = document.getElementById("reply");
if (ready && reply) {
  ready.addEventListener("submit", (event) => {
    event.preventDefault();
    reply.setRangeText(ready.elements.templat.selectedOptions[0].dataset.text, reply.selectionStart, reply.selectionEnd, "end");
    reply.dispatchEvent(new Event("input", { bubbles: true }));
    reply.focus();
  });
  reply.addEventListener("input", () => {
    if (reply.value !== "/") return;
    reply.value = "";
    sessionStorage.removeItem(key(reply));
    ready.elements.templat.focus();
  });
  ready.elements.templat.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    ready.requestSubmit();
  });
}

for (const form of document.querySelectorAll("[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}
// A page from the browser's back cache may send again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent;
});

// What was refused stays a draft.
if (document.body.dataset.kept) {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("sent:")) sessionStorage.removeItem(name);
}

document.querySelector("[data-logout]")?.addEventListener("submit", () => sessionStorage.clear());

// The newest line is what the officer opened the case for; but first why something was not done.
const thread = document.querySelector("main[data-case]");
const refusal = thread?.querySelector(".alert");
if (refusal) refusal.scrollIntoView({ block: "start" });
else if (thread && getComputedStyle(thread).overflowY !== "visible") thread.scrollTop = thread.scrollHeight;
