// The audit page: browse shapes, score a what-if customer, score the golden rows. Everything is computed here from the
// tables in this page; nothing is fetched.

const data = JSON.parse(document.getElementById("data").textContent);

// ---------------------------------------------------------------------------------------------------------------
// The model: a score is the intercept plus one entry of each term's points.

const features = new Map(data.features.map((feature) => [feature.name, feature]));
for (const term of data.terms) {
  for (const axis of term.axes) axis.bins = axis.values && new Map(axis.values);
}

/** The bin of a value: 0 is missing, the last is unseen; a value on a cut belongs to the bin above it. */
function binOf(axis, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return 0;
  if (axis.bins) return axis.bins.get(value) ?? axis.count - 1;
  let low = 0;
  let high = axis.cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (axis.cuts[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

function placeOf(term, customer) {
  const bins = term.axes.map((axis) => binOf(axis, customer[axis.feature]));
  return bins.length === 1 ? bins[0] : bins[0] * term.axes[1].count + bins[1];
}

function sigmoid(logit) {
  const small = Math.exp(-Math.abs(logit));
  return logit >= 0 ? 1 / (1 + small) : small / (1 + small);
}

function fits(test, value) {
  const missing = value === null || value === undefined || Number.isNaN(value);
  if (test.is === "missing") return missing;
  if (missing) return test.or_missing;
  if (test.is === "category") return test.in ? test.in.includes(value) : !test.not_in.includes(value);
  return (test.at_least === null || value >= test.at_least) && (test.below === null || value < test.below);
}

/** The segment of a customer, and the conditions on the way to it. */
function assign(customer) {
  const path = [];
  let node = data.tree;
  while (node.segment === undefined) {
    const yes = fits(node.if, customer[node.if.feature]);
    path.push(yes ? node.yes_words : node.no_words);
    node = yes ? node.then : node.else;
  }
  return { segment: node.segment, path };
}

function reasonOf(term, place) {
  const reasons = term.reasons;
  if (Array.isArray(reasons)) return reasons[place];
  const count = term.axes[1].count;
  const points = term.points[place];
  const effect = points > 0 ? reasons.effects[2] : points < 0 ? reasons.effects[0] : reasons.effects[1];
  return reasons.first[Math.floor(place / count)] + reasons.second[place % count] + effect;
}

/** Score one customer: an object of feature name to number, text, or null where missing. */
function score(customer) {
  const places = data.terms.map((term) => placeOf(term, customer));
  const points = data.terms.map((term, i) => term.points[places[i]]);
  let logit = data.model.intercept;
  for (const addend of points) logit += addend;
  const probability = sigmoid(logit);
  const order = points.map((_, i) => i).sort((a, b) => Math.abs(points[b]) - Math.abs(points[a]) || a - b);
  const reasons = order.slice(0, 3).filter((i) => points[i] !== 0).map((i) => reasonOf(data.terms[i], places[i]));
  return { probability, logit, points, places, order, reasons, ...rank(probability), ...assign(customer) };
}

function rank(probability) {
  let steps = 0;
  while (steps < data.percentiles.length && data.percentiles[steps] <= probability) steps += 1;
  const percentile = Math.min(1000, Math.max(0, steps - 1)) / 10;
  return { percentile, decile: Math.min(Math.floor(percentile / 10), 9) + 1, likely: probability >= data.model.threshold };
}

const golden = data.golden.rows.map((row) => Object.fromEntries(data.golden.features.map((name, i) => [name, row[i]])));

/** Score every golden row and compare it with the stored result. */
function checkGolden() {
  let largest = 0;
  const wrong = [];
  golden.forEach((customer, i) => {
    const result = score(customer);
    const difference = Math.abs(result.probability - data.golden.probability[i]);
    largest = Math.max(largest, difference);
    if (!(difference <= 1e-9) || result.segment !== data.golden.segment[i]) wrong.push(i + 1);
  });
  return { rows: golden.length, largest, wrong };
}

// For an auditor's own checks in the console.
globalThis.audit = { score, golden, checkGolden };

// ---------------------------------------------------------------------------------------------------------------
// Small helpers: elements, numbers in words.

const byId = (id) => document.getElementById(id);

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function draw(parent, name, attributes = {}, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}

const signed = (value, digits = 3) =>
  (Math.abs(value) < 0.5 * 10 ** -digits ? "" : value > 0 ? "+" : "−") + Math.abs(value).toFixed(digits);
const percent = (share, digits = 1) => (share === null ? "–" : `${(100 * share).toFixed(digits)}%`);
const count = (n) => n.toLocaleString("en-GB");
const ratio = (count, total) => (total ? count / total : null);
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

function niceSteps(low, high, about) {
  if (!(high > low)) return [low];
  const raw = (high - low) / about;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * unit).find((size) => size >= raw * 0.999999);
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i += 1) values.push(i * step);
  return values;
}

// ---------------------------------------------------------------------------------------------------------------
// Shapes.

const THIN = data.thin;
const mains = data.terms.filter((term) => term.axes.length === 1);
const commonRange = padded(
  Math.min(0, ...mains.flatMap((term) => term.points)),
  Math.max(0, ...mains.flatMap((term) => term.points)),
);
let shown = data.terms.reduce((best, term) => (term.rank < best.rank ? term : best));
let selected = null; // the bin, or the cell, that the readout describes

function padded(low, high) {
  const room = Math.max(0.06 * (high - low), 0.005);
  return [low - room, high + room];
}

const spanOf = (term) => Math.max(...term.points) - Math.min(...term.points);
const ORDERS = {
  importance: (a, b) => a.rank - b.rank,
  name: (a, b) => (a.words < b.words ? -1 : a.words > b.words ? 1 : 0),
  range: (a, b) => spanOf(b) - spanOf(a) || a.rank - b.rank,
};

function listTerms() {
  const query = byId("search").value.trim().toLowerCase();
  const matches = data.terms
    .filter((term) => `${term.name} ${term.words}`.toLowerCase().includes(query))
    .sort(ORDERS[byId("order").value]);
  const most = Math.max(...data.terms.map((term) => term.share));
  byId("match-count").textContent = `${matches.length} of ${data.terms.length}`;
  const hadFocus = byId("terms").contains(document.activeElement);
  byId("terms").replaceChildren(
    ...matches.map((term) => {
      const bar = make("span", { class: "share" });
      const fill = make("span", { class: "fill" });
      fill.style.width = `${(100 * term.share) / most}%`;
      bar.append(fill);
      const button = make(
        "button",
        { type: "button", "aria-pressed": String(term === shown), onclick: () => showTerm(term) },
        make("span", { class: "words" }, capital(term.words)),
        make("span", { class: "amount" }, percent(term.share)),
        bar,
      );
      return make("li", {}, button);
    }),
  );
  // The list has been rebuilt; keyboard users keep their place in it.
  if (hadFocus) document.querySelector('#terms [aria-pressed="true"]')?.focus();
}

function showTerm(term) {
  shown = term;
  selected = null;
  listTerms();
  byId("term-name").textContent = capital(term.words);
  byId("term-code").textContent =
    `${term.name} · rank ${term.rank} of ${data.terms.length} · ${percent(term.share)} of all importance · ` +
    `mean absolute points ${term.importance.toFixed(3)}`;
  byId("term-sentences").replaceChildren(...term.sentences.map((text) => make("li", {}, text)));
  for (const key of document.querySelectorAll(".for-one")) key.hidden = term.axes.length === 2;
  for (const key of document.querySelectorAll(".for-two")) key.hidden = term.axes.length === 1;
  setUpPickers(term);
  drawTerm();
  tableOf(term);
}

function setUpPickers(term) {
  const picks = term.axes.map((axis, side) => {
    const id = `pick-${side}`;
    const input = make("input", {
      type: "range", id, min: 0, max: axis.order.length - 1, value: 0, step: 1,
      oninput: () => select(picks.map((pick) => Number(pick.querySelector("input").value))),
    });
    const words = term.axes.length === 1 ? "Bin" : `Bin of ${features.get(axis.feature).words}`;
    return make("div", { class: "pick" }, make("label", { for: id }, words), input);
  });
  byId("pickers").replaceChildren(...picks);
  readout(null);
}

function select(at) {
  selected = at;
  at.forEach((value, side) => {
    const input = byId(`pick-${side}`);
    input.value = value;
    input.setAttribute("aria-valuetext", shown.axes[side].labels[shown.axes[side].order[value]]);
  });
  readout(at);
  mark(at);
}

function cellOf(term, at) {
  const bins = term.axes.map((axis, side) => axis.order[at[side]]);
  const place = bins.length === 1 ? bins[0] : bins[0] * term.axes[1].count + bins[1];
  return {
    label: term.axes.map((axis, side) => axis.labels[bins[side]]).join(" with "),
    points: term.points[place],
    spread: term.spread[place],
    n: term.train_n[place],
    bought: ratio(term.train_buyers[place], term.train_n[place]),
    holdout: term.holdout_n[place],
    holdoutBought: ratio(term.holdout_buyers[place], term.holdout_n[place]),
  };
}

function readout(at) {
  const place = byId("readout");
  if (at === null) {
    place.replaceChildren(make("p", { class: "hint" }, "Point at the plot, or move the bin below it."));
    return;
  }
  const cell = cellOf(shown, at);
  const rows = [
    ["Bin", cell.label],
    ["Points", `${signed(cell.points, 4)} ± ${cell.spread.toFixed(4)} over the bags`],
    ["Average customer", percent(sigmoid(data.model.intercept + cell.points), 2)],
    ["Training", `${count(cell.n)} customers, ${percent(cell.bought)} bought${cell.n < THIN ? " (thin)" : ""}`],
    ["Holdout", `${count(cell.holdout)} customers, ${percent(cell.holdoutBought)} bought`],
  ];
  const list = make("dl");
  for (const [key, value] of rows) list.append(make("div", {}, make("dt", {}, key), make("dd", {}, value)));
  place.replaceChildren(list);
}

let mark = () => {};

function drawTerm() {
  const holder = byId("plot");
  holder.replaceChildren();
  const width = Math.max(280, holder.clientWidth);
  if (shown.axes.length === 2) drawPair(holder, width);
  else if (shown.axes[0].cuts) drawNumber(holder, width);
  else drawCategory(holder, width);
  if (selected) mark(selected);
}

function canvas(holder, width, height, label) {
  const svg = draw(holder, "svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  const hatch = draw(draw(svg, "defs"), "pattern", {
    id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  draw(hatch, "rect", { width: 1.2, height: 6, class: "hatch" });
  return svg;
}

function rangeOf(term) {
  if (byId("scale-common").checked) return commonRange;
  const ends = term.axes[0].order.flatMap((bin) => [-1, 1].map((s) => term.points[bin] + s * term.spread[bin]));
  return padded(Math.min(0, ...ends), Math.max(0, ...ends));
}

function drawNumber(holder, width) {
  const [axis] = shown.axes;
  const [low, high] = rangeOf(shown);
  const [top, bottom, left, right, side, gap] = [14, 250, 46, 50, width < 600 ? 34 : 46, 8];
  const svg = canvas(holder, width, 386, `Points of ${shown.words}`);
  const from = left + side + gap;
  const to = width - right - side - gap;
  const x = (place) => from + place * (to - from);
  const y = (points) => bottom - ((Math.min(high, Math.max(low, points)) - low) / (high - low)) * (bottom - top);
  const inner = axis.order.slice(1, -1);
  const boxes = axis.order.map((bin, i) =>
    i === 0 ? [left, left + side] : i === axis.order.length - 1 ? [width - right - side, width - right]
      : [x(axis.edges[i - 1]), x(axis.edges[i])],
  );
  grid(svg, [[left, left + side], [from, to], [width - right - side, width - right]], y, low, high, left, width - right);
  axis.order.forEach((bin, i) => {
    const [a, b] = boxes[i];
    if (shown.train_n[bin] < THIN) {
      draw(svg, "rect", { x: a, y: top, width: Math.max(1, b - a), height: bottom - top, fill: "url(#hatch)" });
    }
  });
  let upper = "";
  let lower = "";
  let line = "";
  inner.forEach((bin, i) => {
    const [a, b] = boxes[i + 1];
    const p = shown.points[bin];
    const s = shown.spread[bin];
    upper += `${i ? "V" : `M${a.toFixed(1)},`}${y(p + s).toFixed(1)}H${b.toFixed(1)}`;
    line += `${i ? "V" : `M${a.toFixed(1)},`}${y(p).toFixed(1)}H${b.toFixed(1)}`;
    lower = `V${y(p - s).toFixed(1)}H${a.toFixed(1)}${lower}`;
  });
  draw(svg, "path", { d: `${upper}${lower}z`, class: "band" });
  for (const i of [0, axis.order.length - 1]) {
    const bin = axis.order[i];
    const [a, b] = boxes[i];
    const [p, s] = [shown.points[bin], shown.spread[bin]];
    draw(svg, "rect", { x: a, y: y(p + s), width: b - a, height: Math.max(0, y(p - s) - y(p + s)), class: "band" });
    draw(svg, "path", { d: `M${a},${y(p)}H${b}`, class: shown.train_n[bin] ? "curve" : "curve never" });
  }
  draw(svg, "path", { d: line, class: "curve" });
  actual(svg, axis.groups.map((group) => ({ ...group, at: x(group.at) })), y, [low, high], false);
  const [floor, room] = [336, 60];
  axis.order.forEach((bin, i) => {
    const [a, b] = boxes[i];
    const tall = room * Math.min(1, shown.train_n[bin] / axis.most);
    if (tall) draw(svg, "rect", { x: a, y: floor - tall, width: Math.max(1.5, b - a), height: tall, class: "count" });
    if (shown.train_n[bin] > axis.most) draw(svg, "path", { d: `M${a - 1},${floor - room + 12}L${Math.max(b, a + 1.5) + 1},${floor - room + 6}`, class: "cut" });
  });
  draw(svg, "path", { d: `M${left},${floor}H${width - right}`, class: "axis" });
  draw(svg, "text", { x: left - 5, y: floor - room + 8, class: "end" }, count(axis.most));
  draw(svg, "text", { x: left - 5, y: floor, class: "end" }, "0");
  const cut = axis.order.some((bin) => shown.train_n[bin] > axis.most);
  draw(svg, "text", { x: from, y: floor - room - 8 }, cut ? "customers per bin; the tallest are cut off" : "customers per bin");
  let last = -Infinity;
  for (const tick of axis.ticks) {
    if (x(tick.at) - last < 44 || x(tick.at) < from + 10 || x(tick.at) > to - 14) continue;
    last = x(tick.at);
    draw(svg, "path", { d: `M${last},${floor}v5`, class: "axis" });
    draw(svg, "text", { x: last, y: floor + 18, class: "mid" }, tick.label);
  }
  draw(svg, "text", { x: left + side / 2, y: floor + 18, class: "mid" }, "missing");
  draw(svg, "text", { x: width - right - side / 2, y: floor + 18, class: "mid" }, "unseen");
  const letters = Math.floor(width / 6.6);
  const title = axis.title.length > letters ? `${axis.title.slice(0, letters - 1)}…` : axis.title;
  draw(svg, "text", { x: width / 2, y: floor + 38, class: "mid" }, title);
  const marker = draw(svg, "rect", { y: top, height: floor - top, class: "marker", visibility: "hidden" });
  mark = ([i]) => {
    const [a, b] = boxes[i];
    marker.setAttribute("x", a);
    marker.setAttribute("width", Math.max(1.5, b - a));
    marker.setAttribute("visibility", "visible");
  };
  hover(svg, (px) => {
    const i = boxes.findIndex(([a, b]) => px >= a && px < b);
    return i < 0 ? null : [i];
  });
}

function grid(svg, spans, y, low, high, left, right) {
  const digits = high - low >= 2 ? 1 : high - low >= 0.12 ? 2 : 3;
  for (const value of niceSteps(low, high, 6)) {
    for (const [a, b] of spans) draw(svg, "path", { d: `M${a},${y(value)}H${b}`, class: "grid" });
    draw(svg, "text", { x: left - 5, y: y(value) + 4, class: "end" }, signed(value, digits));
  }
  for (const [a, b] of spans) draw(svg, "path", { d: `M${a},${y(0)}H${b}`, class: "axis" });
  let last = Infinity;
  const candidates = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];
  let inside = candidates.filter((p) => within(p, low, high));
  if (inside.length < 3) inside = niceSteps(sigmoid(data.model.intercept + low), sigmoid(data.model.intercept + high), 5);
  for (const p of inside) {
    const at = y(Math.log(p / (1 - p)) - data.model.intercept);
    if (p <= 0 || p >= 1 || !(last - at >= 14)) continue;
    draw(svg, "text", { x: right + 6, y: at + 4 }, `${Number((100 * p).toPrecision(3))}%`);
    last = at;
  }
}

function within(p, low, high) {
  const points = Math.log(p / (1 - p)) - data.model.intercept;
  return points >= low && points <= high;
}

/** Purchase rates of the holdout with 95% intervals; horizontal for categories. */
function actual(svg, groups, scale, range, across) {
  for (const { at, rate, low, high } of groups) {
    const points = Math.log(rate / (1 - rate)) - data.model.intercept;
    if (rate === null || !(points >= range[0] && points <= range[1])) continue; // off the scale
    const place = (share) => {
      const inside = Math.min(1 - 1e-9, Math.max(1e-9, share));
      return scale(Math.log(inside / (1 - inside)) - data.model.intercept);
    };
    const d = across ? `M${place(low)},${at}H${place(high)}` : `M${at},${place(low)}V${place(high)}`;
    draw(svg, "path", { d, class: "actual" });
    draw(svg, "circle", across ? { cx: place(rate), cy: at, r: 3.5, class: "dot" }
      : { cx: at, cy: place(rate), r: 3.5, class: "dot" });
  }
}

function drawCategory(holder, width) {
  const [axis] = shown.axes;
  const [low, high] = rangeOf(shown);
  const row = 30;
  const top = 12;
  const bottom = top + row * axis.order.length;
  const svg = canvas(holder, width, bottom + 40, `Points of ${shown.words}`);
  const left = Math.min(200, width * 0.34);
  const right = width - Math.min(150, width * 0.2);
  const x = (points) => left + ((Math.min(high, Math.max(low, points)) - low) / (high - low)) * (right - left);
  const digits = high - low >= 2 ? 1 : 2;
  for (const value of niceSteps(low, high, width < 600 ? 3 : 6)) {
    draw(svg, "path", { d: `M${x(value)},${top}V${bottom}`, class: "grid" });
    draw(svg, "text", { x: x(value), y: bottom + 16, class: "mid" }, signed(value, digits));
  }
  draw(svg, "path", { d: `M${x(0)},${top}V${bottom}`, class: "axis" });
  draw(svg, "text", { x: (left + right) / 2, y: bottom + 34, class: "mid" }, "points");
  const most = Math.max(1, ...axis.order.map((bin) => shown.train_n[bin]));
  const letters = Math.max(8, Math.floor(left / 7));
  axis.order.forEach((bin, i) => {
    const y = top + row * (i + 0.5);
    const label = axis.labels[bin];
    if (shown.train_n[bin] < THIN) {
      draw(svg, "rect", { x: left, y: y - row / 2 + 1, width: right - left, height: row - 2, fill: "url(#hatch)" });
    }
    draw(svg, "text", { x: 0, y: y + 4, class: "ink" }, label.length > letters ? `${label.slice(0, letters - 1)}…` : label);
    const [p, s] = [shown.points[bin], shown.spread[bin]];
    draw(svg, "path", { d: `M${x(p - s)},${y}H${x(p + s)}`, class: "curve" });
    draw(svg, "path", { d: `M${x(p)},${y - 6}l6,6l-6,6l-6,-6z`, class: "point" });
    const wide = Math.max(20, width - right - 62);
    draw(svg, "rect", { x: right + 8, y: y - 6, width: (wide * shown.train_n[bin]) / most, height: 12, class: "count" });
    draw(svg, "text", { x: width, y: y + 4, class: "end" }, count(shown.train_n[bin]));
  });
  const groups = axis.groups.map((group) => ({ ...group, at: top + row * (group.at + 0.5) }));
  actual(svg, groups, x, [low, high], true);
  const marker = draw(svg, "rect", { x: 0, width, height: row, class: "marker", visibility: "hidden" });
  mark = ([i]) => {
    marker.setAttribute("y", top + row * i);
    marker.setAttribute("visibility", "visible");
  };
  hover(svg, (px, py) => {
    const i = Math.floor((py - top) / row);
    return i >= 0 && i < axis.order.length ? [i] : null;
  });
}

function drawPair(holder, width) {
  const [down, across] = shown.axes;
  const rows = down.order.length;
  const columns = across.order.length;
  const left = Math.min(130, width * 0.3);
  const w = Math.min(90, (width - left - 4) / columns);
  const h = Math.min(34, Math.max(7, 420 / rows));
  const top = 8;
  const bottom = top + rows * h;
  const svg = canvas(holder, width, bottom + 62, `Points of ${shown.words}`);
  let thin = "";
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < columns; c += 1) {
      const place = down.order[r] * across.count + across.order[c];
      const n = shown.train_n[place];
      if (!n) continue;
      const [x, y] = [left + c * w, top + r * h];
      draw(svg, "rect", { x, y, width: w + 0.3, height: h + 0.3, fill: colour(shown.points[place]) });
      if (n < THIN) thin += `M${x.toFixed(1)},${(y + h).toFixed(1)}l${w.toFixed(1)},${(-h).toFixed(1)}`;
    }
  }
  draw(svg, "path", { d: thin, class: "thin-edge" }); // a white outline, without which dark cells would hide the line
  draw(svg, "path", { d: thin, class: "thin" });
  draw(svg, "rect", { x: left, y: top, width: columns * w, height: rows * h, class: "frame" });
  const every = (total, room) => Math.max(1, Math.ceil(total / Math.max(1, room)));
  const skip = every(rows, (rows * h) / 15);
  const letters = Math.floor((left - 8) / 6.2);
  for (let r = 0; r < rows; r += skip) {
    const label = down.labels[down.order[r]];
    const text = label.length > letters ? `${label.slice(0, letters - 1)}…` : label;
    draw(svg, "text", { x: left - 5, y: top + (r + 0.5) * h + 4, class: "end" }, text);
  }
  const hop = every(columns, (columns * w) / 80);
  for (let c = 0; c < columns; c += hop) {
    const label = across.labels[across.order[c]];
    const text = label.length > 13 ? `${label.slice(0, 12)}…` : label;
    const beyond = left + (c + 0.5) * w + 3.3 * text.length > width;
    draw(svg, "text", { x: beyond ? width : left + (c + 0.5) * w, y: bottom + 15, class: beyond ? "end" : "mid" }, text);
  }
  ["across", "down"].forEach((side, i) => {
    const words = `${side}: ${features.get((i ? down : across).feature).words}`;
    const most = Math.floor((width - 8) / 6.6);
    draw(svg, "text", { x: 0, y: bottom + 36 + 17 * i }, words.length > most ? `${words.slice(0, most - 1)}…` : words);
  });
  const marker = draw(svg, "rect", { width: w, height: h, class: "marker", visibility: "hidden" });
  mark = ([r, c]) => {
    marker.setAttribute("x", left + c * w);
    marker.setAttribute("y", top + r * h);
    marker.setAttribute("visibility", "visible");
  };
  hover(svg, (px, py) => {
    const [r, c] = [Math.floor((py - top) / h), Math.floor((px - left) / w)];
    return r >= 0 && r < rows && c >= 0 && c < columns ? [r, c] : null;
  });
}

