import type { PinsThere } from "../src/hardware/list-pins";
import { fetchJson, sharedText } from "./browser.editor";

/** Shows the fields of the chosen driver only: those whose `data-tinyml-for` names it. */
export function showChosenDriver(also: () => readonly string[] = () => []): () => void {
  const driver = $("#node-input-driver");
  const show = () => {
    const chosen = [String(driver.val()), ...also()];
    $("[data-tinyml-for]").each((_, element) => {
      const wanted = (element.dataset.tinymlFor ?? "").split(" ");
      $(element).toggle(wanted.some((each) => chosen.includes(each)));
    });
  };
  driver.on("change", show);
  show();
  return show;
}

/** What a dialog says of the hardware that its node could use. */
export interface PinsShown {
  /** Whether a driver needs hardware. */
  isReal(driver: string): boolean;
  /** Those of the things found that matter to the node and its driver, in a few words each. */
  describe(there: PinsThere, driver: string): string[];
}

/** Says, below a driver that needs hardware, what of it is on the machine; where nothing is, the simulated twin is one click away. */
export function showPinsThere({ isReal, describe }: PinsShown): void {
  const driver = $("#node-input-driver");
  const hint = $(".tinyml-pins-there");
  let there: PinsThere | undefined;
  const show = () => {
    const chosen = String(driver.val());
    hint.empty().toggle(isReal(chosen) && there !== undefined);
    if (there === undefined || !isReal(chosen)) return;
    const found = describe(there, chosen);
    if (found.length > 0) {
      hint.text(sharedText("pins.there", { found: found.join(", ") }));
      return;
    }
    const simulate = $('<button type="button" class="red-ui-button red-ui-button-small">').text(
      sharedText("pins.simulate"),
    );
    simulate.on("click", () => driver.val("simulated").trigger("change"));
    hint.append($("<span>").text(sharedText("pins.nothing")), " ", simulate);
  };
  driver.on("change", show);
  show();
  fetchJson<PinsThere>("pins").then((listed) => {
    there = listed;
    show();
  });
}
