// Buttons that need JavaScript: copy the code, print the page.

const actions = document.querySelector("[data-actions]");
const copy = actions.querySelector("[data-copy]");
const copied = actions.querySelector("[data-copied]");

copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(document.querySelector("[data-code]").textContent);
    copied.textContent = "Nomor tersalin.";
  } catch {
    copied.textContent = "Tidak dapat menyalin. Catat nomornya.";
  }
});
actions.querySelector("[data-print]").addEventListener("click", () => window.print());
actions.hidden = false;
