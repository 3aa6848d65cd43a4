import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { foldRows } from "../../src/dataset/fold-rows";
import { readData } from "../../src/dataset/read-data";
import { inputsInMemory, selectRows } from "../../src/dataset/table";
import { createPredictor, isLabelPrediction } from "../../src/runtime/predictor";
import { parseRecipe } from "../../src/training/recipe";
import { trainRecipe } from "../../src/training/train-recipe";
import { temporaryFolder } from "../support/folders";
import { plugIn } from "../support/pseudo-terminal";
import { sharedData } from "../support/shared-data";
import { requireTool } from "../support/tools";
import { fileOf } from "./support/data";
import { startFlow, tab } from "./support/flow";

describe("recordings by a serial port, through window and predict", () => {
  it("get the labels that the offline evaluation gives them", async function () {
    this.timeout(90_000);
    requireTool(this, "socat");
    const table = await readData(sharedData(this, "gestures"));
    const recipe = parseRecipe(
      JSON.parse(readFileSync(packagePath("examples", "recipes", "gestures-statistics.json"), "utf8")),
    );
    const [{ training, validation }] = foldRows(table, 5, 1);
    const seen = selectRows(table, training);
    const model = quantizeInt8(trainRecipe({ recipe, table: seen, name: "gestures" }), seen);
    const unseen = inputsInMemory(selectRows(table, validation));
    const size = 119 * 6;
    const predictor = createPredictor(model);
    const offline = Array.from(validation, (_, i) => {
      const prediction = predictor.predict(unseen.subarray(i * size, (i + 1) * size));
      return isLabelPrediction(prediction) ? prediction.label : undefined;
    });
    predictor.dispose();

    const port = join(await temporaryFolder(), "ttyACM0");
    const terminal = await plugIn(port);
    const flow = await startFlow([
      ...tab,
      { id: "sensor", z: "tab", type: "tinyml-sensor", driver: "serial", port, baudRate: 460_800, wires: [["window"]] },
      { id: "window", z: "tab", type: "tinyml-window", size: 119, stride: 119, wires: [["predict"]] },
      { id: "predict", z: "tab", type: "tinyml-predict", onlyLabel: true, wires: [["out"]] },
      { id: "out", z: "tab", type: "helper" },
    ]);
    flow.send("predict", { payload: fileOf(model) });
    await flow.until("the port is open", () => flow.statuses("sensor").at(-1)?.text === "status.nothingYet");
    // The first line may be half of one, so the sensor leaves it out.
    let text = "half\r\n";
    for (let at = 0; at < unseen.length; at += 6) text += `${Array.from(unseen.subarray(at, at + 6)).join(",")}\r\n`;
    await terminal.print(text);
    await flow.until("all are predicted", () => flow.received("out").length >= offline.length);
    await terminal.unplug();
    assert.deepEqual(
      flow.received("out").map(({ payload }) => payload),
      offline,
    );
  });
});
