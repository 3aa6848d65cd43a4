import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../build/package-files";
import type { TinymlError } from "../../src/errors";
import { listSerialPorts } from "../../src/hardware/serial-ports";
import { openSerialSensor, type SerialSensor } from "../../src/hardware/serial-sensor";
import { temporaryFolder } from "../support/folders";
import { type PseudoTerminal, plugIn } from "../support/pseudo-terminal";
import { requireTool } from "../support/tools";
import { readAtWrongBaudRate } from "./support/wrong-baud-rate";

interface Watched {
  sensor: SerialSensor;
  readings: { values: number[]; time: number }[];
  problems: TinymlError[];
}

const sensors: SerialSensor[] = [];

function watch(path: string, baudRate = 460_800): Watched {
  const readings: Watched["readings"] = [];
  const problems: TinymlError[] = [];
  const sensor = openSerialSensor(
    { path, baudRate },
    {
      onReading: (values, time) => readings.push({ values, time }),
      onChange: () => undefined,
      onProblem: (error) => problems.push(error),
    },
  );
  sensors.push(sensor);
  return { sensor, readings, problems };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A line of six numbers, as a motion sensor's. */
const line = (number: number): string => `${number},${number % 100},-12.25,${(number % 7) / 8},3.5,-99.99\n`;

describe("serial sensor", function () {
  this.timeout(30_000);
  let path: string;
  let board: PseudoTerminal;

  before(function () {
    requireTool(this, "socat");
  });

  beforeEach(async () => {
    path = join(await temporaryFolder(), "ttyBoard");
    board = await plugIn(path);
  });

  afterEach(async () => {
    for (const sensor of sensors.splice(0)) await sensor.close();
    await board.unplug();
  });

  it("loses none of 60,000 lines of six channels, as fast as the port takes them", async () => {
    const { sensor, readings, problems } = watch(path);
    await until("it is open", () => sensor.state === "connected");
    await board.print("half of a line\naX,aY,aZ,gX,gY,gZ\n");
    for (let number = 0; number < 60_000; number += 100) {
      await board.print(Array.from({ length: 100 }, (_, i) => line(number + i)).join(""));
    }
    await until("all have come", () => readings.length === 60_000);
    assert.ok(readings.every(({ values }, number) => values.length === 6 && values[0] === number));
    assert.deepEqual(sensor.channels, ["aX", "aY", "aZ", "gX", "gY", "gZ"]);
    assert.deepEqual([sensor.counts.garbage, sensor.counts.misfits, problems], [0, 0, []]);
  });

  it("measures the rate of 1,000 lines a second within 1 %, and gives evenly spaced times", async () => {
    const { sensor, readings } = watch(path);
    await until("it is open", () => sensor.state === "connected");
    const start = performance.now();
    let number = 0;
    const error = (): number => Math.abs((sensor.rateHz ?? 0) / 1000 - 1);
    const elapsed = (): number => performance.now() - start;
    // A machine that is busy prints late; over ten seconds that evens out.
    while (elapsed() < 2500 || (error() >= 0.01 && elapsed() < 12_000)) {
      const due = Math.floor(performance.now() - start);
      let text = "";
      for (; number < due; number++) text += line(number);
      if (text !== "") await board.print(text);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await until("all have come", () => readings.length >= number - 1);
    assert.ok(error() < 0.01, `${sensor.rateHz} Hz`);
    const steady = readings.slice(1500);
    const steps = steady.slice(1).map(({ time }, i) => time - steady[i].time);
    assert.ok(
      steps.every((step) => step >= 0),
      "time runs backwards",
    );
    assert.ok(steps.filter((step) => step > 0.5 && step < 2).length > 0.95 * steps.length, "the times are uneven");
    assert.ok(Math.abs(steady[steady.length - 1].time - Date.now()) < 1000);
  });

  it("says once that the board was unplugged, and reads on when it is back", async () => {
    const { sensor, readings, problems } = watch(path);
    await until("it is open", () => sensor.state === "connected");
    await board.print(`half\n${line(1)}${line(2)}3,4`);
    await until("it reads", () => readings.length === 2);
    await board.unplug();
    await until("it knows", () => sensor.state === "waiting");
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["TINYML_HARDWARE_FAILED"],
    );
    assert.match(problems[0].message, /unplugged or reset.*by itself/);
    board = await plugIn(path);
    await until("it is open again", () => sensor.state === "connected");
    assert.equal(sensor.problem, undefined);
    // What had begun before is no part of what comes now, and the first line may lack its start.
    await board.print(`5,6\n${line(7)}`);
    await until("it reads on", () => readings.length === 3);
    assert.equal(readings[2].values[0], 7);
    assert.equal(problems.length, 1);
  });

  it("waits for a board that is not there yet, and says so once", async () => {
    await board.unplug();
    const { sensor, readings, problems } = watch(path);
    await until("it waits", () => sensor.state === "waiting");
    await new Promise((resolve) => setTimeout(resolve, 900));
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["TINYML_HARDWARE_MISSING"],
    );
    board = await plugIn(path);
    await until("it is open", () => sensor.state === "connected");
    await board.print(`\n${line(1)}`);
    await until("it reads", () => readings.length === 1);
  });

  it("releases the port, so that another program can open it, and takes it again", async () => {
    const first = watch(path);
    await until("it is open", () => first.sensor.state === "connected");
    const second = watch(path);
    await until("it is refused", () => second.sensor.state === "waiting");
    assert.equal(second.problems[0]?.code, "TINYML_HARDWARE_FAILED");
    assert.match(second.problems[0]?.message ?? "", /in use by another program/);
    await first.sensor.release();
    assert.equal(first.sensor.state, "released");
    await until("the other has it", () => second.sensor.state === "connected");
    await board.print(`\n${line(1)}`);
    await until("the other reads", () => second.readings.length === 1);
    assert.equal(first.readings.length, 0);
    await second.sensor.release();
    first.sensor.connect();
    await until("it is open again", () => first.sensor.state === "connected");
    await board.print(`\n${line(2)}`);
    await until("it reads again", () => first.readings.length === 1);
    assert.deepEqual([first.problems, second.problems.length], [[], 1]);
  });

  it("hints at the baud rate when no numbers arrive, once, and takes it back when they do", async () => {
    const { sensor, readings, problems } = watch(path, 9600);
    await until("it is open", () => sensor.state === "connected");
    const garbage = readAtWrongBaudRate(Array.from({ length: 200 }, (_, i) => line(i)).join(""), 115_200, 9600);
    while (problems.length === 0) {
      await board.print(garbage);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.match(problems[0].message, /Set the baud rate .* it is 9600 here/);
    assert.equal(readings.length, 0);
    while (sensor.problem !== undefined) {
      await board.print(`\n${line(1)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(problems.length, 1);
  });

  it("says what a board sends that prints words", async () => {
    const { problems } = watch(path);
    while (problems.length === 0) {
      await board.print("Hello, I am a sensor!\n");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.match(problems[0].message, /sends text instead of numbers: "Hello, I am a sensor!"/);
  });

  it("says that a board sends no line breaks, and takes it back when it does", async () => {
    const { sensor, readings, problems } = watch(path);
    await until("it is open", () => sensor.state === "connected");
    const printing = setInterval(() => void board.print("1.5,2,3 "), 200);
    await until("it is told", () => problems.length > 0).finally(() => clearInterval(printing));
    assert.equal(problems[0].code, "TINYML_HARDWARE_FAILED");
    assert.match(problems[0].message, /sends no line breaks\. .*Serial\.println/);
    await board.print("\n");
    for (let i = 0; i < 10; i++) await board.print(line(i));
    await until("they are read", () => readings.length >= 10);
    await until("the problem is taken back", () => sensor.problem === undefined);
    assert.equal(problems.length, 1);
  });

  it("can be closed at any time", async () => {
    const { sensor, problems } = watch(path);
    await sensor.close();
    const other = watch(path);
    await other.sensor.release();
    other.sensor.connect();
    await other.sensor.close();
    const third = watch(path);
    await until("it is open", () => third.sensor.state === "connected");
    assert.deepEqual([problems, other.problems, third.problems], [[], [], []]);
  });
});

describe("serial library", () => {
  it("lists ports, each with its path, without an error where there are none", async () => {
    for (const { path } of await listSerialPorts()) assert.ok(path.length > 3);
  });

  it("where it can't be loaded, the error says what to type", async () => {
    const folder = await temporaryFolder();
    // The package as it is installed, but without the packages that it needs.
    await cp(packagePath("dist"), join(folder, "dist"), { recursive: true });
    const script = `
      const { listSerialPorts } = require(${JSON.stringify(join(folder, "dist", "lib.js"))});
      listSerialPorts().catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: folder });
    const { code, message } = JSON.parse(stdout);
    assert.equal(code, "TINYML_HARDWARE_MISSING");
    assert.match(message, /npm install serialport/);
  });
});
