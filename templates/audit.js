// The audit page: browse shapes, score a what-if customer, score the golden rows. Everything is computed here from the
// tables in this page; nothing is fetched.

/** The model's tables: JSON, compressed. */
async function unpacked(element) {
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

const data = await unpacked(document.getElementById("data"));

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

/** Score one customer: an object of feature name to number, text, or null where missing. */
function score(customer) {
  const places = data.terms.map((term) => placeOf(term, customer));
  const points = data.terms.map((term, i) => term.points[places[i]]);
  let logit = data.model.intercept;
  for (const addend of points) logit += addend;
  const probability = sigmoid(logit);
  const order = points.map((_, i) => i).sort((a, b) => Math.abs(points[b]) - Math.abs(points[a]) || a - b);
  const reasons = order.slice(0, 3).filter((i) => points[i] !== 0).map((i) => data.terms[i].reasons[places[i]]);
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

const signed = (value, digits = 3) =>
  (Math.abs(value) < 0.5 * 10 ** -digits ? "" : value > 0 ? "+" : "−") + Math.abs(value).toFixed(digits);
const percent = (share, digits = 1) => (share === null ? "–" : `${(100 * share).toFixed(digits)}%`);
const count = (n) => n.toLocaleString("en-GB");
const ratio = (count, total) => (total ? count / total : null);
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

// ---------------------------------------------------------------------------------------------------------------
// Shapes.

const THIN = data.thin;
let shown = data.terms.reduce((best, term) => (term.rank < best.rank ? term : best));

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
  listTerms();
  byId("term-name").textContent = capital(term.words);
  byId("term-code").textContent =
    `${term.name} · rank ${term.rank} of ${data.terms.length} · ${percent(term.share)} of all importance · ` +
    `mean absolute points ${term.importance.toFixed(3)}`;
  byId("term-sentences").replaceChildren(...term.sentences.map((text) => make("li", {}, text)));
  for (const key of document.querySelectorAll(".for-one")) key.hidden = term.axes.length === 2;
  for (const key of document.querySelectorAll(".for-two")) key.hidden = term.axes.length === 1;
  drawTerm();
  tableOf(term);
}

function cellOf(term, at) {
  const bins = term.axes.map((axis, side) => axis.order[at[side]]);
  const place = bins.length === 1 ? bins[0] : bins[0] * term.axes[1].count + bins[1];
  return {
    label: term.axes.map((axis, side) => axis.labels[bins[side]]).join(" with "),
    points: term.points[place],
    spread: term.spread[place],
    n: term.train_n[place],
    rate: ratio(term.train_buyers[place], term.train_n[place]),
    holdout: term.holdout_n[place],
    holdoutRate: ratio(term.holdout_buyers[place], term.holdout_n[place]),
  };
}

/** What a bin or a cell says when it is pointed at. */
function describe(term, datum) {
  const cell = cellOf(term, datum.j === undefined ? [datum.i] : [datum.i, datum.j]);
  return {
    Bin: cell.label,
    Points: `${signed(cell.points, 4)} ± ${cell.spread.toFixed(4)} over the bags`,
    "All else average": percent(sigmoid(data.model.intercept + cell.points), 2),
    Training: `${count(cell.n)} rows, actual ${percent(cell.rate)}${cell.n < THIN ? " (thin)" : ""}`,
    Holdout: `${count(cell.holdout)} rows, actual ${percent(cell.holdoutRate)}`,
  };
}

function drawTerm() {
  const term = shown; // another one may be shown before this one is drawn
  northstarCharts.draw(byId("plot"), term.chart, (datum) => describe(term, datum));
}

const MOST_ROWS = 400;

function tableOf(term) {
  const places = term.axes[0].order.flatMap((_, i) => (term.axes.length === 1 ? [[i]] : term.axes[1].order.map((_, j) => [i, j])));
  let cells = places.map((at) => cellOf(term, at));
  const note = byId("table-note");
  note.textContent = "";
  if (cells.length > MOST_ROWS) {
    cells = cells.sort((a, b) => b.n - a.n).slice(0, MOST_ROWS);
    note.textContent = `The ${MOST_ROWS} cells with the most rows; all ${count(places.length)} are in tables/pairs.csv.`;
  }
  byId("bins").replaceChildren(
    ...cells.map((cell) =>
      make("tr", { class: cell.n < THIN ? "thin" : null },
        make("th", { scope: "row" }, cell.label),
        ...[signed(cell.points, 4), cell.spread.toFixed(4), count(cell.n), percent(cell.rate), count(cell.holdout), percent(cell.holdoutRate)]
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
    (result.likely ? "flagged as likely" : "not flagged") + ` (from ${percent(data.model.threshold)})`;
  byId("reasons").replaceChildren(...result.reasons.map((text) => make("li", {}, text)));
  byId("segment").textContent = `${segment.id}: ${segment.name}`;
  byId("path").replaceChildren(...result.path.map((text) => make("li", {}, text)));
  const most = Math.max(...result.points.map(Math.abs), 1e-9);
  byId("sum").replaceChildren(
    sumRow("Intercept: everything average", data.model.intercept, null),
    ...result.order.map((i) => sumRow(capital(data.terms[i].words), result.points[i], most, data.terms[i], result.places[i])),
    sumRow("Sum: log-odds", result.logit, null),
  );
  const outside = data.features.filter((feature) => breaks(feature, customer[feature.name]));
  byId("outside").textContent = outside.length
    ? `The contract would reject this row: ${outside.map((feature) => feature.words).join("; ")}.` : "";
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
  scrollTo(0, 0); // the browser has scrolled to the section, past the page's header
}

byId("search").addEventListener("input", listTerms);
byId("order").addEventListener("change", listTerms);
byId("golden-again").addEventListener("click", showGolden);
addEventListener("hashchange", view);
setUpForm();
showTerm(shown);
showGolden();
view();
document.documentElement.dataset.ready = "yes";
