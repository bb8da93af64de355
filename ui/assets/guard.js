// What the page says when its server turns a request down at the door: too many at once, or not signed in any more.
(() => {
  const TEXTS = __TEXTS__;
  const words = () => (TEXTS[document.documentElement.lang] || TEXTS.ko).guard;
  const ask = window.fetch.bind(window);
  let shown = 0;

  function say(text) {
    let line = document.getElementById("told");
    if (!line) {
      line = document.createElement("p");
      line.id = "told";
      line.setAttribute("role", "status");
      document.body.append(line);
    }
    line.textContent = text;
    clearTimeout(shown);
    shown = setTimeout(() => line.remove(), 8000);
  }

  window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (answer.status === 429) say(words().busy);
    if (answer.status === 401) {
      say(words().signed_out);
      setTimeout(() => location.assign("/login"), 1500);
    }
    return answer;
  };

  if (window.signedIn) {
    const link = document.createElement("a");
    link.id = "leave";
    link.href = "/login";
    const show = () => document.body.append(link);
    const name = () => { link.textContent = words().leave; };
    name(); // the language may be settled only later, and may change
    new MutationObserver(name).observe(document.documentElement, { attributeFilter: ["lang"] });
    if (document.body) show();
    else document.addEventListener("DOMContentLoaded", show);
  }
})();
