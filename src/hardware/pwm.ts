import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TinymlError } from "../errors";
import { systemErrorCode } from "../storage";
import { clampLevel } from "./level";
import type { Output } from "./output";
import { assertServo, pulseOf, type Servo, servoFrequencyHz } from "./servo";
import { readAttribute, systemError, withTimeout, writeAttribute } from "./sysfs";

/** A channel of a PWM chip that Linux drives. */
export interface PwmSettings {
  driver: "pwm";
  /** The channel of the chip. On a Raspberry Pi up to 4: 0 is GPIO 12 or 18, 1 is GPIO 13 or 19; on a Pi 5: GPIO 12, 13, 18, 19. */
  channel: number;
  /** The chip: the name of its device ("1f00098000.pwm") or its number; the one of the header pins by default. */
  chip?: string | number;
  /** Pulses per second; 1000 by default, and always 50 for a servo. */
  frequencyHz?: number;
  /** A servo motor: the level is its position; it is left without pulses on close. */
  servo?: Servo;
  /** The level, 0..1, that it is left at on close; 0 (off) by default. */
  safeLevel?: number;
  /** How long the system may take for a write, in milliseconds; 2000 by default. */
  timeout?: number;
  /** Where sysfs is mounted; /sys by default. */
  root?: string;
}

// Chip numbers change between boards and kernels, the addresses in the device names do not: the header pins of a Raspberry Pi 1 and
// Zero, of 2 and 3, of 4, and of 5. The other chips of a Pi 5 drive its fan and its display.
const headerChips = ["2020c000.pwm", "3f20c000.pwm", "fe20c000.pwm", "1f00098000.pwm"];
const reservedChips = ["1f0009c000.pwm", "107d517a80.pwm"];

const overlayAdvice =
  "On a Raspberry Pi, add dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4 to /boot/firmware/config.txt and restart it " +
  "(channel 0 is then GPIO 12, channel 1 is GPIO 13)";

interface Chip {
  path: string;
  number: number;
  /** The name of its device, "" where it is unknown. */
  device: string;
  channels: number;
}

/** An output through Linux's /sys/class/pwm. Throws TINYML_CONFIG_INVALID. */
export function createPwmOutput(settings: PwmSettings): Output {
  const { channel, servo, timeout = 2000 } = settings;
  const frequencyHz = servo === undefined ? (settings.frequencyHz ?? 1000) : servoFrequencyHz;
  if (!Number.isInteger(channel) || channel < 0) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `A PWM output needs a channel from 0, not ${channel}.`);
  }
  if (!(frequencyHz >= 1 && frequencyHz <= 1e6)) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `The PWM frequency must be 1 to 1,000,000 Hz, not ${frequencyHz}.`);
  }
  if (servo !== undefined) assertServo(servo);
  const safeLevel = clampLevel(settings.safeLevel ?? 0);
  const period = Math.round(1e9 / frequencyHz);
  /** Nanoseconds that a pulse of a level lasts. */
  const pulse = (wanted: number): number =>
    Math.round(servo === undefined ? wanted * period : pulseOf(wanted, servo) * 1e6);
  /** The folder of the exported channel, once it is set up. */
  let folder: string | undefined;
  let wasThere = false;
  let level: number | undefined;
  let closing: Promise<void> | undefined;
  /** The level to be set next, and the promise of those who wait for it. */
  let next: { level: number; done: Promise<void> } | undefined;
  /** What the system is doing; never rejects. */
  let busy: Promise<void> = Promise.resolve();

  const set = async (wanted: number, nanoseconds = pulse(wanted)): Promise<void> => {
    try {
      if (folder === undefined) {
        folder = await setUp(settings, period);
        wasThere = true;
      }
      await writeValue(folder, "duty_cycle", nanoseconds);
      if ((await readValue(folder, "enable")) !== 1) await writeValue(folder, "enable", 1);
      level = wanted;
    } catch (error) {
      folder = undefined;
      if (error instanceof TinymlError && (error.code !== "TINYML_HARDWARE_MISSING" || !wasThere)) throw error;
      throw systemError(error, `PWM channel ${channel} failed`, "Check that its dtoverlay is still loaded");
    }
  };

  const queue = (task: () => Promise<void>): Promise<void> => {
    const done = busy.then(task);
    busy = done.catch(() => undefined);
    return withTimeout(done, timeout, () => {
      return new TinymlError("TINYML_HARDWARE_FAILED", `PWM channel ${channel} does not answer. Check its driver.`);
    });
  };

  return {
    get level() {
      return level;
    },
    async write(value) {
      const wanted = clampLevel(value);
      if (closing) throw new TinymlError("TINYML_HARDWARE_FAILED", `PWM channel ${channel} was closed.`);
      if (next) {
        next.level = wanted;
        return next.done;
      }
      const waiting = { level: wanted, done: Promise.resolve() };
      next = waiting;
      waiting.done = queue(() => {
        next = undefined;
        return set(waiting.level);
      });
      return waiting.done;
    },
    close() {
      closing ??= queue(async () => {
        // Nothing was ever set, so there is nothing to take back.
        if (!wasThere) return;
        await set(safeLevel, servo === undefined ? pulse(safeLevel) : 0);
        // A channel at rest is switched off, so that it is free for others; at another level it has to keep running.
        if (safeLevel === 0 && folder !== undefined) await writeValue(folder, "enable", 0);
      });
      return closing;
    },
  };
}

