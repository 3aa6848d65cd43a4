import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../support/folders";
import { plugIn } from "../support/pseudo-terminal";
import { requireTool } from "../support/tools";
import { type Received, startFlow, type TestFlow, tab } from "./support/flow";

interface Reading extends Received {
  payload: number[];
  topic: string;
  time: number;
  channels?: string[];
  label?: string;
}

const sensor = { id: "sensor", z: "tab", type: "tinyml-sensor", wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

const readings = (flow: TestFlow): Reading[] => flow.received("out") as Reading[];
const lastText = (flow: TestFlow): string | undefined => flow.statuses("sensor").at(-1)?.text;

describe("node sensor: simulated", () => {
  it("makes gestures from the start, in turn, each reading with its label and time", async () => {
    const flow = await startFlow([...base, { ...sensor, rate: 1000, pause: 0.1 }]);
    await flow.until("it has made two gestures", () => new Set(readings(flow).map(({ label }) => label)).size >= 3);
    const [first, second] = readings(flow);
    assert.deepEqual([first.topic, first.label, first.payload.length], ["simulated/gestures", "circ", 6]);
    assert.deepEqual(first.channels, ["aX", "aY", "aZ", "gX", "gY", "gZ"]);
    assert.ok(Math.abs(second.time - first.time - 1) < 1e-3);
    assert.deepEqual([...new Set(readings(flow).map(({ label }) => label))].slice(0, 3), ["circ", "rest", "flex"]);
    assert.equal(flow.statuses("sensor").at(-1)?.fill, "green");
  });

  it("makes the gesture that a message asks for, at once; release and connect stop it and go on", async () => {
    const flow = await startFlow([...base, { ...sensor, rate: 200 }]);
    flow.send("sensor", { gesture: "Punch" });
    await flow.until("it punches", () => readings(flow).at(-1)?.label === "punch");
    flow.send("sensor", { sensor: "release" });
    await flow.until("it stops", () => lastText(flow) === "status.stopped");
    const count = readings(flow).length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(readings(flow).length, count);
    flow.send("sensor", { sensor: "connect" });
    await flow.until("it goes on", () => readings(flow).length > count);
    flow.send("sensor", { gesture: "wave" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
    flow.send("sensor", {});
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
  });

  for (const [signal, channels] of [
    ["sine", ["sine1", "sine2"]],
    ["noise", ["noise1", "noise2"]],
  ] as const) {
    it(`${signal}: as many channels as were asked for, between -1 and 1`, async () => {
      const flow = await startFlow([...base, { ...sensor, signal, channelCount: 2, frequency: 5, rate: 500 }]);
      await flow.until("it sends", () => readings(flow).length >= 100);
      const [first] = readings(flow);
      assert.deepEqual([first.topic, first.channels], [`simulated/${signal}`, channels]);
      const values = readings(flow).flatMap(({ payload }) => payload);
      assert.ok(
        values.every((value) => Math.abs(value) <= 1) && Math.max(...values) > 0.9 && Math.min(...values) < -0.9,
      );
    });
  }

  it("keeps the exact rate over a flow that stands still now and then, and shows what it had to drop", async () => {
    const flow = await startFlow([...base, { ...sensor, signal: "sine", rate: 1000 }]);
    await flow.until("it sends", () => readings(flow).length > 0);
    for (const stillness of [200, 1500]) {
      const end = Date.now() + stillness;
      while (Date.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const times = readings(flow).map(({ time }) => time);
    const gaps = times.slice(1).filter((time, i) => time - times[i] > 1.5);
    assert.equal(gaps.length, 1);
    await flow.until("the status says it", () => lastText(flow) === "status.dropped");
  });
});

describe("node sensor: messages", () => {
  const messages = { ...sensor, driver: "messages" };

  const cases: [what: string, payload: unknown, expected: number[][], channels?: string[]][] = [
    ["a number", 1.5, [[1.5]]],
    ["a list", [1, 2, 3], [[1, 2, 3]]],
    [
      "lists",
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["a Float32Array", Float32Array.of(1, 2), [[1, 2]]],
    ["a line", "1.5;2,5\n", [[1.5, 2.5]]],
    [
      "lines with names in a buffer",
      Buffer.from("x,y\n1,2\n3,4"),
      [
        [1, 2],
        [3, 4],
      ],
      ["x", "y"],
    ],
    ["an object", { x: 1, unit: "g", y: "2" }, [[1, 2]], ["x", "y"]],
    [
      "JSON text of objects",
      '[{"x":1,"y":2},{"x":3,"y":4}]',
      [
        [1, 2],
        [3, 4],
      ],
      ["x", "y"],
    ],
  ];
  it("takes numbers, lists, lines, objects and JSON, a message per reading; the message's other properties stay", async () => {
    const flow = await startFlow([...base, messages]);
    for (const [what, payload, expected, channels] of cases) {
      flow.send("sensor", { payload, nr: what });
      for (const values of expected) {
        const { payload, topic, time, nr, channels: names } = (await flow.next("out")) as Reading & { nr: string };
        assert.deepEqual(
          { payload, topic, nr, names },
          { payload: values, topic: "messages", nr: what, names: channels },
        );
        assert.ok(Math.abs(time - Date.now()) < 5000);
      }
    }
    flow.send("sensor", { payload: [1], topic: "shed/light", time: 1000 });
    const { topic, time } = (await flow.next("out")) as Reading;
    assert.deepEqual([topic, time], ["shed/light", 1000]);
  });

  it("takes the named numbers of an object, in the order of the names", async () => {
    const flow = await startFlow([...base, { ...messages, fields: "y, x" }]);
    flow.send("sensor", { payload: { x: 1, y: 2, z: 3 } });
    assert.deepEqual((await flow.next("out")).payload, [2, 1]);
    flow.send("sensor", { payload: { x: 1 } });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CHANNEL_COUNT");
  });

  it("answers everything else with TINYML_NOT_A_NUMBER, and lives on", async () => {
    const flow = await startFlow([...base, messages]);
    const bad = [
      undefined,
      null,
      "",
      "abc",
      "1,,2",
      "1,2\nx",
      "[1",
      "{}",
      {},
      [],
      ["a"],
      [[1], "b"],
      [{}],
      Number.NaN,
      [Infinity],
      true,
      { x: "a" },
      new Date(Number.NaN),
      () => 1,
      new DataView(new ArrayBuffer(8)),
    ];
    for (const payload of bad) {
      flow.send("sensor", { payload });
      assert.equal((await flow.next("errors")).error?.code, "TINYML_NOT_A_NUMBER", String(payload));
    }
    flow.send("sensor", { payload: 1 });
    assert.deepEqual((await flow.next("out")).payload, [1]);
  });
});

describe("node sensor: a board on a serial port", function () {
  this.timeout(20_000);

  before(function () {
    requireTool(this, "socat");
  });

  it("sends what the board prints; release, connect, unplugging; then a redeploy", async () => {
    const port = join(await temporaryFolder(), "ttyACM7");
    let board = await plugIn(port);
    const flow = await startFlow([...base, { ...sensor, driver: "serial", port, baudRate: 115200 }]);
    await flow.until("it is open", () => lastText(flow) === "status.nothingYet");
    await board.print("half\nx,y\n1,2\n");
    const { payload, topic, channels, time } = (await flow.next("out")) as Reading;
    assert.deepEqual({ payload, topic, channels }, { payload: [1, 2], topic: "serial/ttyACM7", channels: ["x", "y"] });
    assert.ok(Math.abs(time - Date.now()) < 5000);
    await flow.until("the status is green", () => flow.statuses("sensor").at(-1)?.fill === "green");

    flow.send("sensor", { sensor: "release" });
    await flow.until("it is released", () => lastText(flow) === "status.released");
    flow.send("sensor", { sensor: "connect" });
    await flow.until("it is open again", () => flow.statuses("sensor").at(-1)?.fill === "green");
    await board.print("\n3,4\n");
    assert.deepEqual((await flow.next("out")).payload, [3, 4]);

    await board.unplug();
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_FAILED");
    await flow.until("the status is red", () => flow.statuses("sensor").at(-1)?.fill === "red");
    board = await plugIn(port);
    await flow.until("it is back", () => flow.statuses("sensor").at(-1)?.fill === "green");
    await board.print("\n5,6\n");
    assert.deepEqual((await flow.next("out")).payload, [5, 6]);
    assert.equal(flow.received("errors").length, 1);

    const before = flow.statuses("sensor").length;
    await flow.redeploy();
    await flow.until("it is open", () =>
      flow
        .statuses("sensor")
        .slice(before)
        .some(({ text }) => text === "status.nothingYet"),
    );
    await board.print("\n7,8\n");
    assert.deepEqual((await flow.next("out")).payload, [7, 8]);
    await board.unplug();
  });

  it("counts the lines among the readings that are none, and not those of a greeting", async () => {
    const port = join(await temporaryFolder(), "ttyACM8");
    const board = await plugIn(port);
    const flow = await startFlow([...base, { ...sensor, driver: "serial", port, baudRate: 115200 }]);
    await flow.until("it is open", () => lastText(flow) === "status.nothingYet");
    await board.print("\nHello\nx,y\n1,2\n");
    await flow.next("out");
    await flow.until("it reads", () => lastText(flow) === "status.reading");
    await board.print("nan,2\n3,4\n");
    await flow.until("the status says it", () => lastText(flow) === "status.dropped");
    await board.unplug();
  });

  it("without the port it waits with a grey status, says so once, and Node-RED lives on", async () => {
    const port = join(await temporaryFolder(), "ttyUSB0");
    const flow = await startFlow([...base, { ...sensor, driver: "serial", port }]);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
    await flow.until("it waits", () => lastText(flow) === "status.missing");
    assert.equal(flow.statuses("sensor").at(-1)?.fill, "grey");
    flow.send("sensor", { sensor: "fly" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
  });
});

describe("node sensor: replay", () => {
  const csv = "x,y\n1,2\n3,4\n\n5,6\n";

  it("sends a CSV file's recordings with the class that its name says, and a pause behind each", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "wave.csv"), csv);
    const replay = {
      ...sensor,
      driver: "file",
      file: join(folder, "wave.csv"),
      ownRate: 100,
      pause: 0.05,
      repeat: false,
    };
    const flow = await startFlow([...base, replay]);
    await flow.until("it has ended", () => lastText(flow) === "status.finished");
    const sent = readings(flow);
    assert.deepEqual(
      sent.map(({ payload, topic, label, channels }) => [payload, topic, label, channels]),
      [
        [[1, 2], "replay/wave.csv", "wave", ["x", "y"]],
        [[3, 4], "replay/wave.csv", "wave", ["x", "y"]],
        [[5, 6], "replay/wave.csv", "wave", ["x", "y"]],
      ],
    );
    assert.deepEqual(
      sent.slice(1).map(({ time }, i) => Math.round(time - sent[i].time)),
      [10, 60],
    );
    flow.send("sensor", { sensor: "connect" });
    await flow.until("it begins anew", () => readings(flow).length === 6);
  });

  it("a window node behind it gets each recording as a window of its own, with its label", async () => {
    const folder = await temporaryFolder();
    const recordings = [0, 1, 2].map((recording) => [0, 1, 2, 3].map((row) => [10 * recording + row, row / 4]));
    const lines = recordings.map((rows) => rows.map((row) => row.join(",")).join("\n"));
    await writeFile(join(folder, "wave.csv"), `x,y\n${lines.join("\n\n")}\n`);
    const file = join(folder, "wave.csv");
    const flow = await startFlow([
      ...base,
      { ...sensor, driver: "file", file, ownRate: 200, pause: 0.1, repeat: false, wires: [["window"]] },
      { id: "window", z: "tab", type: "tinyml-window", size: 4, stride: 4, gap: 50, wires: [["out"]] },
    ]);
    for (const rows of recordings) {
      const { payload, label, topic } = (await flow.next("out")) as Received & { label: string };
      const expected = { payload: Float32Array.from(rows.flat()), label: "wave", topic: "replay/wave.csv" };
      assert.deepEqual({ payload, label, topic }, expected);
    }
    await flow.until("it has ended", () => lastText(flow) === "status.finished");
    assert.equal(flow.received("out").length, 3);
  });

  it("over and over, and tells of a missing file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "a.csv"), csv);
    const flow = await startFlow([
      ...base,
      { ...sensor, driver: "file", file: join(folder, "a.csv"), ownRate: 1000, pause: 0 },
    ]);
    await flow.until("it repeats", () => readings(flow).length >= 8);
    assert.deepEqual(
      readings(flow)
        .slice(0, 8)
        .map(({ payload }) => payload[0]),
      [1, 3, 5, 1, 3, 5, 1, 3],
    );
    await flow.redeploy([...base, { ...sensor, driver: "file", file: join(folder, "b.csv") }]);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_FILE");
  });

  it("sends a dataset's rows with their labels", async () => {
    const dataset = {
      id: "dataset",
      type: "tinyml-dataset",
      name: "motion",
      task: "classification",
      channels: [{ name: "x" }, { name: "y" }],
    };
    const record = { id: "record", z: "tab", type: "tinyml-record", dataset: "dataset", always: true, wires: [[]] };
    const replay = { ...sensor, driver: "dataset", dataset: "dataset", ownRate: 200, pause: 0, repeat: false };
    const flow = await startFlow([...base, dataset, record, replay]);
    assert.ok((await flow.next("errors")).error?.code);
    for (const [x, label] of [
      [1, "up"],
      [2, "up"],
      [3, "down"],
    ] as const)
      flow.send("record", { payload: [x, -x], label });
    await new Promise((resolve) => setTimeout(resolve, 400));
    flow.send("sensor", { sensor: "connect" });
    await flow.until("all are sent", () => readings(flow).length === 3);
    assert.deepEqual(
      readings(flow).map(({ payload, label }) => [payload, label]),
      [
        [[1, -1], "up"],
        [[2, -2], "up"],
        [[3, -3], "down"],
      ],
    );
  });
});

describe("node sensor: wrong settings", () => {
  it("are said at the start", async () => {
    const wrong = [
      { driver: "magic" },
      { rate: 0 },
      { driver: "serial" },
      { driver: "serial", port: "x", baudRate: 1.5 },
      { signal: "sine", channelCount: 0 },
      { gesture: "wave" },
      { pause: -1 },
      { driver: "file" },
    ];
    const nodes = wrong.map((settings, index) => ({ ...sensor, ...settings, id: `sensor${index}` }));
    const flow = await startFlow([...base, ...nodes]);
    for (const { id } of nodes) {
      assert.equal(flow.statuses(id)[0]?.fill, "red", id);
      flow.send(id, {});
      assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID", id);
    }
  });
});