/** Blue below zero, brown above; the scale ends at the strongest cell that is not thin, which thin cells may exceed. */
function colour(points) {
  const share = Math.min(1, Math.abs(points) / data.strongest);
  const end = points > 0 ? [154, 74, 0] : [0, 87, 138];
  return `rgb(${end.map((channel) => Math.round(244 + (channel - 244) * share)).join(",")})`;
}

function hover(svg, find) {
  const at = (event) => {
    const box = svg.getBoundingClientRect();
    const hit = find(event.clientX - box.left, event.clientY - box.top);
    if (hit) select(hit);
  };
  svg.addEventListener("pointermove", at);
  svg.addEventListener("pointerdown", at);
}

const MOST_ROWS = 400;

function tableOf(term) {
  const places = term.axes[0].order.flatMap((_, i) => (term.axes.length === 1 ? [[i]] : term.axes[1].order.map((_, j) => [i, j])));
  let cells = places.map((at) => cellOf(term, at));
  const note = byId("table-note");
  note.textContent = "";
  if (cells.length > MOST_ROWS) {
    cells = cells.sort((a, b) => b.n - a.n).slice(0, MOST_ROWS);
    note.textContent = `The ${MOST_ROWS} cells with the most customers; all ${count(places.length)} are in tables/pairs.csv.`;
  }
  byId("bins").replaceChildren(
    ...cells.map((cell) =>
      make("tr", { class: cell.n < THIN ? "thin" : null },
        make("th", { scope: "row" }, cell.label),
        ...[signed(cell.points, 4), cell.spread.toFixed(4), count(cell.n), percent(cell.bought), count(cell.holdout), percent(cell.holdoutBought)]
          .map((text) => make("td", {}, text)),
      ),
    ),
  );
}

