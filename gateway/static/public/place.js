// "Gunakan lokasi saya": asks the browser for the place, only when the citizen presses the button.

const DENIED = 1;

/** Shows the button where the browser can tell the place. */
export function offerPlace(form) {
  const box = form.querySelector("[data-place]");
  if (!("geolocation" in navigator) || !window.isSecureContext) return;
  const lat = form.elements.namedItem("lat");
  const lon = form.elements.namedItem("lon");
  const ask = box.querySelector("[data-place-ask]");
  const forget = box.querySelector("[data-place-forget]");
  const says = box.querySelector("[data-place-says]");

  function show(text) {
    says.textContent = text;
    forget.hidden = !lat.value;
  }

  ask.addEventListener("click", () => {
    show("Mencari lokasi…");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        lat.value = coords.latitude.toFixed(6);
        lon.value = coords.longitude.toFixed(6);
        show(`Titik lokasi tersimpan (ketepatan sekitar ${Math.round(coords.accuracy)} meter).`);
      },
      ({ code }) => {
        show(
          code === DENIED
            ? "Peramban tidak mengizinkan. Tulis lokasinya saja di atas."
            : "Lokasi tidak ditemukan. Tulis lokasinya saja di atas.",
        );
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
  forget.addEventListener("click", () => {
    lat.value = "";
    lon.value = "";
    show("Titik lokasi dihapus.");
    ask.focus();
  });
  box.hidden = false;
  show(lat.value ? "Titik lokasi tersimpan." : "");
}
