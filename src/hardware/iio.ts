import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError } from "../errors";
import type { AnalogInput, AnalogReading } from "./analog-input";
import { readAttribute, systemError, withTimeout } from "./sysfs";

/** A channel of a converter that Linux drives (Industrial I/O). */
export interface IioSettings {
  driver: "iio";
  /** The chip's name ("mcp3008"), or its number in Linux's list ("iio:device0", "0") where there are several of a name. */
  device: string;
  /** The input of the chip, from 0. */
  channel: number;
  /** The code at full scale, for a chip that is not in our table and does not tell its bits. */
  fullScale?: number;
  /** How long a read may take, in milliseconds; 2000 by default. */
  timeout?: number;
  /** Where sysfs is mounted; /sys by default. */
  root?: string;
}

interface Chip {
  /** The code at full scale. The ADS chips measure below zero too, which leaves the upper half of their codes for voltages above. */
  fullScale: number;
  /** The lines of a Raspberry Pi's config.txt that make Linux drive the chip. */
  overlay(channel: number): string;
  /** Another name under which Linux lists the chip: one driver serves both of the ADS chips under the name of the first. */
  alias?: string;
}

const anySpi = (chip: string) => (): string =>
  `dtparam=spi=on and dtoverlay=anyspi,spi0-0,dev="microchip,${chip}",speed=1000000`;

// The overlays and their parameters are those of Raspberry Pi's overlays README; the others of the family go through anyspi.
const chips = new Map<string, Chip>(
  Object.entries({
    mcp3002: { fullScale: 1023, overlay: anySpi("mcp3002") },
    mcp3004: { fullScale: 1023, overlay: anySpi("mcp3004") },
    mcp3008: { fullScale: 1023, overlay: () => "dtparam=spi=on and dtoverlay=mcp3008,spi0-0-present" },
    mcp3202: { fullScale: 4095, overlay: () => "dtparam=spi=on and dtoverlay=mcp3202,spi0-0-present" },
    mcp3204: { fullScale: 4095, overlay: anySpi("mcp3204") },
    mcp3208: { fullScale: 4095, overlay: anySpi("mcp3208") },
    ads1015: { fullScale: 2047, overlay: (channel) => adsOverlay("ads1015", channel) },
    ads1115: { fullScale: 32767, overlay: (channel) => adsOverlay("ads1115", channel), alias: "ads1015" },
  }),
);

/** Configuration 4 + n of an ADS chip measures input n against ground, gain 1 up to 4.096 V. */
function adsOverlay(chip: string, channel: number): string {
  return `dtoverlay=${chip},cha_enable,cha_cfg=${4 + channel},cha_gain=1`;
}

/** Where a channel's files are, and what its codes mean. */
interface Channel {
  rawPath: string;
  fullScale: number;
  /** volts = (code + offset) × scale; undefined where the driver does not tell. */
  scale: number | undefined;
  offset: number;
}

/** An analog input through the files of Linux's Industrial I/O. Throws TINYML_CONFIG_INVALID. */
export function createIioInput(settings: IioSettings): AnalogInput {
  const { device, channel, timeout = 2000, root = "/sys" } = settings;
  if (typeof device !== "string" || !/^[\w:.-]+$/.test(device) || !Number.isInteger(channel) || channel < 0) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `An analog input needs the name of a converter, such as mcp3008, and a channel from 0 (they are ${JSON.stringify(device)} and ${channel}).`,
    );
  }
  const folder = join(root, "bus", "iio", "devices");
  let found: Channel | undefined;
  let wasThere = false;
  let closed = false;
  /** The read whose answer everybody waits for. */
  let current: Promise<AnalogReading> | undefined;
  /** Set while the system has not finished a read, even where nobody waits for it any more. */
  let busy = false;

  const readOnce = async (): Promise<AnalogReading> => {
    try {
      found ??= await findChannel(folder, settings);
      wasThere = true;
      const code = await readNumber(found.rawPath);
      const reading: AnalogReading = { code, fullScale: found.fullScale };
      if (found.scale !== undefined) reading.volts = (code + found.offset) * found.scale;
      return reading;
    } catch (error) {
      // Its number may be another one when it comes back.
      found = undefined;
      if (error instanceof TinymlError && (error.code !== "TINYML_HARDWARE_MISSING" || !wasThere)) throw error;
      throw systemError(
        error,
        `The converter ${device} stopped answering`,
        "Check its wiring; reading goes on when it is back",
      );
    }
  };

  return {
    read() {
      if (closed) return Promise.reject(closedError(device));
      if (current) return current;
      if (busy) return Promise.reject(hangError(device));
      busy = true;
      const reading = readOnce().finally(() => {
        busy = false;
      });
      current = withTimeout(reading, timeout, () => hangError(device)).then(
        (result) => {
          current = undefined;
          if (closed) throw closedError(device);
          return result;
        },
        (error) => {
          current = undefined;
          throw error;
        },
      );
      return current;
    },
    close() {
      closed = true;
    },
  };
}