// ---------------------------------------------------------------------------------------------------------------
// The what-if customer.

const customer = {};
const OTHER = data.other; // stands for any value not seen in training

function setUpForm() {
  const groups = new Map();
  for (const feature of data.features) {
    if (!groups.has(feature.group)) groups.set(feature.group, make("fieldset", {}, make("legend", {}, feature.group)));
    groups.get(feature.group).append(feature.numeric ? numberField(feature) : menuField(feature));
  }
  byId("fields").replaceChildren(...groups.values());
  const starts = byId("start");
  data.golden.starts.forEach((row, i) => starts.append(make("option", { value: row }, data.golden.start_words[i])));
  starts.addEventListener("change", () => fill(golden[Number(starts.value)]));
  fill(golden[data.golden.starts[0]]);
}

function numberField(feature) {
  const id = `f-${feature.place}`;
  const change = (value) => {
    customer[feature.name] = value;
    showCustomer();
  };
  const slider = make("input", {
    type: "range", id: `${id}-slider`, min: 0, max: feature.stops.length - 1, step: 1, "aria-label": feature.words,
    oninput: () => {
      exact.value = feature.stops[Number(slider.value)];
      if (unknown) unknown.checked = false;
      change(Number(exact.value));
      slider.setAttribute("aria-valuetext", exact.value);
    },
  });
  const exact = make("input", {
    type: "number", id, step: "any", min: feature.min, max: feature.max,
    oninput: () => {
      if (exact.value === "" && !feature.may_miss) return; // an empty field is no number, and this feature may not be missing
      const value = exact.value === "" ? null : Number(exact.value);
      if (unknown) unknown.checked = value === null;
      if (value !== null) slider.value = nearest(feature.stops, value);
      change(value);
    },
  });
  const unknown = feature.may_miss
    ? make("input", { type: "checkbox", id: `${id}-missing`, onchange: () => {
        const value = unknown.checked ? null : feature.stops[Number(slider.value)];
        exact.value = value === null ? "" : value;
        change(value);
      } })
    : null;
  const row = make("div", { class: "field" }, make("label", { for: id }, capital(feature.words), unit(feature)), slider, exact);
  if (unknown) row.append(make("label", { class: "missing", for: `${id}-missing`, title: feature.missing }, unknown, "missing"));
  return row;
}

