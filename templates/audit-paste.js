
// ---------------------------------------------------------------------------------------------------------------
// A pasted row: cells between tabs, commas, semicolons or bars, with the header or in the contract's order.

/** The cells of CSV or TSV, line by line. */
function cellsIn(text, mark) {
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i];
    const row = rows.at(-1);
    if (quoted && letter === '"' && text[i + 1] === '"') { row[row.length - 1] += '"'; i += 1; }
    else if (letter === '"' && (quoted || !row.at(-1))) quoted = !quoted;
    else if (!quoted && letter === mark) row.push("");
    else if (!quoted && letter === "\n") rows.push([""]);
    else if (quoted || letter !== "\r") row[row.length - 1] += letter;
  }
  return rows.map((row) => row.map((cell) => cell.trim())).filter((row) => row.some(Boolean));
}

/** The header and the rows of a text; without a header, columns are those of the contract. Throws what is wrong. */
function tableIn(text) {
  const first = text.split("\n", 1)[0];
  const mark = ["\t", ";", ",", "|"].map((one) => [first.split(one).length, one]).sort((a, b) => b[0] - a[0])[0][1];
  const rows = cellsIn(text.replace(/^\ufeff/, ""), mark);
  if (!rows.length) throw "Paste a row of the customer table first.";
  const known = rows[0].filter((cell) => data.columns.includes(cell)).length;
  if (known > 1 || (known && rows.length > 1)) return { head: rows[0], rows: rows.slice(1), mark };
  const wanted = data.columns.length;
  const heads = { [wanted]: data.columns, [wanted + 1]: [data.id, ...data.columns], [wanted + 2]: [data.id, ...data.columns, data.label] };
  const head = heads[rows[0].length];
  if (!head) {
    throw `Without a header, a row has ${wanted + 1} cells: ${data.id} and the ${wanted} features in the contract's order. ` +
      `This one has ${rows[0].length}: paste the header line with it.`;
  }
  return { head, rows, mark };
}

const DAY = /^(\d{4}-\d\d-\d\d)(?:[T ].*)?$/;
const daysOf = (text) => Date.parse(`${DAY.exec(text)[1]}T00:00:00Z`) / 86_400_000;

function numberIn(text, feature, mark) {
  const share = feature.percent && text.endsWith("%") ? 0.01 : 1;
  const plain = share === 1 ? text.replace(/\s*%$/, "") : text.slice(0, -1).trim();
  // A decimal comma, where commas do not part the cells.
  const spelled = mark !== "," && /^[-+]?\d+,\d+$/.test(plain) ? plain.replace(",", ".") : plain;
  const value = spelled === "" || /^0[xob]/i.test(spelled) ? NaN : Number(spelled);
  return share === 1 ? value : Number((value * share).toPrecision(15));
}

/** A category as the model spells it: 3.0 is 3, TRUE is true. Others are values that training did not see. */
function categoryIn(text, feature) {
  const spellings = [text, /^[-+]?\d+\.0*$/.test(text) ? String(Number(text)) : text, /^(true|false)$/i.test(text) ? text.toLowerCase() : text];
  const same = spellings.find((one) => feature.values.includes(one));
  return same ?? feature.values.find((one) => /^(true|false)$/i.test(one) && one.toLowerCase() === text.toLowerCase()) ?? OTHER;
}

function valueIn(text, feature, mark, today) {
  if (text === undefined) return undefined;
  if (text === "" || feature.marks.includes(text)) return null;
  if (!feature.numeric) return categoryIn(text, feature);
  if (feature.dated && DAY.test(text)) return today === null ? NaN : today - daysOf(text);
  const value = numberIn(text, feature, mark);
  return feature.marks.some((one) => one !== "" && Number(one) === value) ? null : value;
}

/** The customers of a pasted text, each as values and the name that its id gives it. */
function customersIn(text) {
  const { head, rows, mark } = tableIn(text);
  if (!rows.length) throw "This is a header alone: paste a row with it.";
  return rows.map((cells) => {
    const cell = (name) => (head.includes(name) ? cells[head.indexOf(name)] : undefined);
    const today = data.snapshot && DAY.test(cell(data.snapshot) ?? "") ? daysOf(cell(data.snapshot)) : null;
    const values = Object.fromEntries(data.features.map((feature) => [feature.name, valueIn(cell(feature.name), feature, mark, today)]));
    return { values, words: cell(data.id) || "the pasted customer", absent: data.features.filter((feature) => !head.includes(feature.name)) };
  });
}

function readPasted() {
  const said = byId("paste-said");
  try {
    const found = customersIn(byId("paste-text").value);
    const [first, second] = found;
    const unseen = data.features.filter((feature) => !feature.numeric && first.values[feature.name] === OTHER);
    if (second) compareWith(second.values, second.words);
    fill(first.values);
    said.textContent = [
      `Read ${first.words}: ${data.features.length - first.absent.length} of ${data.features.length} features.`,
      first.absent.length ? `Not there, and blank: ${first.absent.map((feature) => feature.name).join(", ")}.` : "",
      unseen.length ? `Not seen in training: ${unseen.map((feature) => feature.name).join(", ")}.` : "",
      second ? `Compared with the second row, ${second.words}.` : "",
      found.length > 2 ? `${found.length - 2} more rows were left out.` : "",
    ].filter(Boolean).join(" ");
    byId("start").selectedIndex = -1;
    keepState();
  } catch (fault) {
    if (typeof fault !== "string") throw fault;
    said.textContent = fault;
  }
}
