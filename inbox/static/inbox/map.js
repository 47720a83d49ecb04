// Draws the points of a map. Without tiles they stand on a net of degrees, so that no other host is asked.
const L = globalThis.L;
const CELL = 44; // pixels in which points become one
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const STEPS = [20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

function link(point, words) {
  const box = document.createElement("p");
  box.append(point.name);
  if (point.href) {
    const anchor = document.createElement("a");
    anchor.href = point.href;
    anchor.textContent = words.open;
    box.append(document.createElement("br"), anchor);
  }
  return box;
}

function pin(at, kind, count, title) {
  const side = count > 1 ? Math.min(30 + 4 * Math.log2(count), 56) : 24;
  const icon = L.divIcon({ className: `pin k-${kind}${count > 1 ? " many" : ""}`, html: count > 1 ? String(count) : "", iconSize: [side, side] });
  return L.marker(at, { icon, title, alt: title, riseOnHover: true });
}

function clusters(map, points) {
  const cells = new Map();
  for (const point of points) {
    const { x, y } = map.project([point.lat, point.lon]);
    const key = `${Math.floor(x / CELL)}:${Math.floor(y / CELL)}`;
    cells.set(key, [...(cells.get(key) ?? []), point]);
  }
  return cells.values();
}

function drawPoints(map, layer, points, words) {
  layer.clearLayers();
  for (const group of clusters(map, points)) {
    const bounds = L.latLngBounds(group.map((each) => [each.lat, each.lon]));
    const deepest = map.getZoom() >= map.getMaxZoom() || bounds.getSouthWest().equals(bounds.getNorthEast());
    if (group.length === 1) {
      pin([group[0].lat, group[0].lon], group[0].kind, 1, group[0].name).bindPopup(() => link(group[0], words)).addTo(layer);
    } else if (deepest) {
      const list = () => {
        const box = document.createElement("div");
        box.append(...group.map((each) => link(each, words)));
        return box;
      };
      pin(bounds.getCenter(), "many", group.length, `${group.length} ${words.many}`).bindPopup(list, { maxHeight: 220 }).addTo(layer);
    } else {
      const nearer = () => map.fitBounds(bounds.pad(0.2), { animate: !calm });
      pin(bounds.getCenter(), "many", group.length, `${group.length} ${words.many}`)
        .on("click", nearer)
        .on("keydown", ({ originalEvent: { key } }) => key === "Enter" && nearer())
        .addTo(layer);
    }
  }
}

function drawNet(map, layer) {
  layer.clearLayers();
  const seen = map.getBounds();
  const width = seen.getEast() - seen.getWest();
  const { x, y } = map.getSize();
  const lines = Math.min(4, x / 220); // so that their labels stand beside one another
  const step = STEPS.find((each) => width / each >= lines) ?? STEPS.at(-1);
  const line = (from, to, at, label) => {
    L.polyline([from, to], { className: "net", interactive: false }).addTo(layer);
    L.tooltip({ permanent: true, direction: "center", className: "degree", interactive: false }).setLatLng(at).setContent(label).addTo(layer);
  };
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const { lat: down, lng: across } = map.containerPointToLatLng([x - 34, y - 14]);
  for (let lon = Math.ceil(seen.getWest() / step) * step; lon < seen.getEast(); lon += step)
    line([seen.getSouth(), lon], [seen.getNorth(), lon], [down, lon], `${lon.toFixed(digits)}°`);
  for (let lat = Math.ceil(seen.getSouth() / step) * step; lat < seen.getNorth(); lat += step)
    line([lat, seen.getWest()], [lat, seen.getEast()], [lat, across], `${lat.toFixed(digits)}°`);
}

function draw(box) {
  const { tiles, attribution, in: zoomInTitle, out: zoomOutTitle, many, open } = box.dataset;
  const points = JSON.parse(box.dataset.points);
  box.hidden = false;
  const map = L.map(box, { zoomControl: false, attributionControl: Boolean(tiles), maxZoom: 18, minZoom: 3, zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm, scrollWheelZoom: false });
  L.control.zoom({ zoomInTitle, zoomOutTitle }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds(L.latLngBounds(points.map((each) => [each.lat, each.lon])).pad(0.15), { maxZoom: 15, animate: false });
  if (tiles) {
    map.attributionControl.setPrefix(false);
    L.tileLayer(tiles, { attribution: attribution.replace(/[<&]/g, (sign) => (sign === "<" ? "&lt;" : "&amp;")), maxZoom: 18 }).addTo(map);
  }
  const net = L.layerGroup().addTo(map);
  const pins = L.layerGroup().addTo(map);
  if (!tiles) {
    map.on("moveend", () => drawNet(map, net));
    drawNet(map, net);
  }
  map.on("zoomend", () => drawPoints(map, pins, points, { many, open }));
  drawPoints(map, pins, points, { many, open });
}

for (const box of document.querySelectorAll("[data-map]")) draw(box);
