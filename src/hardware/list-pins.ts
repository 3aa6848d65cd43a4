import { type GpioChip, type GpioToolOptions, listGpioChips } from "./gpio-tools";
import { type Converter, listConverters } from "./iio";
import { listPwmChips, type PwmChip } from "./pwm";

/** What of pins and converters is on this machine. */
export interface PinsThere {
  /** GPIO chips, by the tools of libgpiod. */
  gpio: GpioChip[];
  /** Analog-digital converters. */
  converters: Converter[];
  /** PWM chips, those of the header pins first. */
  pwm: PwmChip[];
}

/** What there is; nothing is an empty list, not an error. */
export async function listPins({ root, ...tools }: GpioToolOptions & { root?: string } = {}): Promise<PinsThere> {
  const [gpio, converters, pwm] = await Promise.all([
    listGpioChips(tools).catch(() => []),
    listConverters(root).catch(() => []),
    listPwmChips(root).catch(() => []),
  ]);
  return { gpio, converters, pwm };
}
