// What JavaScript adds to the form: the proof of work, smaller photos with a preview, the place, one send at a time.
// Without any of it the form is sent all the same.

import { watchPhotos } from "./photos.js";
import { offerPlace } from "./place.js";

const form = document.getElementById("lapor");
const proof = form.elements.namedItem("bukti");
const button = form.querySelector("[data-send]");
const says = form.querySelector("[data-send-says]");
// A slow phone is not kept waiting for good: without the proof the smaller limits hold.
const LONGEST_WAIT_MS = 20_000;

function work() {
  if (proof.value) return Promise.resolve();
  return new Promise((resolve) => {
    try {
      const worker = new Worker(form.dataset.worker, { type: "module" });
      worker.addEventListener("message", ({ data }) => {
        proof.value = data;
        worker.terminate();
        resolve();
      });
      worker.addEventListener("error", resolve);
      worker.postMessage({ challenge: form.dataset.challenge, bits: Number(form.dataset.bits) });
      setTimeout(resolve, LONGEST_WAIT_MS);
    } catch {
      resolve();
    }
  });
}

const working = work();
const photos = watchPhotos(form);
offerPlace(form);
document.getElementById("pesan")?.focus();

let sending = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  button.setAttribute("aria-disabled", "true");
  says.textContent = "Mengirim…";
  await Promise.all([working, photos.ready()]);
  form.submit();
});

// Whoever comes back with the browser's back button may send again.
window.addEventListener("pageshow", () => {
  sending = false;
  button.removeAttribute("aria-disabled");
  says.textContent = "";
});
