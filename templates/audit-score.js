// The audit page: browse shapes, score a what-if customer, score the golden rows. Everything is computed here from the
// tables in this page; nothing is fetched. The files audit-*.js are one module: what one defines, those after it use.

/** The model's tables: JSON, compressed. */
async function unpacked(element) {
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

const data = await unpacked(document.getElementById("data"));

// ---------------------------------------------------------------------------------------------------------------
// The model: a score is the intercept plus one entry of each term's points.

const OTHER = data.other; // stands for any value not seen in training
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

/** The terms that word the reasons: of the three themes with the largest sums, the largest term of the same sign. */
function reasonsOf(points) {
  // In millionths, as `explain score` rounds them: whole numbers add up exactly.
  const whole = points.map((addend) => Math.floor(Math.min(60, Math.max(-60, addend)) * 1e6 + 0.5));
  const themes = new Map();
  data.terms.forEach((term, i) => {
    const key = term.theme || `\u0000${term.name}`;
    if (!themes.has(key)) themes.set(key, { sum: 0, terms: [] });
    themes.get(key).sum += whole[i];
    themes.get(key).terms.push(i);
  });
  const ranked = [...themes.values()].filter((one) => one.sum !== 0);
  ranked.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)); // of equal sums, the earlier theme stays first
  return ranked.slice(0, 3).map(({ sum, terms }) =>
    terms.reduce((best, i) => (Math.sign(sum) * whole[i] > Math.sign(sum) * whole[best] ? i : best)));
}

/** Score one customer: an object of feature name to number, text, or null where missing. */
function score(customer) {
  const places = data.terms.map((term) => placeOf(term, customer));
  const points = data.terms.map((term, i) => term.points[places[i]]);
  let logit = data.model.intercept;
  for (const addend of points) logit += addend;
  const probability = sigmoid(logit);
  const order = points.map((_, i) => i).sort((a, b) => Math.abs(points[b]) - Math.abs(points[a]) || a - b);
  const reasons = reasonsOf(points).map((i) => data.terms[i].reasons[places[i]]);
  return { probability, logit, points, places, order, reasons, ...rank(probability), ...assign(customer) };
}

function rank(probability) {
  let steps = 0;
  while (steps < data.percentiles.length && data.percentiles[steps] <= probability) steps += 1;
  const percentile = Math.min(1000, Math.max(0, steps - 1)) / 10;
  return { percentile, decile: Math.min(Math.floor(percentile / 10), 9) + 1, likely: probability >= data.model.threshold,
    pays: data.model.break_even === null ? null : probability >= data.model.break_even };
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
    const said = data.golden.reasons[i].every((reason, rank) => reason === (result.reasons[rank] ?? null));
    if (!(difference <= 1e-9) || result.segment !== data.golden.segment[i] || !said) wrong.push(i + 1);
  });
  return { rows: golden.length, largest, wrong };
}

// For an auditor's own checks in the console.
globalThis.audit = { score, golden, checkGolden };
