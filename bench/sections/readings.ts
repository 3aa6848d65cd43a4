import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PCA } from "ml-pca";
import { ReadlineParser, SerialPort } from "serialport";
import * as simple from "simple-statistics";
import { library } from "../library";
import { callMicroseconds } from "../measure";
import { type Check, digits, type Section, type Table } from "../report";

/** Lines as a forwarder sketch prints them. */
const serial = { channels: 6, rateHz: 1000, seconds: 20 };
const recorded = { channels: 20, readings: 20_000 };
const windowShape = [150, 3] as const;
const mapped = { rows: 10_000, width: 784 };

/** Readings on their way from a board into a dataset and a model: serial lines, recordings, features, the map of samples. */
export async function measureReadings(): Promise<Section> {
  const parts = [await measureSerial(), await measureRecording(), await measureFeatures(), measureMap()];
  return {
    title: "Readings",
    tables: parts.map(({ table }) => table),
    notes: [
      "The serial port is a pseudo-terminal of socat; serialport is the package that ours reads the port with, too, with its own parser of lines and a split at the commas.",
      "A reading counts as stored when it is on disk (fdatasync); ours collects readings for up to 200 ms, as its node does.",
      "simple-statistics computes in float64, ours in float32 as boards do.",
    ],
    checks: parts.flatMap(({ checks }) => checks),
  };
}

interface Measured {
  table: Table;
  checks: readonly Check[];
}