function hangError(device: string): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The converter ${device} does not answer. Check its wiring; reading goes on as soon as it answers.`,
  );
}

function closedError(device: string): TinymlError {
  return new TinymlError("TINYML_HARDWARE_FAILED", `The input ${device} was closed.`);
}

async function readNumber(path: string): Promise<number> {
  const text = await readAttribute(path);
  const number = Number(text);
  if (text !== "" && Number.isFinite(number)) return number;
  throw new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The converter gave ${JSON.stringify(text.slice(0, 40))} instead of a number (${path}). Check its wiring and driver.`,
  );
}

async function readOptional(path: string): Promise<number | undefined> {
  try {
    return await readNumber(path);
  } catch {
    return undefined;
  }
}

/** The first of the values that is there: one of the channel itself, or one that all channels of the type share. */
async function readShared(folder: string, channel: number, attribute: string): Promise<number | undefined> {
  return (
    (await readOptional(join(folder, `in_voltage${channel}_${attribute}`))) ??
    (await readOptional(join(folder, `in_voltage_${attribute}`)))
  );
}

/** The converters that Linux lists, by their names, in the order of their numbers. */
async function listDevices(folder: string): Promise<{ id: string; name: string }[]> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch {
    return [];
  }
  const numbers = entries.flatMap((entry) => /^iio:device(\d+)$/.exec(entry)?.[1] ?? []);
  const ids = numbers.sort((a, b) => Number(a) - Number(b)).map((number) => `iio:device${number}`);
  return Promise.all(
    ids.map(async (id) => ({ id, name: await readAttribute(join(folder, id, "name")).catch(() => "") })),
  );
}

async function findChannel(folder: string, settings: IioSettings): Promise<Channel> {
  const { device, channel } = settings;
  const asked = chips.get(device);
  const id = /^\d+$/.test(device) ? `iio:device${device}` : device;
  const devices = await listDevices(folder);
  const match =
    devices.find((each) => each.id === id || each.name === device) ??
    devices.find((each) => asked?.alias !== undefined && each.name === asked.alias);
  if (match === undefined) {
    const others = devices.map((each) => each.name || each.id).join(", ");
    const advice = asked
      ? `On a Raspberry Pi, add ${asked.overlay(channel)} to /boot/firmware/config.txt and restart it.`
      : `Check its name and driver; for a chip on a Raspberry Pi, a dtoverlay line in /boot/firmware/config.txt makes it appear.`;
    throw new TinymlError(
      "TINYML_HARDWARE_MISSING",
      `There is no converter ${device}${others ? ` (there is ${others})` : ""}. ${advice}`,
    );
  }
  const path = join(folder, match.id);
  const rawPath = join(path, `in_voltage${channel}_raw`);
  await assertChannel(path, channel, match.name || device);
  // The unit of the ABI is the millivolt.
  const scale = await readShared(path, channel, "scale");
  return {
    rawPath,
    fullScale: settings.fullScale ?? (await findFullScale(path, channel, asked ?? chips.get(match.name), device)),
    scale: scale === undefined ? undefined : scale / 1000,
    offset: (await readShared(path, channel, "offset")) ?? 0,
  };
}

async function assertChannel(path: string, channel: number, name: string): Promise<void> {
  const inputs = (await readdir(path)).flatMap((file) => /^in_voltage(\d+)_raw$/.exec(file)?.[1] ?? []).map(Number);
  if (inputs.includes(channel)) return;
  const list = inputs.sort((a, b) => a - b).join(", ");
  throw new TinymlError(
    "TINYML_HARDWARE_MISSING",
    `The converter ${name} has no input ${channel}${list ? `, only ${list}` : ""}. Choose another channel.`,
  );
}

/** The code at full scale: by the bits that the driver tells (for its buffers), else by our table. */
async function findFullScale(path: string, channel: number, chip: Chip | undefined, device: string): Promise<number> {
  for (const folder of ["scan_elements", "buffer0"]) {
    // "le:s12/16>>4": endianness, sign, used bits, stored bits, shift.
    const type = await readAttribute(join(path, folder, `in_voltage${channel}_type`)).catch(() => "");
    const [, sign, bits] = /^[bl]e:([su])(\d+)\//.exec(type) ?? [];
    if (sign !== undefined) return 2 ** (Number(bits) - (sign === "s" ? 1 : 0)) - 1;
  }
  if (chip !== undefined) return chip.fullScale;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The driver of ${device} does not say how many bits it has. Enter its largest code in the settings (1023 for 10 bits).`,
  );
}