async function readValue(folder: string, name: string): Promise<number> {
  return Number(await readAttribute(join(folder, name)));
}

async function writeValue(folder: string, name: string, value: number): Promise<void> {
  await writeAttribute(join(folder, name), value);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A PWM chip, by its device ("1f00098000.pwm") or its number. */
export interface PwmChip {
  name: string;
  channels: number;
}

/** The PWM chips that there are, those of the header pins first; without a fan's. */
export async function listPwmChips(root = "/sys"): Promise<PwmChip[]> {
  const chips = await listChips(join(root, "class", "pwm"));
  const usable = chips.filter(({ device }) => !reservedChips.includes(device));
  return usable.map(({ device, number, channels }) => ({ name: device || String(number), channels }));
}

/** The chips, those of the header pins first. */
async function listChips(folder: string): Promise<Chip[]> {
  const entries = await readdir(folder).catch(() => []);
  const chips = await Promise.all(
    entries.flatMap((entry) => {
      const [, number] = /^pwmchip(\d+)$/.exec(entry) ?? [];
      return number === undefined ? [] : [describeChip(join(folder, entry), Number(number))];
    }),
  );
  const rank = (chip: Chip): number => (headerChips.includes(chip.device) ? 0 : 1);
  return chips.sort((a, b) => rank(a) - rank(b) || a.number - b.number);
}

async function describeChip(path: string, number: number): Promise<Chip> {
  const device = await realpath(join(path, "device")).then(basename, () => "");
  return { path, number, device, channels: await readValue(path, "npwm").catch(() => 0) };
}

function missing(message: string): TinymlError {
  return new TinymlError("TINYML_HARDWARE_MISSING", `${message} ${overlayAdvice}.`);
}

async function findChip(folder: string, { chip: asked, channel }: PwmSettings): Promise<Chip> {
  const chips = await listChips(folder);
  const chip =
    asked === undefined || asked === ""
      ? chips.find((each) => !reservedChips.includes(each.device))
      : chips.find((each) => each.device === asked || String(each.number) === String(asked));
  if (chip === undefined) throw missing(asked ? `There is no PWM chip ${asked}.` : "There is no PWM chip.");
  if (channel < chip.channels) return chip;
  throw missing(
    `The PWM chip ${chip.device || chip.number} has ${chip.channels} channels, so there is no channel ${channel}.`,
  );
}

/** Exports the channel and sets its period; gives its folder. */
async function setUp(settings: PwmSettings, period: number): Promise<string> {
  const { channel, root = "/sys" } = settings;
  const chip = await findChip(join(root, "class", "pwm"), settings);
  const folder = join(chip.path, `pwm${channel}`);
  if (!(await exists(folder))) {
    try {
      await writeValue(chip.path, "export", channel);
    } catch (error) {
      if (systemErrorCode(error) !== "EBUSY") throw error;
      // Somebody else exported it between our look and our write, or the kernel itself uses it.
      if (!(await exists(folder))) {
        throw new TinymlError(
          "TINYML_HARDWARE_FAILED",
          `PWM channel ${channel} is in use by another driver. Analog audio uses it on a Raspberry Pi: dtparam=audio=off frees it.`,
          { cause: error },
        );
      }
    }
  }
  await retry(async () => {
    if ((await readValue(folder, "period")) === period) return;
    // A period shorter than the pulse is refused, and so is a pulse while there is no period.
    await writeValue(folder, "duty_cycle", 0).catch(() => undefined);
    await writeValue(folder, "period", period);
  });
  return folder;
}

/** Tries again for a second: after an export, udev still has to make the files and give them to the group gpio. */
async function retry(task: () => Promise<void>): Promise<void> {
  const end = Date.now() + 1000;
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (!["EACCES", "ENOENT"].includes(systemErrorCode(error)) || Date.now() > end) throw error;
      await sleep(20);
    }
  }
}
