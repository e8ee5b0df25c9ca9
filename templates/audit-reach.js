
// ---------------------------------------------------------------------------------------------------------------
// What would reach the threshold: the nearest values, one feature at a time, with which the flag would be another.

const MOST_CHANGES = 6;
const MOST_TOGETHER = 4;

/** The other values of a feature, those that go one way from the present one together: nearest first. */
function waysFrom(feature, value) {
  if (!feature.numeric) return feature.values.filter((one) => one !== value).map((one) => [one]);
  if (isMissing(value)) return [feature.stops];
  return [feature.stops.filter((stop) => stop < value).reverse(), feature.stops.filter((stop) => stop > value)];
}

/** The log-odds of a customer with one value changed, from the terms that ask for it. */
function changing(from) {
  const { logit, places } = score(from);
  return (feature, value) => {
    const changed = { ...from, [feature.name]: value };
    return termsOf.get(feature.name).reduce((sum, i) => sum + data.terms[i].points[placeOf(data.terms[i], changed)] - data.terms[i].points[places[i]], logit);
  };
}

const termsOf = new Map(data.features.map((feature) => [
  feature.name, data.terms.flatMap((term, i) => (term.axes.some((axis) => axis.feature === feature.name) ? [i] : [])),
]));
const isKept = (one) => faultsOf(one).length === 0;

/** Single changes that reach the other side of the threshold, the one that passes the fewest values first. */
function singleChanges(from, wanted) {
  const logitWith = changing(from);
  const reaches = (feature, value) =>
    sigmoid(logitWith(feature, value)) >= data.model.threshold === wanted && isKept({ ...from, [feature.name]: value });
  const found = [];
  for (const feature of data.features) {
    let best = null;
    for (const way of waysFrom(feature, from[feature.name])) {
      const steps = way.findIndex((value) => reaches(feature, value));
      const passed = (steps + 1) / (feature.numeric ? feature.stops.length : feature.values.length);
      if (steps >= 0 && (!best || passed < best.passed)) best = { feature, value: way[steps], passed };
    }
    if (best) found.push(best);
  }
  return found.sort((a, b) => a.passed - b.passed).slice(0, MOST_CHANGES);
}

/** Changes that reach it together, each the one that helps most after those before it; null where a few do not. */
function changesTogether(from, wanted) {
  const changes = [];
  let now = from;
  while (changes.length < MOST_TOGETHER) {
    const logitWith = changing(now);
    const sign = wanted ? 1 : -1;
    let best = null;
    for (const feature of data.features.filter((one) => !changes.some((change) => change.feature === one))) {
      for (const value of waysFrom(feature, now[feature.name]).flat()) {
        const logit = sign * logitWith(feature, value);
        if ((!best || logit > best.logit) && isKept({ ...now, [feature.name]: value })) best = { feature, value, logit };
      }
    }
    if (!best) return null;
    changes.push(best);
    now = { ...now, [best.feature.name]: best.value };
    if (score(now).likely === wanted) return changes;
  }
  return null;
}

function changeLine(changes, from) {
  const changed = { ...from, ...Object.fromEntries(changes.map(({ feature, value }) => [feature.name, value])) };
  const words = changes.map(({ feature, value }) => `${feature.words}: ${valueWords(feature, value)} instead of ${valueWords(feature, from[feature.name])}`);
  const button = make("button", { type: "button", class: "link", onclick: () => { fill(changed); keepState(); } }, "try it");
  return make("li", {}, `${capital(words.join("; "))} → ${percent(score(changed).probability, 2)} `, button);
}

function showReach(result) {
  if (!byId("reach").open) return; // it is computed when somebody looks
  const wanted = !result.likely;
  byId("reach-goal").textContent =
    `The threshold is ${percent(data.model.threshold, 2)}. With one of these values, all else as it is, the customer would be ` +
    `${wanted ? "flagged as likely" : "flagged no more"}:`;
  const single = singleChanges(customer, wanted);
  const together = single.length ? null : changesTogether(customer, wanted);
  const lines = single.map((change) => changeLine([change], customer));
  if (!single.length) lines.push(make("li", {}, "No single value reaches it."), ...(together ? [changeLine(together, customer)] : []));
  byId("reach-list").replaceChildren(...lines);
}
