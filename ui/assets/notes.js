// The view of the notes: files dropped on it, names found in the list, and the map.
(() => {
  const MEDIA = /\.(png|jpe?g|gif|svg|webp|bmp|ico|heic|mp3|m4a|wav|ogg|mp4|mov|avi|mkv|webm|zip|tar|gz|css|js|py|ttf|woff2?|ini|db|lnk|url)$/i;
  const AT_ONCE = 3;
  const inside = (element, selector) => element instanceof Element && element.closest(selector);

  // ---- putting in

  function drop(element, upload, send) {
    const zone = () => element.querySelector("[data-drop]");
    const say = (words) => { const line = element.querySelector(".sent"); if (line) line.textContent = words; };
    let under = 0;

    element.addEventListener("click", (event) => {
      const button = inside(event.target, "[data-pick]");
      if (button) element.querySelector(`[data-from="${button.dataset.pick}"]`).click();
    });
    element.addEventListener("change", (event) => {
      const input = event.target;
      if (!input.dataset.from) return;
      const files = [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
      input.value = "";
      take(files, input.dataset.from === "folder");
    });

    // The whole view takes what is dropped: beside the box a browser would leave the page to show the file.
    const ours = (event) => event.dataTransfer?.types.includes("Files") && zone()?.offsetParent;
    const lit = (on) => zone()?.classList.toggle("hovered", on);
    document.addEventListener("dragenter", (event) => { if (ours(event)) { under += 1; lit(true); } });
    document.addEventListener("dragleave", (event) => { if (ours(event)) { under -= 1; if (under <= 0) lit(false); } });
    document.addEventListener("dragover", (event) => { if (ours(event)) event.preventDefault(); });
    document.addEventListener("drop", async (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      under = 0;
      lit(false);
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      const loose = [...event.dataTransfer.files];
      const found = entries.length ? (await Promise.all(entries.map(walk))).flat() : loose.map((file) => ({ file, name: file.name }));
      take(found, entries.some((entry) => entry.isDirectory));
    });

    async function take(files, folder) {
      const box = zone();
      if (!box || !files.length) return;
      if (box.dataset.busy === "true") { say(box.dataset.saidBusy); return; }
      const { good, skipped } = sorted(files, folder, box.dataset);
      box.dataset.busy = "true";
      const sent = [];
      let done = 0;
      const waiting = [...good];
      const worker = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          say(`${box.dataset.saidUp} ${done + 1}/${good.length} · ${next.name}`);
          if (await readable(next.file)) sent.push({ name: next.name, path: (await upload(next.file)).path });
          else skipped.push({ name: next.name, reason: "unread" });
          done += 1;
        }
      };
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, worker));
        say("");
        send({ files: sent.sort((a, b) => (a.name < b.name ? -1 : 1)), skipped });
      } catch {
        say(box.dataset.saidLost);
      }
      box.dataset.busy = "false"; // while a run goes on, the server draws it anew and says so
    }
  }

  const readable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

  // What cannot be opened has no file.
  async function walk(entry) {
    const name = entry.fullPath.replace(/^\//, "");
    const opened = (open) => new Promise((done) => open(done, () => done(null)));
    if (entry.isFile) return [{ file: await opened((done, failed) => entry.file(done, failed)), name }];
    if (entry.name.startsWith(".")) return [];
    const reader = entry.createReader();
    const found = [];
    for (;;) { // a reader gives a hundred at a time
      const part = await opened((done, failed) => reader.readEntries(done, failed));
      if (!part) return [...found, { file: null, name }];
      if (!part.length) return found;
      found.push(...(await Promise.all(part.map(walk))).flat());
    }
  }

  // What is no note is not sent. Of a folder, pictures and the like are passed over without a word.
  function sorted(files, folder, { kinds, most }) {
    const good = [], skipped = [];
    const known = kinds.split(",");
    for (const each of files) {
      if (each.name.split("/").some((part) => part.startsWith(".") || part.startsWith("~$"))) continue;
      const reason = !each.file ? "unread" : !known.some((kind) => each.name.toLowerCase().endsWith(kind)) ? "kind"
        : each.file.size > Number(most) ? "size" : each.file.size === 0 ? "empty" : "";
      if (!reason) good.push(each);
      else if (reason !== "kind" || !folder || !MEDIA.test(each.name)) {
        const detail = each.file ? `${Math.round(each.file.size / 2 ** 20).toLocaleString()} MB` : "";
        skipped.push({ name: each.name, reason, detail });
      }
    }
    return { good, skipped };
  }

  // ---- the list

  document.addEventListener("input", (event) => {
    const box = inside(event.target, "[data-find]");
    if (!box) return;
    const word = box.value.normalize("NFC").trim().toLowerCase();
    const list = box.closest(".holdings");
    let any = false;
    for (const group of list.querySelectorAll(".group")) {
      let here = false;
      for (const row of group.querySelectorAll("li.held")) {
        row.hidden = !row.dataset.name.includes(word);
        here ||= !row.hidden;
      }
      group.hidden = !here;
      any ||= here;
    }
    list.querySelector(".found-none").hidden = any;
  });

  let looked = false;
  document.addEventListener("click", (event) => {
    const chosen = inside(event.target, '#view-notes [data-do="cut"], #view-notes [data-do="map"]');
    looked = Boolean(chosen);
    if (!chosen?.classList.contains("pick")) return;
    for (const other of document.querySelectorAll("#notes-list .pick[aria-current]")) other.removeAttribute("aria-current");
    chosen.setAttribute("aria-current", "true");
  });

  // On a phone the passages lie below the list; bring them into view when they come.
  function acted() {
    if (!looked) return;
    looked = false;
    const card = document.querySelector("#notes-side section");
    if (!card) return;
    const { top } = card.getBoundingClientRect();
    if (top > window.innerHeight * 0.7 || top < 0) card.scrollIntoView({ block: "start" });
    card.scrollTop = 0;
  }

  // ---- the map

  const NEAR = 22; // units of the drawing, in which a point is five wide
  const spot = (dot) => { const at = dot.transform.baseVal.consolidate().matrix; return [at.e, at.f]; };
  const dots = (sky) => [...sky.querySelectorAll(".dot:not(.dim)")];
  let told = null;

  function nearest(sky, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sky.getScreenCTM().inverse());
    let best = null, least = NEAR;
    for (const dot of dots(sky)) {
      const [x, y] = spot(dot);
      const far = Math.hypot(x - at.x, y - at.y);
      if (far < least) { best = dot; least = far; }
    }
    return best;
  }

  function tell(sky, dot) {
    if (told === dot) return;
    told = dot;
    const ring = sky.querySelector(".ring");
    const [x, y] = spot(dot);
    ring.setAttribute("transform", `translate(${x} ${y})`);
    ring.setAttribute("visibility", "visible");
    const line = (tag, name, words) => Object.assign(document.createElement(tag), { className: name, textContent: words });
    const head = line("p", "head", dot.dataset.head);
    head.append(line("span", "where", dot.dataset.where));
    const button = Object.assign(line("button", "open", sky.dataset.saidOpen), { type: "button" });
    button.dataset.open = dot.dataset.open;
    sky.parentElement.querySelector(".told-point").replaceChildren(head, line("p", "first", dot.dataset.words), button);
  }

  document.addEventListener("pointermove", (event) => {
    const sky = inside(event.target, "[data-sky]");
    const dot = sky && event.pointerType !== "touch" && nearest(sky, event);
    if (sky) sky.style.cursor = dot ? "pointer" : "";
    if (dot) tell(sky, dot);
  });

  // A click beside a point means the nearest one. A finger hides what it points at, so its first touch only tells.
  document.addEventListener("click", (event) => {
    const sky = inside(event.target, "[data-sky]");
    if (!sky || !event.isTrusted) return;
    event.stopImmediatePropagation();
    const dot = nearest(sky, event);
    if (!dot) return;
    const known = told === dot;
    tell(sky, dot);
    if (event.pointerType !== "touch" || known) open(dot);
  }, true);
  const open = (dot) => dot.dispatchEvent(new MouseEvent("click", { bubbles: true }));

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const sky = inside(event.target, "[data-sky]");
    if (!sky) return;
    const all = dots(sky);
    const now = all.includes(told) ? told : null;
    if (event.key === "Enter" && now) { event.preventDefault(); open(now); }
    const way = WAYS[event.key];
    if (!way || !all.length) return;
    event.preventDefault();
    if (!now) { tell(sky, all[0]); return; }
    const [x, y] = spot(now);
    let best = null, least = Infinity;
    for (const dot of all) {
      const [dx, dy] = [spot(dot)[0] - x, spot(dot)[1] - y];
      const along = dx * way[0] + dy * way[1];
      const cost = along + 2 * Math.abs(dx * way[1] + dy * way[0]); // straight ahead before aside
      if (along > 0.01 && cost < least) { best = dot; least = cost; }
    }
    if (best) tell(sky, best);
  });

  document.addEventListener("click", (event) => {
    const button = inside(event.target, "[data-light]");
    if (!button) return;
    const card = button.closest(".map");
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const other of card.querySelectorAll("[data-light]")) other.setAttribute("aria-pressed", String(on && other === button));
    for (const dot of card.querySelectorAll("[data-sky] .dot")) dot.classList.toggle("dim", on && dot.dataset.group !== button.dataset.light);
  });

  window.notesView = { drop, acted };
})();
