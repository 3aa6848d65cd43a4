import { TinymlError } from "../errors";
import { createIioInput, type IioSettings } from "./iio";
import { createSimulatedInput, type SimulatedInputSettings } from "./simulated";

/** What an analog-to-digital converter measured. */
export interface AnalogReading {
  /** The converter's code; negative for a voltage below zero, on converters that can measure one. */
  code: number;
  /** The code at full scale: 1023 for 10 bits. */
  fullScale: number;
  /** The voltage at the pin; absent where the driver does not know it. */
  volts?: number;
}

/** An analog input that is read on demand. */
export interface AnalogInput {
  /**
   * One reading. Rejects with TINYML_HARDWARE_MISSING where the device was not there since the input was opened, and with
   * TINYML_HARDWARE_FAILED where it vanished, fails or does not answer; the next call tries again. While a read is under way,
   * further calls get its result, so that calls never pile up.
   */
  read(): Promise<AnalogReading>;
  /** Ends the use; a read that is under way rejects. */
  close(): void;
}

export type AnalogInputSettings = SimulatedInputSettings | IioSettings;

/**
 * An analog input by its settings: `simulated` turns a potentiometer by itself; `iio` reads a converter that Linux drives.
 * It touches no hardware before the first read, so a flow loads where the hardware is missing. Throws TINYML_CONFIG_INVALID
 * for settings that make no sense.
 */
export function openAnalogInput(settings: AnalogInputSettings): AnalogInput {
  switch (settings.driver) {
    case "simulated":
      return createSimulatedInput(settings);
    case "iio":
      return createIioInput(settings);
    default: {
      const { driver }: { driver?: unknown } = settings;
      throw new TinymlError(
        "TINYML_CONFIG_INVALID",
        `There is no analog input driver "${driver}"; choose simulated or iio.`,
      );
    }
  }
}
