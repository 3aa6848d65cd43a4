import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import type { NodeAPI } from "node-red";
import { assertExportFormat, exportDataset, exportFormats } from "../src/dataset/exchange/export-dataset";
import { importInto } from "../src/dataset/exchange/import-into";
import { importError, type NamedBytes, unpackLimits } from "../src/dataset/exchange/named-bytes";
import { datasetFolder } from "../src/dataset/folder";
import { TinymlError } from "../src/errors";
import { exportProject, type FlowNode, type ImportedProject, importProject } from "../src/project";
import { announceModel } from "./models";

/** The types of content that an upload may say: no page of another site can send these without asking the server first. */
const uploads = ["application/octet-stream", "application/zip"];

/** Answers with everything that is stored and the flow that is deployed, as one zip archive. */
export function sendProject(RED: Pick<NodeAPI, "nodes" | "log">, storage: string, response: Response): Promise<void> {
  const flows: FlowNode[] = [];
  RED.nodes.eachNode((node) => {
    flows.push({ ...node });
  });
  return sendPieces(RED, response, exportProject(storage, { flows }), "tinyml-project.zip", "application/zip");
}

/** Stores the project that a request brings as its body; with `rename=true` in the address, under new names where it must. */
export async function receiveProject(storage: string, request: Request): Promise<ImportedProject> {
  const archive = await receiveFile(request, "the project");
  const imported = await importProject(storage, archive, { rename: request.query.rename === "true" });
  for (const { storedAs } of imported.models) await announceModel(storage, storedAs);
  return imported;
}

/** Answers with a stored dataset, in the form that `format` in the address says; as a zip archive of standard files where it says none. */
export async function sendDataset(
  RED: Pick<NodeAPI, "log">,
  storage: string,
  name: string,
  request: Request,
  response: Response,
): Promise<void> {
  const format = assertExportFormat(textIn(request, "format") ?? "zip");
  const { ending, mediaType } = exportFormats[format];
  await sendPieces(RED, response, exportDataset(datasetFolder(storage, name), format), `${name}${ending}`, mediaType);
}

/**
 * Adds the samples of the file that a request brings as its body to a dataset, which is made where it is missing. `file` in the address is the file's name;
 * `label` and `rateHz` say what the file doesn't.
 */
export async function receiveSamples(storage: string, name: string, request: Request): Promise<{ samples: number }> {
  const folder = datasetFolder(storage, name);
  const file = await receiveFile(request, textIn(request, "file") ?? "the file");
  const label = textIn(request, "label");
  const rateHz = Number(textIn(request, "rateHz") ?? Number.NaN);
  const { ids } = await importInto(folder, [file], {
    ...(label !== undefined && { label }),
    ...(rateHz > 0 && { rateHz }),
  });
  return { samples: ids.length };
}

function textIn({ query }: Request, name: string): string | undefined {
  const value = query[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The body of a request, 512 MiB at most. @throws TinymlError TINYML_IMPORT_INVALID */
async function receiveFile(request: Request, name: string): Promise<NamedBytes> {
  if (request.is(uploads) === false) throw importError(name, `it must come as ${uploads.join(" or ")}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > unpackLimits.bytes) throw importError(name, "it has more than 512 MB");
    chunks.push(chunk);
  }
  return { name, bytes: Buffer.concat(chunks) };
}

/**
 * Answers with pieces as they come and as fast as they are taken. What fails before the first of them is an answer of its own; later it cuts the
 * answer off, so that nobody takes it for whole, and the log says why.
 */
async function sendPieces(
  RED: Pick<NodeAPI, "log">,
  response: Response,
  pieces: AsyncGenerator<Uint8Array>,
  name: string,
  mediaType: string,
): Promise<void> {
  const first = await pieces.next();
  response.attachment(name).type(mediaType);
  try {
    await pipeline(async function* () {
      if (!first.done) yield first.value;
      yield* pieces;
    }, response);
  } catch (error) {
    // Anything else is that nobody reads on.
    if (error instanceof TinymlError) RED.log.error(`[tinyml] ${name} was cut off: ${error.message}`);
    throw error;
  }
}