async function measureSerial(): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "tinyml-bench-"));
  const { channels, rateHz, seconds } = serial;
  const expected = rateHz * seconds;
  try {
    const found: { lines: number; share: number; rateHz: number | undefined }[] = [];
    for (const read of [readOurs, readPlain]) {
      const path = join(folder, `port${found.length}`);
      const board = spawn(process.execPath, ["-e", boardProgram], { stdio: ["pipe", "pipe", "inherit"] });
      const socat = spawn("socat", ["-u", "-", `pty,raw,echo=0,link=${path}`], {
        stdio: [board.stdout, "ignore", "inherit"],
      });
      await sleep(500);
      let lines = 0;
      const reader = await read(path, () => lines++);
      // Opening throws away what was there before.
      await sleep(500);
      board.stdin.write("first\n");
      await sleep(500);
      lines = 0;
      const before = process.cpuUsage();
      const start = performance.now();
      board.stdin.write("go\n");
      while (lines < expected && performance.now() - start < 1000 * (seconds + 5)) await sleep(100);
      const { user, system } = process.cpuUsage(before);
      found.push({
        lines,
        share: (user + system) / 1000 / (performance.now() - start),
        rateHz: reader.rateHz(),
      });
      await reader.close();
      board.kill();
      socat.kill();
      await once(socat, "exit");
    }
    const [ours, plain] = found;
    const off = Math.abs((ours.rateHz ?? 0) / rateHz - 1);
    return {
      table: {
        caption: `${channels} channels, ${digits(rateHz)} lines per second for ${seconds} s from a serial port.`,
        columns: ["", "lines that came", "share of a core", "rate as measured, Hz"],
        rows: [
          ["ours, openSerialSensor", digits(ours.lines), `${digits(100 * ours.share)} %`, `${ours.rateHz?.toFixed(1)}`],
          ["serialport 13 with its line parser", digits(plain.lines), `${digits(100 * plain.share)} %`, "–"],
        ],
      },
      checks: [
        { what: "no serial line is lost", passed: ours.lines === expected, measured: `${expected - ours.lines} lost` },
        { what: "the measured rate is within 1 %", passed: off < 0.01, measured: `${digits(100 * off)} % off` },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Prints a line when it is told to, as whoever opens a port may not count the first one, and then as many as are due. */
const boardProgram = `
  const print = () => process.stdout.write("0,0,0,0,0,0\\r\\n");
  process.stdin.once("data", print).on("data", (told) => {
    if (String(told) !== "go\\n") return;
    const start = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.min(${serial.rateHz * serial.seconds}, Math.floor((performance.now() - start) * ${serial.rateHz / 1000}));
      let text = "";
      for (; sent < due; sent++) text += Array.from({ length: ${serial.channels} }, (_, i) => (sent % 1000) * (i + 1)).join(",") + "\\r\\n";
      process.stdout.write(text);
      if (sent === ${serial.rateHz * serial.seconds}) clearInterval(timer);
    }, 2);
  });`;

interface Reader {
  rateHz(): number | undefined;
  close(): Promise<void>;
}

async function readOurs(path: string, onLine: () => void): Promise<Reader> {
  const sensor = library.openSerialSensor(
    { path, baudRate: 460_800 },
    {
      onReading: onLine,
      onChange: () => undefined,
      onProblem: (problem) => console.error(problem.message),
    },
  );
  return { rateHz: () => sensor.rateHz, close: () => sensor.close() };
}

async function readPlain(path: string, onLine: () => void): Promise<Reader> {
  const port = new SerialPort({ path, baudRate: 460_800 });
  await once(port, "open");
  port.pipe(new ReadlineParser({ delimiter: "\r\n" })).on("data", (line: string) => {
    if (line.split(",").map(Number).every(Number.isFinite)) onLine();
  });
  return {
    rateHz: () => undefined,
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}

async function measureRecording(): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "tinyml-bench-"));
  try {
    const { channels, readings } = recorded;
    const names = Array.from({ length: channels }, (_, i) => ({ name: `channel ${i + 1}`, unit: "" }));
    const reading = (n: number): number[] => names.map((_, i) => Math.sin(n / 50 + i));
    const dataset = await library.openDataset(join(folder, "ours"), {
      version: 1,
      kind: "timeseries",
      task: "classification",
      channels: names,
    });
    const recording = await dataset.record({ label: "a" });
    const start = performance.now();
    const batch = 5000;
    for (let n = 0; n < readings; n += batch) {
      await Promise.all(Array.from({ length: batch }, (_, i) => recording.append(reading(n + i))));
    }
    const ours = (1000 * readings) / (performance.now() - start);
    await recording.finish();
    const stored = (await dataset.samples())[0]?.readings ?? 0;
    await dataset.close();
    const each = await appendOneByOne(join(folder, "each.csv"), reading, true);
    const unsynced = await appendOneByOne(join(folder, "unsynced.csv"), reading, false);
    return {
      table: {
        caption: `Readings of ${channels} channels stored per second, as of this machine and its disk.`,
        columns: ["", "readings per second"],
        rows: [
          ["ours, a recording", digits(ours)],
          ["a line appended and synced for each reading", digits(each)],
          ["a line appended for each reading, not synced (as the core file node does)", digits(unsynced)],
        ],
      },
      checks: [
        {
          what: "a recording keeps up with 1 kHz and loses nothing",
          passed: ours > 1000 && stored === readings,
          measured: `${digits(ours)} per second, ${readings - stored} lost`,
        },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function appendOneByOne(path: string, reading: (n: number) => number[], synced: boolean): Promise<number> {
  const file = await open(path, "a");
  const start = performance.now();
  let n = 0;
  while (performance.now() - start < 2000) {
    await file.appendFile(`${reading(n).join(",")}\n`);
    if (synced) await file.datasync();
    n += 1;
  }
  await file.close();
  return (1000 * n) / (performance.now() - start);
}

async function measureFeatures(): Promise<Measured> {
  const [readings, channels] = windowShape;
  const of = ["mean", "deviation", "minimum", "maximum", "rootMeanSquare", "skewness", "kurtosis"] as const;
  const extractor = library.createFeatureExtractor([{ block: "statistics", of }], windowShape);
  const values = Float32Array.from({ length: readings * channels }, (_, i) => Math.sin(i) + (i % channels));
  const columns = Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: readings }, (_, i) => values[i * channels + channel]),
  );
  const [ours, theirs] = await callMicroseconds([
    {
      run(calls) {
        for (let i = 0; i < calls; i++) extractor.extract(values);
      },
    },
    {
      run(calls) {
        for (let i = 0; i < calls; i++) {
          for (const column of columns) {
            simple.mean(column);
            simple.standardDeviation(column);
            simple.min(column);
            simple.max(column);
            simple.rootMeanSquare(column);
            simple.sampleSkewness(column);
            simple.sampleKurtosis(column);
          }
        }
      },
    },
  ]);
  extractor.dispose();
  return {
    table: {
      caption: `Seven statistics of each channel of a window of ${readings} readings of ${channels}. Shares first, microseconds as of this machine.`,
      columns: ["", "share", "µs"],
      rows: [
        ["ours, createFeatureExtractor", `${digits((100 * ours) / theirs)} %`, digits(ours)],
        ["simple-statistics 7.12", "100 %", digits(theirs)],
      ],
    },
    checks: [
      {
        what: "statistics take less time than simple-statistics",
        passed: ours < theirs,
        measured: `${digits(ours / theirs)} of its time`,
      },
    ],
  };
}

function measureMap(): Measured {
  const { rows, width } = mapped;
  const random = library.createRandom(1);
  // Ten classes, each a picture of its own and noise.
  const classes = Array.from({ length: 10 * width }, () => random.uniform());
  const inputs = Float32Array.from(
    { length: rows * width },
    (_, i) => classes[(Math.floor(i / width) % 10) * width + (i % width)] + 0.2 * random.uniform(),
  );
  const timed = (work: () => void): number => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  };
  const channels = [{ name: "pixel", unit: "" }];
  const ours = timed(() => library.findPrincipalComponents({ inputs, shape: [28, 28, 1], channels, rows }));
  const lists = Array.from({ length: rows }, (_, row) => Array.from(inputs.subarray(row * width, (row + 1) * width)));
  const theirs = timed(() => new PCA(lists, { method: "NIPALS", nCompNIPALS: 2, scale: false }));
  return {
    table: {
      caption: `The map of ${digits(rows)} samples of ${width} numbers: two principal components. Shares first, seconds as of this machine.`,
      columns: ["", "share", "seconds"],
      rows: [
        ["ours, findPrincipalComponents", `${digits((100 * ours) / theirs)} %`, digits(ours)],
        ["ml-pca 4.1, NIPALS", "100 %", digits(theirs)],
      ],
    },
    checks: [
      {
        what: "the map of 10,000 samples takes less time than ml-pca",
        passed: ours < theirs,
        measured: `${digits(ours / theirs)} of its time`,
      },
    ],
  };
}
