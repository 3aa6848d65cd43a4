import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TinymlError } from "../errors";
import type { AnalogInput, AnalogReading } from "./analog-input";
import { readAttribute, systemError, withTimeout, writeAttribute } from "./sysfs";

/** A channel of a converter that Linux drives (Industrial I/O). */
export interface IioSettings {
  driver: "iio";
  /** The chip's name ("mcp3008"), or its number in Linux's list ("iio:device0", "0") where there are several of a name. */
  device: string;
  /** The input of the chip, from 0. */
  channel: number;
  /** The input that is taken away from it, for the difference of two; ground by default. */
  against?: number;
  /** The largest voltage to be measured: the finest of the chip's ranges that holds it is set; as it is by default. */
  range?: number;
  /** Measurements per second that the chip is told to make, the nearest that it can; as it is by default. */
  rateHz?: number;
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
  overlay(channel: number, against: number | undefined): string;
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
    ads1015: { fullScale: 2047, overlay: (...inputs) => adsOverlay("ads1015", ...inputs) },
    ads1115: { fullScale: 32767, overlay: (...inputs) => adsOverlay("ads1115", ...inputs), alias: "ads1015" },
  }),
);

/** The differences that an ADS chip can measure, in the order of its configurations 0 to 3. */
const adsDifferences = ["0-1", "0-3", "1-3", "2-3"];

/** Configuration 4 + n of an ADS chip measures input n against ground, gain 1 up to 4.096 V. */
function adsOverlay(chip: string, channel: number, against: number | undefined): string {
  const difference = adsDifferences.indexOf(`${channel}-${against}`);
  const configuration = difference === -1 ? 4 + channel : difference;
  return `dtparam=i2c_arm=on and dtoverlay=${chip},cha_enable,cha_cfg=${configuration},cha_gain=1`;
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
  const { device, channel, against, timeout = 2000, root = "/sys" } = settings;
  if (against !== undefined && (!Number.isInteger(against) || against < 0 || against === channel)) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `The input that input ${channel} is measured against must be another one, from 0, not ${against}.`,
    );
  }
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

/** The name of an input in the ABI: "voltage0", or "voltage0-voltage1" for a difference. */
function inputName({ channel, against }: IioSettings): string {
  return against === undefined ? `voltage${channel}` : `voltage${channel}-voltage${against}`;
}

/** Where an attribute may be: at the input itself, at all inputs of its kind, or at the whole device. */
function attributePaths(folder: string, settings: IioSettings, attribute: string): string[] {
  const kinds = settings.against === undefined ? ["voltage"] : ["voltage-voltage", "voltage"];
  const names = [inputName(settings), ...kinds].map((name) => `in_${name}_${attribute}`);
  return [...names, attribute].map((name) => join(folder, name));
}