const unit = (feature) => make("span", { class: "unit" }, feature.unit ? ` ${feature.unit}` : "");

function menuField(feature) {
  const id = `f-${feature.place}`;
  const menu = make("select", { id, onchange: () => {
    const [kind, value] = JSON.parse(menu.value);
    customer[feature.name] = kind === "missing" ? null : value;
    showCustomer();
  } });
  const add = (kind, value, words) => menu.append(make("option", { value: JSON.stringify([kind, value]) }, words));
  for (const value of feature.values) add("value", value, value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (feature.may_miss) add("missing", "", `missing: ${feature.missing}`);
  if (feature.may_be_new) add("value", OTHER, "another, not seen in training");
  return make("div", { class: "field" }, make("label", { for: id }, capital(feature.words)), menu);
}

function nearest(stops, value) {
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(stops[best] - value)) best = i;
  });
  return best;
}

function fill(values) {
  for (const feature of data.features) {
    const value = values[feature.name];
    customer[feature.name] = value;
    const input = byId(`f-${feature.place}`);
    if (!feature.numeric) {
      const known = value === null || feature.values.includes(value);
      input.value = JSON.stringify(value === null ? ["missing", ""] : ["value", known ? value : OTHER]);
      continue;
    }
    input.value = value === null ? "" : value;
    const slider = byId(`f-${feature.place}-slider`);
    slider.value = value === null ? 0 : nearest(feature.stops, value);
    slider.setAttribute("aria-valuetext", value === null ? "missing" : value);
    const unknown = byId(`f-${feature.place}-missing`);
    if (unknown) unknown.checked = value === null;
  }
  showCustomer();
}

