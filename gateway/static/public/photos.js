// Photos are made smaller before they are sent, which also drops the coordinates that a camera hides in them.

const LONGEST_SIDE = 1920;
const QUALITY = 0.82;
const SMALL_ENOUGH = 600 * 1024;
const SHRINKABLE = ["image/jpeg", "image/png", "image/webp"];

async function smaller(file) {
  if (!SHRINKABLE.includes(file.type)) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return file; // the server says what is wrong with it
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= SMALL_ENOUGH && file.type !== "image/jpeg") {
    bitmap.close();
    return file;
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) return file;
  return new File([blob], `${file.name.replace(/\.[^.]*$/, "")}.jpg`, { type: "image/jpeg" });
}

function size(bytes) {
  return bytes < 1024 * 1024
    ? `${Math.max(1, Math.round(bytes / 1024))} kB`
    : `${(bytes / 1024 / 1024).toFixed(1).replace(".", ",")} MB`;
}

function preview(file) {
  const item = document.createElement("li");
  const name = document.createElement("div");
  name.className = "preview-name";
  name.textContent = file.name;
  let picture;
  if (file.type.startsWith("image/") && file.type !== "image/heic") {
    picture = document.createElement("img");
    picture.alt = "";
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
  } else {
    picture = document.createElement("div");
    picture.textContent = (file.name.split(".").pop() || "berkas").toUpperCase();
  }
  picture.className = "preview-picture";
  item.append(picture, name, size(file.size));
  return item;
}

/** Shrinks and shows what is chosen; `ready()` resolves once the field holds the smaller files. */
export function watchPhotos(form) {
  const input = form.elements.namedItem("lampiran");
  const list = form.querySelector("[data-previews]");
  const says = form.querySelector("[data-photos-say]");
  let work = Promise.resolve();

  async function shrink() {
    const chosen = [...input.files];
    says.textContent = chosen.length ? "Menyiapkan foto…" : "";
    const transfer = new DataTransfer();
    for (const file of chosen) transfer.items.add(await smaller(file)); // one after another: a phone's memory is small
    input.files = transfer.files;
    list.replaceChildren(...[...input.files].map(preview));
    says.textContent = chosen.length ? `${chosen.length} berkas siap dikirim.` : "";
  }

  input.addEventListener("change", () => {
    work = shrink().catch(() => {
      says.textContent = "";
    });
  });
  return { ready: () => work };
}
