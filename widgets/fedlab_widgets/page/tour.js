// The tour: what to do next, and an outline around the part of the lab where to do it. Nothing is covered or blocked.

const LIT = "fedlab-lit";
const LOOK = 300; // ms: a part may come to the page, or be made anew, while the tour waits there

/** The part of the lab that a stop is about, if it is on the page and can be seen. */
function partOf(lab, light) {
  const all = lab.querySelectorAll(light.startsWith(".") ? light : `[data-part="${CSS.escape(light)}"]`);
  return [...all].find((one) => one.getClientRects().length) ?? null;
}

/** Scroll a part into view if it is not wholly in sight. */
function reveal(part) {
  const { top, bottom } = part.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) part.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
}

export default {
  render({ model, el }) {
    let state = model.get("state"), lit = null, shown = null;
    const go = (step) => tell(model, "go", { to: state.at + step });
    const button = (css, onclick) => make("button", { type: "button", class: `fedlab-tour-${css}`, onclick });
    const back = button("back", () => go(-1)), next = button("next", () => go(1));
    const leave = button("leave", () => tell(model, "leave")), come = button("come", () => tell(model, "come"));
    const count = make("span", { class: "fedlab-tour-count" }), done = make("span", { class: "fedlab-tour-done" });
    const text = make("span", {});
    const said = make("p", { class: "fedlab-tour-said", "aria-live": "polite" }, count, " ", text, " ", done);
    const stop = make("div", { class: "fedlab-tour-stop" }, said,
      make("div", { class: "fedlab-tour-buttons" }, back, next, leave));
    const root = make("div", { class: "fedlab-guide", role: "region" }, stop, come);
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !state.open) return;
      event.preventDefault();
      event.stopPropagation();
      tell(model, "leave");
    });
    el.append(root);

    const light = () => {
      const lab = el.closest(".fedlab-lab");
      const part = lab && state.open ? partOf(lab, state.light) : null;
      if (lit !== part) lit?.classList.remove(LIT);
      lit = part;
      if (!part) return;
      part.classList.add(LIT);
      // not when the lab comes to the page: nobody has asked yet
      if (shown !== null && shown !== state.at) reveal(part);
      shown = state.at;
    };
    // else it is read out again
    const write = (node, words) => node.textContent !== words && (node.textContent = words);
    const usable = (one) => root.contains(one) && !one.disabled && !one.closest("[hidden]");
    const show = (now) => {
      state = now;
      if (!state.words) return;
      const inside = root.contains(document.activeElement);
      root.setAttribute("aria-label", state.words.tour);
      for (const [node, words] of [[back, state.words.back], [leave, state.words.leave], [come, state.words.tour],
        [next, state.next], [count, state.count], [text, state.text],
          [done, state.done && `✓ ${state.done}`]]) write(node, words);
      back.disabled = state.at === 0;
      next.classList.toggle("fedlab-tour-ready", !state.waits);
      stop.hidden = !state.open;
      come.hidden = state.open;
      if (inside && !usable(document.activeElement)) (state.open ? next : come).focus();
      light();
    };
    const end = follow(model, show);
    const looks = setInterval(light, LOOK);
    return () => {
      clearInterval(looks);
      end();
      lit?.classList.remove(LIT);
    };
  },
};
