import path from "node:path";
import { findBoard } from "../boards/boards";
import { TinymlError } from "../errors";
import { kernelSources } from "../kernels/kernel-sources";
import { writeOwnFiles } from "../own-files";
import { knownAnswer } from "../runtime/known-answer";
import { generateSketch } from "../sketch/generate-sketch";
import type { SketchTemplate } from "../sketch/sketch";
import { parseArguments } from "./arguments";
import { readModelFile } from "./files";
import type { Report } from "./tinyml";

/** `tinyml export`: a model becomes an Arduino sketch, or plain C for any computer. */
export async function exportSketch(argv: readonly string[]): Promise<Report> {
  const options = parseArguments(argv, "a model (a .tflite file)", {
    required: ["board", "out"],
    optional: ["template", "name"],
    flags: ["json", "force"],
  });
  const template = templateOf(options.value("template") ?? "arduino");
  const board = findBoard(options.required("board"));
  const { model } = await readModelFile(options.file);
  const folder = path.resolve(options.required("out"));
  // The Arduino tools want a sketch in a folder of its name, so the folder names it.
  const name = options.value("name") ?? path.basename(folder);
  const sketch = generateSketch(model, board, {
    template,
    name,
    kernelSources: await kernelSources(),
    knownAnswer: knownAnswer(model),
  });
  await writeOwnFiles(folder, sketch.files, { force: options.flag("force") });
  const { flashBytes, ramBytes } = sketch.estimate ?? {};
  const files = Object.keys(sketch.files);
  const sizes =
    sketch.estimate === undefined
      ? ""
      : `: about ${flashBytes} of ${board.flashBytes} bytes of flash and ${ramBytes} of ${board.ramBytes} bytes of RAM on the ${board.title}`;
  return {
    json: { board: board.name, template, folder, files, flashBytes, ramBytes },
    text: `${folder}: ${files.length} files${sizes}`,
    asJson: options.flag("json"),
  };
}

function templateOf(text: string): SketchTemplate {
  if (text === "arduino" || text === "stdio") return text;
  throw new TinymlError("TINYML_USAGE", `There is no template "${text}". Known: arduino, stdio.`);
}
