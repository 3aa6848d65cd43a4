import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { TinymlError, toTinymlError } from "../errors";
import { createRateMeter, type RateMeter } from "./rate-meter";
import { createReadingLines, type LineCounts, type ReadingLines } from "./reading-lines";
import { loadSerialLibrary } from "./serial-ports";

/** A board on a serial port that prints its readings. */
export interface SerialSettings {
  /** "/dev/ttyACM0", "COM3". */
  path: string;
  baudRate: number;
}

/** How it stands with the port. */
export type SerialState =
  /** It is being opened. */
  | "connecting"
  /** It is open; readings come, or will. */
  | "connected"
  /** It is not there, or can't be opened, or broke off; it is tried again. */
  | "waiting"
  /** It was let go, so that another program can have it. */
  | "released";

/** What a sensor on a serial port tells, never before `openSerialSensor` has returned. */
export interface SerialListener {
  /** A reading, and when it was measured, in milliseconds since 1970. */
  onReading(values: number[], time: number): void;
  /** Called when the state or a figure has changed, and every second while readings come. */
  onChange(): void;
  /** Called once for each new problem; it is tried again by itself. TINYML_HARDWARE_MISSING or TINYML_HARDWARE_FAILED. */
  onProblem(error: TinymlError): void;
}

/** A sensor on a serial port. */
export interface SerialSensor {
  readonly state: SerialState;
  /** What is wrong at present. */
  readonly problem: TinymlError | undefined;
  /** Readings per second, as measured. */
  readonly rateHz: number | undefined;
  readonly channels: readonly string[] | undefined;
  readonly counts: Readonly<LineCounts>;
  /** Lets the port go, until `connect` is called; resolves when another program can open it. */
  release(): Promise<void>;
  /** Opens the port again after `release`; it does nothing where it is open or waited for. */
  connect(): void;
  /** Ends the use. */
  close(): Promise<void>;
}

/** Milliseconds from one try to open to the next, doubled with each up to the longest. */
const firstPause = 250;
const longestPause = 4000;
/** Milliseconds from look to look at the device and at what came. */
const lookInterval = 1000;
/** After so many looks in a row at which bytes but no readings came, it is told. */
const looksWithoutReadings = 3;
/** Bytes that are read at once, at most. */
const readBytes = 65_536;
/** Milliseconds from one reading of the port to the next: lines that come a thousand times a second needn't be fetched one by one. */
const readPause = 4;
/** Milliseconds by which the computer's clock may differ from the readings' times before these follow it. */
const clockShift = 1000;
/** How long the system may take to close a port, in milliseconds. */
const closeTimeout = 2000;

/**
 * Reads a board on a serial port. The port is opened at once and again whenever it is there after it was gone (unplugged, the board reset),
 * with growing pauses. A flow loads where there is neither port nor library. Throws TINYML_CONFIG_INVALID for settings that make no sense.
 */
