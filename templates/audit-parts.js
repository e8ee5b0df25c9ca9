
// ---------------------------------------------------------------------------------------------------------------
// Small helpers: elements, numbers in words, search, and what is copied.

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

/** A text for a search: letters and digits alone, without accents and case. */
const folded = (text) => text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();

/** Whether a text has every word of a query, in any order, whatever stands between them. */
function finds(text, query) {
  const [there, wanted] = [folded(text), folded(query)];
  if (query.trim() && !wanted) return text.includes(query.trim()); // signs alone, such as ×
  return wanted.split(" ").every((word) => there.includes(word)) || there.replaceAll(" ", "").includes(wanted.replaceAll(" ", ""));
}

/** Whether the page is as narrow as on a phone, where list and plot stand below one another. */
const isNarrow = () => matchMedia("(max-width: 860px)").matches;

/** Rows as CSV. A text that a spreadsheet would take for a formula has an apostrophe in front, as in the pack's tables. */
function csvOf(rows) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Hand over what was asked for: to the clipboard, or as a file where there is none. */
async function handOver(blob, name, words) {
  const said = byId("copied");
  try {
    const item = blob.type.startsWith("text/")
      ? navigator.clipboard.writeText(await blob.text())
      : navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    await item;
    said.textContent = `${words} copied.`;
  } catch {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    said.textContent = `${words} saved as ${name}.`;
  }
}

const copyText = (text, name, words) => handOver(new Blob([text], { type: "text/plain" }), name, words);

const fileName = (name, ending) => `${name.replace(/[^\w-]+/g, "_").slice(0, 60)}.${ending}`;

/** A drawn chart as a picture, twice as large as on the screen. */
async function pictureOf(svg) {
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  // A picture sees no style of the page: it takes the fonts along.
  const fonts = [...document.styleSheets[0].cssRules].filter((rule) => rule instanceof CSSFontFaceRule);
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = fonts.map((rule) => rule.cssText).join("\n");
  copy.prepend(style);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = make("canvas", { width: 2 * width, height: 2 * height });
  const paper = canvas.getContext("2d");
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
