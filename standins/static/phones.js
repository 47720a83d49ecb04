// Keeps the phones alive: asks every two seconds what has changed and renews only those messages.
"use strict";

const EVERY = 2000;
let version = Number(document.body.dataset.version);

const toEnd = (lines) => {
  lines.scrollTop = lines.scrollHeight;
};

const renew = async (phone) => {
  const answer = await fetch(phone.dataset.url);
  if (!answer.ok) return;
  const lines = phone.querySelector("[data-lines]");
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const before = lines.querySelectorAll(".in").length;
  lines.innerHTML = await answer.text();
  if (atEnd) toEnd(lines);
  if (lines.querySelectorAll(".in").length > before) {
    phone.classList.add("rings");
    setTimeout(() => phone.classList.remove("rings"), 1500);
  }
};

// A citizen who was not on the page yet: the page itself says how his phone looks.
const addNew = async () => {
  const others = document.querySelector("[data-others]");
  if (!others) return;
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-others]");
  if (!fresh) return;
  others.replaceChildren(...fresh.children);
  others.querySelectorAll("[data-lines]").forEach(toEnd);
};

const pulse = async () => {
  if (document.hidden) return;
  const answer = await fetch(`${document.body.dataset.pulse}?sejak=${version}`);
  if (!answer.ok) return;
  const news = await answer.json();
  version = news.version;
  const shown = news.phones.map((id) => document.getElementById(id));
  await Promise.all(shown.filter(Boolean).map(renew));
  if (shown.some((phone) => !phone)) await addNew();
};

let busy = false;
const beat = async () => {
  if (busy) return;
  busy = true;
  try {
    await pulse();
  } catch {
    // The demo may be stopping or starting again; the next beat tries once more.
  } finally {
    busy = false;
  }
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-write]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const phone = form.closest("[data-phone]");
    if (!answer.ok) throw new Error(answer.status);
    const elsewhere = form.elements.nomor && !answer.url.includes(phone.dataset.phone);
    if (elsewhere) {
      location.assign(answer.url);
      return;
    }
    form.elements.teks.value = "";
    if (form.elements.subjek) form.elements.subjek.value = "";
    await renew(phone);
    toEnd(phone.querySelector("[data-lines]"));
    form.elements.teks.focus();
  } catch {
    form.submit();
  } finally {
    button.disabled = false;
  }
});

// Enter sends, as on a phone; Shift+Enter makes a new line.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("[data-write] textarea:not([data-many])")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.querySelectorAll("[data-lines]").forEach(toEnd);
setInterval(beat, EVERY);
document.addEventListener("visibilitychange", beat);