export function openSerialSensor(settings: SerialSettings, listener: SerialListener): SerialSensor {
  const { path, baudRate } = settings;
  if (path === "" || !Number.isInteger(baudRate) || baudRate < 1) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `A serial port needs its name and a baud rate (they are ${JSON.stringify(path)} and ${baudRate}).`,
    );
  }
  const lines: ReadingLines = createReadingLines();
  let meter: RateMeter = createRateMeter();
  let state: SerialState = "connecting";
  let problem: TinymlError | undefined;
  let port: OpenPort | undefined;
  /** The device that was opened: another one may get its name. */
  let device: string | undefined;
  let pause = firstPause;
  let timer: NodeJS.Timeout | undefined;
  /** Counts up with each order, so that an opening which was overtaken by a release knows it. */
  let order = 0;
  /** Set while a port is being opened or closed: the next opening waits for it. */
  let busy: Promise<unknown> = Promise.resolve();
  let bytes = 0;
  /** What had come at the last look. */
  let seen = { bytes: 0, ended: 0, ...lines.counts };
  /** The looks in a row at which bytes but no readings came, and the lines that came meanwhile. */
  let bad = { looks: 0, unreadable: 0, texts: 0, ended: 0 };
  /** Whether the port was open since it was asked for: that it is gone then is no news beside that it broke off. */
  let wasOpen = false;
  /** Milliseconds between the process's clock and 1970, kept so that times stay evenly spaced. */
  let wallClock = Date.now() - performance.now();
  let lastTime = Number.NEGATIVE_INFINITY;

  const become = (next: SerialState, error?: TinymlError) => {
    state = next;
    const isNew = error !== undefined && (problem?.code !== error.code || problem.message !== error.message);
    problem = error;
    if (isNew) listener.onProblem(error);
    listener.onChange();
  };

  const take = (chunk: Uint8Array) => {
    bytes += chunk.length;
    const readings = lines.push(chunk);
    if (readings.length === 0) return;
    const now = performance.now();
    if (Math.abs(Date.now() - now - wallClock) > clockShift) {
      wallClock = Date.now() - now;
      lastTime = Number.NEGATIVE_INFINITY;
    }
    const { first, step } = meter.arrived(readings.length, now);
    readings.forEach((values, i) => {
      // Rounding must not let time run backwards.
      lastTime = Math.max(lastTime, wallClock + first + i * step);
      listener.onReading(values, lastTime);
    });
  };

  /** Reads until the port is closed or fails. */
  const readAll = async (ours: number, open: OpenPort) => {
    const buffer = Buffer.allocUnsafe(readBytes);
    try {
      while (ours === order) {
        const { bytesRead } = await open.read(buffer, 0, readBytes);
        if (ours !== order) return;
        take(buffer.subarray(0, bytesRead));
        await sleep(readPause);
      }
    } catch (error) {
      lost(ours, error);
    }
  };

  const drop = async () => {
    clearTimeout(timer);
    timer = undefined;
    const open = port;
    port = undefined;
    // A port that is gone may fail to close, or never end.
    const closing = open?.close().catch(() => undefined);
    await Promise.race([closing, sleep(closeTimeout, undefined, { ref: false })]);
  };

  const retry = (error: TinymlError) => {
    become("waiting", wasOpen && error.code === "TINYML_HARDWARE_MISSING" ? (problem ?? error) : error);
    timer = setTimeout(open, pause);
    pause = Math.min(longestPause, 2 * pause);
  };

  const lost = (ours: number, cause: unknown) => {
    if (ours !== order) return;
    order += 1;
    busy = drop();
    retry(lostError(path, cause));
  };

  /** Looks whether the device is still the one that was opened, and what came of it. */
  const look = async (ours: number) => {
    const present = await deviceOf(path);
    if (ours !== order) return;
    if (present !== device) {
      lost(ours, undefined);
      return;
    }
    judge();
    timer = setTimeout(() => void look(ours), lookInterval);
  };

  const judge = () => {
    const { counts } = lines;
    const came = bytes > seen.bytes;
    const unreadable = counts.garbage + counts.misfits - seen.garbage - seen.misfits;
    const readings = counts.readings - seen.readings;
    if (came && readings <= unreadable) {
      bad.looks += 1;
      bad.unreadable += unreadable;
      bad.texts += counts.texts - seen.texts;
      bad.ended += lines.ended - seen.ended;
    } else if (came) {
      bad = { looks: 0, unreadable: 0, texts: 0, ended: 0 };
      pause = firstPause;
    }
    seen = { bytes, ended: lines.ended, ...counts };
    if (bad.looks === 0) become("connected");
    else if (bad.looks < looksWithoutReadings) listener.onChange();
    else become("connected", badLinesError());
  };

  const badLinesError = (): TinymlError => {
    if (bad.ended === 0 && lines.hasUnendedText) return unendedError(path);
    return bad.texts > bad.unreadable ? textError(path, lines.lastText ?? "") : garbageError(path, baudRate);
  };

  const open = () => {
    const ours = ++order;
    clearTimeout(timer);
    timer = undefined;
    busy = busy.then(async () => {
      if (ours !== order) return;
      try {
        const opened = await openPort(settings);
        if (ours !== order) {
          port = opened.port;
          await drop();
          return;
        }
        ({ port, device } = opened);
        lines.restart();
        meter = createRateMeter();
        wasOpen = true;
        bad = { looks: 0, unreadable: 0, texts: 0, ended: 0 };
        seen = { bytes, ended: lines.ended, ...lines.counts };
        become("connected");
        timer = setTimeout(() => void look(ours), lookInterval);
        void readAll(ours, opened.port);
      } catch (error) {
        if (ours === order) retry(toTinymlError(error));
      }
    });
  };

  open();
  return {
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    get rateHz() {
      return state === "connected" ? meter.rateHz : undefined;
    },
    get channels() {
      return lines.channels;
    },
    counts: lines.counts,
    async release() {
      order += 1;
      clearTimeout(timer);
      wasOpen = false;
      busy = busy.then(drop);
      become("released");
      await busy;
    },
    connect() {
      if (state !== "released") return;
      pause = firstPause;
      become("connecting");
      open();
    },
    async close() {
      order += 1;
      clearTimeout(timer);
      busy = busy.then(drop);
      await busy;
    },
  };
}

