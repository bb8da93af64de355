// The question box: passages while one types, and the keys that lead through passages.
(() => {
  const WAIT = 60; // ms without another key before the server is asked
  const page = window.notesPage;
  const root = document.documentElement;
  const text = () => (page.box()?.value ?? "").trim().normalize("NFC");
  const card = () => document.querySelector("#answer .asked");
  const list = () => document.querySelector("#typed .typed");
  const chosen = () => JSON.parse(document.querySelector("#scope [data-kept]")?.dataset.kept ?? "{}");

  // ---- passages while one types ----
  // The list stands in the place of the sources for as long as the box holds another question than the one answered.
  let turn = 0; // what comes back for an earlier text must not replace what came for a later one
  let timer = 0;
  let asTyped = ""; // the text whose slips are to stay

  function typed() {
    clearTimeout(timer);
    told(pasted);
    pasted = false;
    if (!text() || text() === card()?.dataset.asked) leave();
    else timer = setTimeout(glance, WAIT);
  }

  function clear() {
    root.classList.remove("typing");
    list()?.replaceChildren();
  }

  function leave() {
    clearTimeout(timer);
    turn += 1;
    clear();
  }

  async function glance() {
    const mine = ++turn;
    const question = text();
    const asked = { lang: root.lang, question, before: card()?.dataset.searched, kept: chosen(), as_typed: question === asTyped };
    const html = await page.glance(asked).catch(() => "");
    if (mine !== turn) return;
    list().dataset.question = question;
    if (!html) return clear(); // what was typed since is still to be asked
    list().innerHTML = html; // escaped by the server, passage by passage
    root.classList.add("typing");
  }

  const again = () => { if (root.classList.contains("typing")) glance(); };

  document.addEventListener("input", (event) => { if (event.target === page.box()) typed(); });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#typed [data-as-typed]")) {
      asTyped = text();
      glance();
    }
    if (event.target.closest("#typed [data-act=clear]")) document.querySelector("#scope [data-drop=all]")?.click();
    if (event.target.closest("[data-act]")) told(false, true);
    if (event.target.closest("#answer [data-act], #trail [data-act]")) leave();
    if (event.target.closest("button[data-lang]")) {
      name();
      again();
      if (limit.textContent) told(true);
    }
  });

  // An answer that is awaited, or has come or failed, is shown; unless another question is being typed already.
  function answered() {
    const asked = document.querySelector("#answer :is([aria-busy], .problem)");
    if (asked || text() === card()?.dataset.asked) leave();
  }

  // ---- a text that is too long for the box ----
  const limit = document.createElement("p");
  limit.id = "limit";
  limit.setAttribute("role", "status");
  let pasted = false; // more than there was room for

  document.addEventListener("paste", (event) => {
    const box = page.box();
    if (event.target !== box || box.maxLength < 0) return;
    const given = (event.clipboardData?.getData("text") ?? "").replaceAll("\r\n", "\n").length;
    pasted = box.value.length - (box.selectionEnd - box.selectionStart) + given > box.maxLength;
    if (pasted) told(true); // a full box takes nothing, and tells of no input
  }, true);

  // Said for as long as the box is full.
  function told(cut, gone = false) {
    const box = page.box();
    if (cut) limit.textContent = page.words().cut.replace("{limit}", box.maxLength.toLocaleString());
    else if (gone || box.value.length < box.maxLength) limit.textContent = "";
  }

  // ---- keys ----
  const help = document.createElement("dialog");
  help.id = "help";
  help.setAttribute("aria-labelledby", "help-title");
  help.addEventListener("click", (event) => { if (event.target === help || event.target.closest(".close")) help.close(); });

  function showHelp() {
    help.innerHTML = page.words().keys;
    help.showModal();
    return true;
  }

  const seen = (element) => element.offsetParent !== null;
  const passages = () => [...document.querySelectorAll("#typed .source, #sources .source")].filter(seen);

  function step(by) {
    const all = passages();
    const at = all.indexOf(document.activeElement?.closest(".source"));
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!next) return false;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function toQuestion() {
    const box = page.box();
    const enter = () => { box.focus(); box.select(); };
    if (!box) return false;
    if (seen(box)) enter();
    else {
      page.tab("ask")?.click();
      requestAnimationFrame(() => requestAnimationFrame(enter)); // the view is shown by then
    }
    return true;
  }

  function open() {
    const at = document.activeElement;
    if (!at?.matches(".source")) return false;
    (at.querySelector("button[data-open]") ?? at.querySelector("[data-open]")).click();
    return true;
  }

  // On a Korean keyboard the keys of j and k give ㅓ and ㅏ.
  const KEYS = { "/": toQuestion, "?": showHelp, j: () => step(1), ㅓ: () => step(1), k: () => step(-1), ㅏ: () => step(-1), Enter: open };

  // In the box only two keys mean anything of ours: down from its end to the passages, and out of it.
  function inBox(event) {
    const box = event.target;
    const atEnd = box.selectionStart === box.value.length;
    if (event.key === "ArrowDown" && atEnd && root.classList.contains("typing") && step(1)) event.preventDefault();
    if (event.key === "Escape") box.blur();
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target === page.box()) return inBox(event);
    if (event.target.closest("input, textarea, select, [contenteditable], [role=listbox]")) return;
    if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
  });

  // ---- beginning ----
  const name = () => root.style.setProperty("--all", JSON.stringify(page.words().all));

  function watch() {
    name();
    document.querySelector("#asking").after(limit);
    const changes = { childList: true, subtree: true };
    new MutationObserver(answered).observe(document.querySelector("#answer"), changes);
    new MutationObserver(again).observe(document.querySelector("#scope"), changes);
  }

  const { ready } = page;
  page.ready = (line) => { ready(line); watch(); };
  const place = () => document.body.append(help);
  if (document.body) place(); else document.addEventListener("DOMContentLoaded", place);
})();
