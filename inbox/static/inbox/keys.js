// One key each, with an off switch; "?" shows them.
const OFF = "keys-off";
const dialog = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
const opener = document.querySelector("[data-keys-open]");

function cards() {
  return [...document.querySelectorAll(".card")];
}

function move(step) {
  const all = cards();
  if (!all.length) return;
  const focused = all.indexOf(document.activeElement);
  const current = focused >= 0 ? focused : all.findIndex((card) => card.hasAttribute("aria-current"));
  const next = current < 0 ? 0 : Math.min(Math.max(current + step, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function write(mode, area) {
  const radio = document.getElementById(mode);
  if (!radio) return;
  radio.checked = true;
  document.getElementById(area).focus();
}

function finish() {
  const button = document.querySelector('[data-key="e"]');
  if (!button) return;
  write("mode-reply", "reply");
  if (document.getElementById("reply").value.trim()) button.focus();
}

function unfold(key) {
  const summary = document.querySelector(`[data-key="${key}"]`);
  if (!summary) return;
  summary.parentElement.open = true;
  summary.parentElement.querySelector("select, textarea, input:not([type=hidden])").focus();
}

function back() {
  const link = document.querySelector(".back a");
  if (link) location.assign(link.href);
}

const acts = {
  j: () => move(1),
  k: () => move(-1),
  a: () => document.querySelector('[data-key="a"]')?.click(),
  d: () => unfold("d"),
  ...Object.fromEntries([..."gtwsi"].map((key) => [key, () => unfold(key)])),
  r: () => write("mode-reply", "reply"),
  n: () => write("mode-note", "note"),
  e: finish,
  x: () => {
    const card = document.activeElement.closest("[data-ticket]") ?? document.querySelector(".card[aria-current]")?.parentElement;
    card?.querySelector(".tick input")?.click();
  },
  "/": () => document.getElementById("search")?.select(),
  "?": () => dialog.showModal(),
};

function typing(target) {
  return target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.preventDefault();
    const form = event.target.form;
    form.requestSubmit(form.querySelector("[data-send]"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return;
  if (event.key === "Escape") {
    if (typing(event.target)) event.target.blur();
    else back();
    return;
  }
  if (typing(event.target) || localStorage.getItem(OFF)) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

if (dialog) {
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}
