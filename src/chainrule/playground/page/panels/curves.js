// Curves of loss and score, of training and held-out rows.

import { Chart } from "../draw/chart.js";
import { el, number, opens, table } from "../dom.js";
import { app, on, onSomeFrames, onSight, sides, visible } from "../store.js";

export function curves(section) {
  const loss = new Chart("Loss", "epochs, or steps", { floor: 0, whole: true });
  const score = new Chart("Score", "epochs, or steps", { log: "never", whole: true, ceiling: 1 });
  const legend = el("ul", { class: "legend" });
  const numbers = opens("Curves as a table", () => {
    const rows = sides().flatMap((side) => {
      const { at, loss: own, held_out, score: right, held_out_score } = app.seen[side].curve;
      return at.map((when, place) => [`${side} ${when}`, ...[own, held_out, right, held_out_score].map((one) => number(one[place]))]);
    });
    return table("Loss and score by epoch or step", ["when", "loss", "held out", "score", "held out"], rows);
  });
  section.append(legend, el("h3", {}, "Loss"), loss.root, el("h3", { id: "score-title" }, "Score"), score.root, numbers);
  const of = (own, other) => sides().flatMap((side) => {
    const { curve } = app.seen[side];
    return [
      { name: `${side} training`, kind: `side-${side}`, x: curve.at, y: curve[own] },
      { name: `${side} held out`, kind: `side-${side} out`, x: curve.at, y: curve[other] },
    ];
  });
  function show() {
    if (!visible(section)) return;
    loss.draw(of("loss", "held_out"));
    score.draw(of("score", "held_out_score"));
    numbers.renew();
  }
  on("begun", () => {
    document.getElementById("score-title").textContent = app.task.classes.length ? "Accuracy" : "R²";
    legend.replaceChildren(...sides().flatMap((side) => [
      el("li", {}, el("span", { class: `sample side-${side}` }), `${side} training`), el("li", {}, el("span", { class: `sample side-${side} out` }), `${side} held out`),
    ]));
    show();
  });
  onSomeFrames(200, show);
  onSight(section, show);
}