/** A port as the library's binding gives it. */
interface OpenPort {
  /** Resolves with at least a byte; rejects when the port is closed or gone. */
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

async function openPort({ path, baudRate }: SerialSettings): Promise<{ port: OpenPort; device: string | undefined }> {
  const { SerialPort } = await loadSerialLibrary();
  const device = await deviceOf(path);
  if (device === "missing") throw missingError(path);
  try {
    return { port: await SerialPort.binding.open({ path, baudRate }), device };
  } catch (error) {
    throw openError(path, error);
  }
}

/** What tells a device from another one of the same name; undefined where names are no files (Windows). */
async function deviceOf(path: string): Promise<string | undefined> {
  if (!path.startsWith("/")) return undefined;
  try {
    const { dev, ino, rdev } = await stat(path);
    return `${dev} ${ino} ${rdev}`;
  } catch {
    return "missing";
  }
}

function missingError(path: string): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_MISSING",
    `There is no serial port ${path}. Plug the board in, or choose its port in the node; reading begins by itself.`,
  );
}

function openError(path: string, error: unknown): TinymlError {
  const message = error instanceof Error ? error.message : String(error);
  const say = (sentence: string) => new TinymlError("TINYML_HARDWARE_FAILED", sentence, { cause: error });
  if (/lock|busy|access denied/i.test(message)) {
    return say(
      `The port ${path} is in use by another program, such as the Arduino IDE's serial monitor or another node. Close it there; reading begins by itself.`,
    );
  }
  if (/permission|EACCES|EPERM/i.test(message)) {
    return say(
      `The user who runs Node-RED may not open ${path}. On Linux type "sudo usermod -aG dialout $USER", then restart the computer.`,
    );
  }
  if (/no such|ENOENT|file not found/i.test(message)) return missingError(path);
  return say(
    `The port ${path} can't be opened (${message.replace(/^Error:?\s*/, "")}). Check that it is the board's port and its baud rate.`,
  );
}

function lostError(path: string, cause: unknown): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The board on ${path} was unplugged or reset. Reading goes on by itself when it is back.`,
    { cause },
  );
}

function garbageError(path: string, baudRate: number): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `What arrives on ${path} can't be read as numbers. Set the baud rate that the board's sketch has in Serial.begin(…); it is ${baudRate} here.`,
  );
}

function unendedError(path: string): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The board on ${path} sends no line breaks. End each reading with Serial.println in its sketch, not with Serial.print.`,
  );
}

function textError(path: string, text: string): TinymlError {
  return new TinymlError(
    "TINYML_HARDWARE_FAILED",
    `The board on ${path} sends text instead of numbers: ${JSON.stringify(text)}. Its sketch has to print one line of numbers for each reading, such as 1.5,2,3.`,
  );
}
