// The voice: a question spoken into the microphone, which is shown and never asked by itself, and answers read aloud.
(() => {
  const RATE = 16000; // samples a second that the recogniser takes
  const LONGEST = 29; // seconds
  const LOUD = 0.02, QUIET = 0.012; // of full scale: speech, and the pause after it
  const PAUSE = 1800; // ms of quiet after speech end the question
  const LOOK = 60; // ms between two looks at the level
  const page = window.notesPage;
  const root = document.documentElement;
  page.hear = () => Promise.reject(); // until the server's own is there
  const words = () => page.words().voice;
  const mic = () => document.querySelector("#mic");

  // ---- what is said beside the question ----
  const line = document.createElement("p");
  line.id = "heard";
  line.setAttribute("role", "status");
  let said = ""; // the name of what the line says, to say it in the other language

  function tell(name, wrong = false) {
    said = name;
    line.classList.toggle("wrong", wrong);
    line.replaceChildren(...(name ? [words()[name]] : []));
  }

  // ---- listening ----
  let turn = 0; // what is cancelled must not come back
  let ear = null; // the open microphone

  function show(state) {
    const name = words()[state === "listening" ? "stop" : "speak"];
    mic().dataset.state = state;
    for (const where of ["aria-label", "title"]) mic().setAttribute(where, name);
  }

  function close() {
    ear?.stream.getTracks().forEach((track) => track.stop());
    ear?.context.close();
    clearInterval(ear?.clock);
    mic().style.removeProperty("--level");
    ear = null;
  }

  function end(name = "", wrong = false) {
    turn += 1;
    close();
    show("idle");
    tell(name, wrong);
  }

  const WHY = { NotAllowedError: "denied", SecurityError: "denied" };

  async function listen() {
    const mine = ++turn;
    if (!navigator.mediaDevices?.getUserMedia) return end("insecure", true);
    show("waiting");
    tell("waiting");
    const { problem } = await page.hear({}).catch(() => ({ problem: "failed" }));
    if (mine !== turn) return;
    if (problem) return end(problem, true);
    let stream = null;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false } });
    } catch (error) {
      if (mine === turn) end(WHY[error.name] ?? "none", true);
      return;
    }
    if (mine !== turn) return stream.getTracks().forEach((track) => track.stop());
    try {
      record(stream, mine);
    } catch { // no recorder in this browser: the microphone must not stay open
      stream.getTracks().forEach((track) => track.stop());
      end("none", true);
    }
  }

  function record(stream, mine) {
    const context = new AudioContext();
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 128000 });
    const parts = [];
    ear = { stream, context, recorder, clock: watch(context, stream) };
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => { if (mine === turn) write(new Blob(parts), mine); });
    recorder.start();
    show("listening");
    tell("listening");
  }

  // The level is shown, and a pause after speech ends the question.
  function watch(context, stream) {
    const meter = context.createAnalyser();
    const wave = new Float32Array(meter.fftSize);
    const began = performance.now();
    let spoke = 0;
    context.createMediaStreamSource(stream).connect(meter);
    return setInterval(() => {
      meter.getFloatTimeDomainData(wave);
      const level = Math.sqrt(wave.reduce((sum, each) => sum + each * each, 0) / wave.length);
      const now = performance.now();
      mic().style.setProperty("--level", Math.min(1, level * 6).toFixed(2));
      if (level > LOUD || (spoke && level > QUIET)) spoke = now;
      if ((spoke && now - spoke > PAUSE) || now - began > LONGEST * 1000) done();
    }, LOOK);
  }

  function done() {
    if (ear?.recorder.state !== "recording") return;
    clearInterval(ear.clock);
    show("working");
    tell("working");
    ear.recorder.stop();
  }

  async function write(blob, mine) {
    const wav = await samples(blob, ear.context).then(encode).catch(() => null);
    if (mine !== turn) return;
    close();
    const found = wav ? await page.hear({ wav }).catch(() => ({ problem: "failed" })) : { problem: "nothing" };
    if (mine !== turn) return;
    if (found.problem) return end(found.problem, true);
    end("heard");
    put(found.text);
    if (found.other) offer(found.other, found.text);
  }

  async function samples(blob, context) {
    const heard = await context.decodeAudioData(await blob.arrayBuffer());
    const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(heard.duration * RATE)), RATE);
    const source = offline.createBufferSource();
    source.buffer = heard;
    source.connect(offline.destination);
    source.start();
    return (await offline.startRendering()).getChannelData(0);
  }

  // A WAV (RIFF, PCM 16 bit, one channel) in base64.
  async function encode(wave) {
    const view = new DataView(new ArrayBuffer(44 + wave.length * 2));
    const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
    text(0, "RIFF");
    view.setUint32(4, 36 + wave.length * 2, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, RATE, true);
    view.setUint32(28, RATE * 2, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, wave.length * 2, true);
    wave.forEach((each, n) => view.setInt16(44 + n * 2, Math.round(Math.max(-1, Math.min(1, each)) * 32767), true));
    const bytes = new Uint8Array(view.buffer);
    let letters = "";
    for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(letters);
  }

  // ---- what was heard ----
  function put(text) {
    const box = page.box();
    box.value = text.slice(0, box.maxLength < 0 ? undefined : box.maxLength);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }

  // The second reading; a press exchanges the two.
  function offer(other, instead) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "undo";
    button.textContent = `${words().other}: ${other}`;
    button.addEventListener("click", () => {
      tell("heard");
      put(other);
      offer(instead, other);
    });
    line.append(button);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#mic")) return;
    const { state } = mic().dataset;
    if (state === "idle") listen();
    else if (state === "listening") done();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || (mic()?.dataset.state ?? "idle") === "idle" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    end();
    mic().focus();
  }, true);

  document.addEventListener("input", (event) => { if (event.isTrusted && event.target === page.box() && !ear) tell(""); });

  // ---- reading aloud ----
  const voices = window.speechSynthesis;
  let reading = null; // the button that was pressed

  // Only voices of this machine: others would send the notes away.
  const voice = (lang) => voices.getVoices().find((each) => each.localService && each.lang.toLowerCase().startsWith(lang));

  function offered() {
    for (const lang of ["ko", "en"]) root.classList.toggle(`voice-${lang}`, Boolean(voice(lang)));
  }

  function press(button, on) {
    button.setAttribute("aria-pressed", String(on));
    for (const where of ["aria-label", "title"]) button.setAttribute(where, words()[on ? "read_stop" : "read"]);
  }

  function hush() {
    if (!reading) return;
    press(reading, false);
    reading = null;
    voices.cancel();
  }

  // Sentence by sentence: some browsers stop within a long text.
  function read(button) {
    const { aloud, voice: lang } = button.dataset;
    const sentences = aloud.match(/\S.*?(?:[.!?](?=\s)|$)/gm);
    hush();
    reading = button;
    press(button, true);
    const ended = () => { if (reading === button) hush(); };
    sentences.forEach((each, n) => {
      const speech = new SpeechSynthesisUtterance(each);
      speech.voice = voice(lang) ?? null;
      speech.lang = speech.voice?.lang ?? lang;
      speech.addEventListener("error", ended);
      if (n === sentences.length - 1) speech.addEventListener("end", ended);
      voices.speak(speech);
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-aloud]");
    if (!button) return;
    if (button === reading) hush(); else read(button);
  });
  window.addEventListener("pagehide", () => voices?.cancel());
  if (voices) {
    voices.addEventListener?.("voiceschanged", offered);
    offered();
  }

  // ---- beginning ----
  function named() {
    show(mic().dataset.state);
    if (said && !line.querySelector("button")) tell(said, line.classList.contains("wrong"));
  }

  function changed() {
    if (reading && !reading.isConnected) hush();
    if (document.querySelector("#answer [aria-busy]") && !ear) tell("");
  }

  const { ready } = page;
  page.ready = (told) => {
    ready(told);
    document.querySelector("#asking").after(line);
    named();
    new MutationObserver(named).observe(root, { attributeFilter: ["lang"] });
    new MutationObserver(changed).observe(document.querySelector("#answer"), { childList: true, subtree: true });
  };
})();
