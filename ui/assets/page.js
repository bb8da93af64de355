// What the page does by itself: language, keyboard, and the drawer that shows a whole note.
(() => {
  const TEXTS = __TEXTS__;
  const KEY = "notes.lang";
  const root = document.documentElement;

  function language() {
    let kept = null;
    try { kept = localStorage.getItem(KEY); } catch { /* storage may be forbidden */ }
    if (kept in TEXTS) return kept;
    const tag = (navigator.language || "ko").toLowerCase();
    return tag.startsWith("ko") ? "ko" : "en";
  }

  function speak(lang) {
    try { localStorage.setItem(KEY, lang); } catch { /* it then lasts for this page only */ }
    settle(lang);
  }

  function settle(lang) {
    root.lang = lang;
    document.title = TEXTS[lang].title;
  }

  const words = () => TEXTS[root.lang] || TEXTS.ko;
  const box = () => document.querySelector("#question textarea");

  // The page is built in Korean; for other languages it stays hidden until the words have come, or for 1.5 s.
  settle(language());
  if (root.lang !== "ko") {
    root.classList.add("waiting");
    setTimeout(() => root.classList.remove("waiting"), 1500);
  }

  // Enter that ends a composition (Korean input) is the input method's, not ours. Safari reports it only as key code 229.
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; }, true);
  document.addEventListener("compositionend", () => { composing = false; }, true);
  function guard(event) {
    if (event.key !== "Enter" && event.keyCode !== 229) return;
    if (composing || event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
  }
  for (const kind of ["keydown", "keypress", "keyup"]) document.addEventListener(kind, guard, true);

  // The view shown is in the address: a reload and a bookmark come back to it, and the browser's Back to the one before it.
  const tab = (name) => document.querySelector(`#views [role="tab"][data-tab-id="${CSS.escape(name)}"]`);
  const viewed = () => location.hash.slice(1) || "ask";
  document.addEventListener("click", (event) => {
    const name = event.target.closest('#views [role="tab"]')?.dataset.tabId;
    if (name && name !== viewed()) history.pushState(null, "", name === "ask" ? location.pathname : `#${name}`);
  });
  function recall() {
    const named = tab(viewed());
    if (named?.getAttribute("aria-selected") === "false") named.click(); // the address names it already: nothing is pushed
  }

  const drawer = document.createElement("dialog");
  drawer.id = "note";
  drawer.setAttribute("aria-labelledby", "note-title");
  drawer.innerHTML =
    '<div class="sheet"><div class="sheet-bar"><div id="note-title"></div><button type="button" class="close"></button></div>' +
    '<div class="sheet-body" tabindex="0"></div></div>';
  const bar = drawer.querySelector("#note-title");
  const shut = drawer.querySelector(".close");
  const body = drawer.querySelector(".sheet-body");

  shut.addEventListener("click", () => drawer.close());
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", () => {
    if (drawer.open) return; // opened again meanwhile
    body.replaceChildren();
    if (history.state?.note) history.back(); // closed by hand: its entry goes along
  });

  // An open note is an entry of the history with the address of its view, so that Back closes it and Forward opens it again.
  window.addEventListener("popstate", () => {
    const note = Boolean(history.state?.note);
    if (drawer.open && !note) drawer.close();
    if (!drawer.open && note && held) openNote(held);
    recall();
  });

  let turn = 0; // an answer to an earlier click must not replace a later one
  let held = null; // the place that the drawer shows
  const shapes = new Map(); // how the reader chose to see PDFs, and other notes
  const isPdf = (target) => target.doc.toLowerCase().endsWith(".pdf");
  function empty() {
    bar.textContent = words().note;
    shut.textContent = words().close;
    body.innerHTML = '<div class="bones" aria-hidden="true"><i class="bone wide"></i><i class="bone"></i><i class="bone short"></i></div>';
  }

  async function openNote(target, page = null, pressed = "") {
    const mine = ++turn;
    held = target;
    if (!pressed) empty(); // a page is turned, or the note shown in another way: what is there stays until then
    if (!drawer.open) drawer.showModal();
    if (!history.state?.note) history.pushState({ note: true }, "");
    body.setAttribute("aria-busy", "true");
    const html = await window.notesPage.read({ lang: root.lang, place: target, shape: shapes.get(isPdf(target)), page, pressed: Boolean(pressed) }).catch(() => null);
    if (mine !== turn || !drawer.open) return;
    body.removeAttribute("aria-busy");
    body.innerHTML = typeof html === "string" ? html : words().offline; // escaped by the server, note by note
    const title = body.querySelector(":scope > header");
    if (title) bar.replaceChildren(title);
    drawer.setAttribute("aria-labelledby", title ? "note-name" : "note-title");
    body.scrollTop = 0;
    const at = body.querySelector(".evidence") || body.querySelector(".here");
    if (at) at.scrollIntoView({ block: "center" });
    const again = pressed && drawer.querySelector(pressed);
    (again && !again.disabled ? again : body).focus({ preventScroll: true });
  }

  drawer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-shape], [data-page]");
    if (!button) return;
    const side = button.previousElementSibling ? "last-child" : "first-child";
    if (button.dataset.page) return openNote(held, Number(button.dataset.page), `.pages button:${side}`);
    shapes.set(isPdf(held), button.dataset.shape);
    openNote(held, null, `[data-shape="${button.dataset.shape}"]`);
  });

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("button[data-lang]");
    if (chosen) speak(chosen.dataset.lang);
    if (event.target.closest("[data-act=anew], [data-act=forget]")) box()?.focus(); // the button is about to go
    const link = event.target.closest("[data-open]");
    const selecting = link?.tagName !== "BUTTON" && String(window.getSelection());
    if (link && !selecting) openNote(JSON.parse(link.dataset.open));
  });

  // Thumbs: a second press takes one back. What was pressed outlives the answer's being drawn again in the other language.
  // Answers may come late and in any order: the newest press that waits for one is shown, else the newest that was kept.
  const kept = new Map();
  const asked = new Map();
  let presses = 0;
  const rated = (key) => (asked.get(key) || kept.get(key))?.thumb || "0";
  function paint() {
    for (const button of document.querySelectorAll("[data-thumb]")) {
      button.setAttribute("aria-pressed", String(rated(button.dataset.key) === button.dataset.thumb));
    }
  }

  async function rate({ key, thumb }) {
    const mine = { thumb: rated(key) === thumb ? "0" : thumb, press: ++presses };
    asked.set(key, mine);
    paint();
    const done = await window.notesPage.rate({ key, thumb: Number(mine.thumb) }).catch(() => false);
    if (done && !(kept.get(key)?.press > mine.press)) kept.set(key, mine);
    if (asked.get(key) === mine) asked.delete(key);
    paint();
  }

  document.addEventListener("click", (event) => {
    const thumb = event.target.closest("[data-thumb]");
    if (thumb) rate(thumb.dataset);
  });

  // Whether questions are kept: without a log there is nothing that a thumb could be kept in.
  // The line in the settings says it; it stands in the document only while they are open.
  function logged(line) {
    root.classList.toggle("logged", line.includes('data-turn="off"'));
  }

  let isReady = false;
  const begun = () => isReady;

  function ready(line) {
    new MutationObserver(paint).observe(document.querySelector("#answer"), { childList: true, subtree: true });
    logged(line);
    isReady = true;
    root.classList.remove("waiting");
    settle(root.lang); // Gradio has set its own title meanwhile
    document.querySelector("#answer")?.setAttribute("aria-live", "polite");
    box()?.setAttribute("enterkeyhint", "search");
    if (window.matchMedia("(min-width: 800px)").matches) box()?.focus();
    if (history.state?.note) history.back(); // reloaded with a note open, which is closed now
    recall();
  }

  // On a phone the answer lies below the question; bring it into view when it comes.
  function shown() {
    const card = document.querySelector("#answer section");
    if (card && card.getBoundingClientRect().top > window.innerHeight * 0.7) card.scrollIntoView({ block: "start" });
  }

  // What Gradio's events call. `read` is given by the sources component: it asks the server for a note as HTML.
  const lost = () => [words().offline, "", { __type__: "update", interactive: true }];
  const unserved = () => Promise.reject();
  window.notesPage = { language, begun, ready, shown, lost, logged, words, box, tab, read: unserved, rate: unserved, glance: unserved };
  const place = () => document.body.append(drawer);
  if (document.body) place(); else document.addEventListener("DOMContentLoaded", place);
})();
