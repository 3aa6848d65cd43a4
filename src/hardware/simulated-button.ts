import { TinymlError } from "../errors";
import type { DigitalInput, DigitalInputListener } from "./digital-input";

/** A button that is pressed by a call, or by itself. */
export interface SimulatedButtonSettings {
  driver: "simulated";
  /** Milliseconds after which it toggles by itself, again and again; 0, the default, for never. */
  toggleEvery?: number;
}

/** A simulated button, released at first. @throws TinymlError TINYML_CONFIG_INVALID */
export function createSimulatedButton(
  { toggleEvery = 0 }: SimulatedButtonSettings,
  listener: DigitalInputListener,
): DigitalInput {
  if (!(toggleEvery === 0 || (toggleEvery >= 1 && toggleEvery <= 86_400_000))) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `The simulated button toggles every 1 to 86,400,000 milliseconds, or never (0), not every ${toggleEvery}.`,
    );
  }
  let level: 0 | 1 = 0;
  let closed = false;
  const set = (wanted: 0 | 1) => {
    level = wanted;
    if (!closed) listener.level(level);
  };
  const toggle = () => set(level === 0 ? 1 : 0);
  const timer = toggleEvery === 0 ? undefined : setInterval(toggle, toggleEvery);
  // As with a pin, nobody is told before the caller has the input.
  setImmediate(set, level);
  return {
    press(wanted) {
      if (wanted === "toggle") toggle();
      else if (wanted !== level) set(wanted);
    },
    async close() {
      closed = true;
      clearInterval(timer);
    },
  };
}