function showCustomer() {
  const result = score(customer);
  const segment = data.segments.find((one) => one.id === result.segment);
  byId("probability").textContent = percent(result.probability, 2);
  byId("rank").textContent =
    `percentile ${result.percentile.toFixed(1)}, decile ${result.decile} of 10 · ` +
    (result.likely ? "likely buyer" : "not a likely buyer") + ` (from ${percent(data.model.threshold)})`;
  byId("reasons").replaceChildren(...result.reasons.map((text) => make("li", {}, text)));
  byId("segment").textContent = `${segment.id}: ${segment.name}`;
  byId("path").replaceChildren(...result.path.map((text) => make("li", {}, text)));
  const most = Math.max(...result.points.map(Math.abs), 1e-9);
  byId("sum").replaceChildren(
    sumRow("Intercept: the average customer", data.model.intercept, null),
    ...result.order.map((i) => sumRow(capital(data.terms[i].words), result.points[i], most, data.terms[i], result.places[i])),
    sumRow("Sum: log-odds", result.logit, null),
  );
  const outside = data.features.filter((feature) => breaks(feature, customer[feature.name]));
  byId("outside").textContent = outside.length
    ? `The contract would reject this customer: ${outside.map((feature) => feature.words).join("; ")}.` : "";
}

function sumRow(words, points, most, term = null, place = 0) {
  const bar = make("td", { class: "bar" });
  if (most) {
    const fill = make("span", { class: points < 0 ? "down" : "up" });
    fill.style.width = `${(50 * Math.abs(points)) / most}%`;
    fill.style.marginLeft = points < 0 ? `${50 - (50 * Math.abs(points)) / most}%` : "50%";
    bar.append(fill);
  }
  const bins = term === null ? "" : term.axes.length === 1 ? term.axes[0].labels[place]
    : `${term.axes[0].labels[Math.floor(place / term.axes[1].count)]} with ${term.axes[1].labels[place % term.axes[1].count]}`;
  return make("tr", { class: most ? null : "total" }, make("th", { scope: "row" }, words, make("span", { class: "in" }, bins)), bar,
    make("td", {}, signed(points, 4)));
}

