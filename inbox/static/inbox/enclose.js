// Files that go along: each named, each removable, and what does not fit said before anything is sent.
function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${megabytes(bytes)} MB`;
}

function megabytes(bytes) {
  return (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
}

function wrong(box, input, files) {
  const most = Number(input.dataset.most);
  const largest = Number(input.dataset.largest);
  if (files.length > most) return box.dataset.many.replace("{most}", most);
  const large = files.find((file) => file.size > largest);
  if (large) return box.dataset.large.replace("{name}", large.name).replace("{size}", megabytes(largest));
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > Number(box.dataset.total)) return box.dataset.heavy.replace("{size}", megabytes(box.dataset.total));
  return "";
}

function same(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function tend(box) {
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-chosen]");
  const said = box.querySelector("[data-wrong]");
  let files = [];

  function keep() {
    const carrier = new DataTransfer();
    for (const file of files) carrier.items.add(file);
    input.files = carrier.files;
    list.hidden = files.length === 0;
    list.replaceChildren(...files.map(row));
    const why = files.length ? wrong(box, input, files) : "";
    said.textContent = why;
    said.hidden = !why;
    input.setCustomValidity(why);
  }

  function row(file) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = `${file.name} (${size(file.size)})`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = "×";
    button.title = box.dataset.remove;
    button.setAttribute("aria-label", `${box.dataset.remove}: ${file.name}`);
    button.addEventListener("click", () => {
      files = files.filter((other) => other !== file);
      keep();
      (list.querySelector("button") ?? input).focus();
    });
    item.append(name, " ", button);
    return item;
  }

  // A second choice adds to the first, as everybody expects who attaches files one by one.
  input.addEventListener("change", () => {
    const chosen = [...input.files];
    files = [...files, ...chosen.filter((file) => !files.some((other) => same(other, file)))];
    keep();
  });
  input.form.addEventListener("limits", keep);
}

for (const box of document.querySelectorAll("[data-enclose]")) tend(box);
