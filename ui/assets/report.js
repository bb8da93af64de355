// Sorts and filters the table of questions; everything else of the report works without.
(() => {
  const table = document.querySelector("table.questions");
  if (!table) return;
  const form = document.querySelector(".filters");
  const none = document.querySelector(".none");
  const count = form.querySelector("output");
  const body = table.tBodies[0];
  const text = (row, name) => row.querySelector(name)?.textContent ?? "";
  const id = (row) => row.cells[0].querySelector("button")?.textContent ?? row.cells[0].textContent;
  const rows = [...body.rows].map((row, at) => ({
    row, at, words: `${id(row)} ${text(row, ".words")}`.normalize("NFC").toLowerCase(), kind: text(row, ".kind"), split: text(row, ".split"),
  }));

  const outcome = (row, wanted) => {
    if (wanted === "differs") return new Set([...row.querySelectorAll(".r")].map((cell) => cell.textContent).filter(Boolean)).size > 1;
    const [group, at, state] = wanted.split(" ");
    return row.querySelectorAll(`.${group}`)[at].classList.contains(state);
  };

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.words.normalize("NFC").toLowerCase().split(/\s+/);
    let shown = 0;
    for (const each of rows) {
      const fits = words.every((word) => each.words.includes(word)) && (!wanted.kind || each.kind === wanted.kind)
        && (!wanted.split || each.split === wanted.split) && (!wanted.outcome || outcome(each.row, wanted.outcome));
      each.row.hidden = !fits;
      shown += fits;
    }
    count.textContent = count.dataset.said.replace("{shown}", shown).replace("{all}", rows.length);
    none.hidden = shown > 0;
  };

  // Numbers by size, what was missed behind every rank, words as a dictionary has them, empty cells last.
  const value = (cell) => {
    if (!cell.cellIndex) return id(cell.parentElement);
    if (cell.classList.contains("missed")) return Infinity;
    const said = cell.textContent;
    return said === "" || Number.isNaN(Number(said)) ? said : Number(said);
  };
  const order = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  const sort = (head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = rows.map((each) => ({ ...each, key: value(each.row.cells[head.cellIndex]) }));
    keyed.sort((a, b) => (a.key === "" || b.key === "" || !down ? order(a.key, b.key) : order(b.key, a.key)) || a.at - b.at);
    body.append(...keyed.map((each) => each.row));
  };

  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