function breaks(feature, value) {
  if (!feature.numeric || value === null) return false;
  return (feature.min !== null && value < feature.min) || (feature.max !== null && value > feature.max) ||
    (feature.whole && value !== Math.floor(value));
}

// ---------------------------------------------------------------------------------------------------------------
// Golden rows, and the three views.

function showGolden() {
  const check = checkGolden();
  byId("golden-result").textContent =
    `${count(check.rows)} rows scored in this page; largest difference to the stored probability ` +
    `${check.largest.toExponential(2)}; ${check.wrong.length} rows beyond 1e-9 or in another segment` +
    (check.wrong.length ? `: ${check.wrong.slice(0, 10).join(", ")}` : ".");
}

function view() {
  const current = ["shapes", "customer", "golden"].includes(location.hash.slice(1)) ? location.hash.slice(1) : "shapes";
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== current;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${current}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (current === "shapes") drawTerm();
  scrollTo(0, 0); // the browser has scrolled to the section, past the page's header
}

byId("search").addEventListener("input", listTerms);
byId("order").addEventListener("change", listTerms);
for (const id of ["scale-common", "scale-own"]) byId(id).addEventListener("change", drawTerm);
byId("golden-again").addEventListener("click", showGolden);
addEventListener("hashchange", view);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width && !byId("shapes").hidden) drawTerm();
  width = innerWidth;
});
byId("weakest").textContent = `${signed(-data.strongest, 2)} and below`;
byId("strongest").textContent = `${signed(data.strongest, 2)} and above`;
setUpForm();
showTerm(shown);
showGolden();
view();
document.documentElement.dataset.ready = "yes";
