
// ---------------------------------------------------------------------------------------------------------------
// The contract: what `explain score` would reject has no probability here either.

const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);

/** What is wrong with one value, or nothing; undefined is a field that was left blank, NaN one that is no number. */
function faultOf(feature, value) {
  if (Number.isNaN(value)) return "is no number";
  if (value === undefined || (value === null && !feature.may_miss)) return "needs a value";
  if (value === null) return "";
  if (!feature.numeric) return value === OTHER && !feature.may_be_new ? "has a value that the contract does not list" : "";
  if (!Number.isFinite(value)) return "is no finite number";
  if (feature.min !== null && value < feature.min) return `is below ${feature.min}`;
  if (feature.max !== null && value > feature.max) return `is above ${feature.max}`;
  return feature.whole && value !== Math.floor(value) ? "is no whole number" : "";
}

/** Whether a feature has a meaning for a customer: an average order value has none without orders. */
const hasMeaning = (feature, customer) => feature.defined_when.every((test) => fits(test, customer[test.feature]));

function isBroken(relation, customer) {
  const [lower, upper] = [customer[relation.lower], customer[relation.upper]];
  if (isMissing(lower) || isMissing(upper) || !(relation.strict ? lower >= upper : lower > upper)) return false;
  return relation.columns.every((name) => hasMeaning(features.get(name), customer));
}

/** All that the contract finds wrong with a customer: the features it is about, and what is wrong in words. */
function faultsOf(customer) {
  const found = [];
  for (const feature of data.features) {
    const fault = faultOf(feature, customer[feature.name]);
    if (fault) found.push({ names: [feature.name], text: `${feature.words} ${fault}` });
  }
  for (const relation of data.relations) {
    if (!isBroken(relation, customer)) continue;
    const got = relation.columns.map((name) => `${features.get(name).words} (${customer[name]})`).join(" and ");
    found.push({ names: relation.columns, text: `${got} contradict each other: ${relation.text}` });
  }
  return found;
}

globalThis.audit.faults = (customer) => faultsOf(customer).map((fault) => fault.text);