/** The first of the values that is there. */
async function readShared(folder: string, settings: IioSettings, attribute: string): Promise<number | undefined> {
  for (const path of attributePaths(folder, settings, attribute)) {
    const value = await readOptional(path);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The numbers that an attribute can be set to; none where the driver lists none. */
async function listAvailable(folder: string, settings: IioSettings, attribute: string): Promise<number[]> {
  for (const path of attributePaths(folder, settings, `${attribute}_available`)) {
    const text = await readAttribute(path).catch(() => "");
    const numbers = text
      .split(/\s+/)
      .map(Number)
      .filter((number) => number > 0);
    if (numbers.length > 0) return numbers;
  }
  return [];
}

/** Sets an attribute where it is. */
async function writeShared(folder: string, settings: IioSettings, attribute: string, value: number): Promise<void> {
  for (const path of attributePaths(folder, settings, attribute)) {
    if ((await readOptional(path)) === undefined) continue;
    if ((await readOptional(path)) !== value) await writeAttribute(path, value);
    return;
  }
}

/** Sets the range and the rate that were asked for, as near as the chip can; what a chip can't be told stays as it is. */
async function setUp(folder: string, settings: IioSettings, fullScale: number): Promise<void> {
  const { range, rateHz } = settings;
  if (range !== undefined) {
    const scales = (await listAvailable(folder, settings, "scale")).sort((a, b) => a - b);
    const scale = scales.find((each) => (each * (fullScale + 1)) / 1000 >= range * (1 - 1e-6)) ?? scales.at(-1);
    if (scale !== undefined) await writeShared(folder, settings, "scale", scale);
  }
  if (rateHz !== undefined) {
    const rates = await listAvailable(folder, settings, "sampling_frequency");
    const distance = (rate: number): number => Math.abs(Math.log(rate / rateHz));
    const [nearest] = rates.sort((a, b) => distance(a) - distance(b));
    if (nearest !== undefined) await writeShared(folder, settings, "sampling_frequency", nearest);
  }
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
  const { device, channel, against } = settings;
  const asked = chips.get(device);
  const id = /^\d+$/.test(device) ? `iio:device${device}` : device;
  const devices = await listDevices(folder);
  const match =
    devices.find((each) => each.id === id || each.name === device) ??
    devices.find((each) => asked?.alias !== undefined && each.name === asked.alias);
  if (match === undefined) {
    const others = devices.map((each) => each.name || each.id).join(", ");
    const advice = asked
      ? `On a Raspberry Pi, add ${asked.overlay(channel, against)} to /boot/firmware/config.txt and restart it.`
      : `Check its name and driver; for a chip on a Raspberry Pi, a dtoverlay line in /boot/firmware/config.txt makes it appear.`;
    throw new TinymlError(
      "TINYML_HARDWARE_MISSING",
      `There is no converter ${device}${others ? ` (there is ${others})` : ""}. ${advice}`,
    );
  }
  const path = join(folder, match.id);
  const rawPath = join(path, `in_${inputName(settings)}_raw`);
  await assertInput(path, settings, match.name || device);
  const fullScale = settings.fullScale ?? (await findFullScale(path, settings, asked ?? chips.get(match.name)));
  await setUp(path, settings, fullScale);
  // The unit of the ABI is the millivolt.
  const scale = await readShared(path, settings, "scale");
  return {
    rawPath,
    fullScale,
    scale: scale === undefined ? undefined : scale / 1000,
    offset: (await readShared(path, settings, "offset")) ?? 0,
  };
}

/** The inputs of a converter, as "0" or, for differences, "0-1". */
async function listInputs(path: string): Promise<string[]> {
  const inputs = (await readdir(path)).flatMap((file) => {
    const [, channel, against] = /^in_voltage(\d+)(?:-voltage(\d+))?_raw$/.exec(file) ?? [];
    return channel === undefined ? [] : [against === undefined ? channel : `${channel}-${against}`];
  });
  return inputs.sort(
    (a, b) => Number(a.includes("-")) - Number(b.includes("-")) || a.localeCompare(b, "en", { numeric: true }),
  );
}

async function assertInput(path: string, { channel, against }: IioSettings, name: string): Promise<void> {
  const inputs = await listInputs(path);
  const wanted = against === undefined ? `${channel}` : `${channel}-${against}`;
  if (inputs.includes(wanted)) return;
  const list = inputs.join(", ");
  throw new TinymlError(
    "TINYML_HARDWARE_MISSING",
    `The converter ${name} has no input ${wanted}${list ? `, only ${list}` : ""}. Choose another channel.`,
  );
}

/** A converter that Linux drives, and its inputs: "0", or "0-1" for a difference. */
export interface Converter {
  id: string;
  name: string;
  inputs: string[];
}

/** The converters that there are; none where Linux drives none. */
export async function listConverters(root = "/sys"): Promise<Converter[]> {
  const folder = join(root, "bus", "iio", "devices");
  const devices = await listDevices(folder);
  const converters = devices.map(async ({ id, name }) => ({
    id,
    name,
    inputs: await listInputs(join(folder, id)).catch(() => []),
  }));
  return (await Promise.all(converters)).filter(({ inputs }) => inputs.length > 0);
}

/** The code at full scale: by the bits that the driver tells (for its buffers), else by our table. */
async function findFullScale(path: string, settings: IioSettings, chip: Chip | undefined): Promise<number> {
  for (const folder of ["scan_elements", "buffer0"]) {
    // "le:s12/16>>4": endianness, sign, used bits, stored bits, shift.
    const type = await readAttribute(join(path, folder, `in_${inputName(settings)}_type`)).catch(() => "");
    const [, sign, bits] = /^[bl]e:([su])(\d+)\//.exec(type) ?? [];
    if (sign !== undefined) return 2 ** (Number(bits) - (sign === "s" ? 1 : 0)) - 1;
  }
  if (chip !== undefined) return chip.fullScale;
  throw new TinymlError(
    "TINYML_CONFIG_INVALID",
    `The driver of ${settings.device} does not say how many bits it has. Enter its largest code in the settings (1023 for 10 bits).`,
  );
}
