import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Request, Response } from "express";
import type { NodeAPI } from "node-red";
import { findForwarderBoard, forwarderBoards } from "../src/boards/forwarder-boards";
import { type ErrorCode, TinymlError, toTinymlError } from "../src/errors";
import { listPins } from "../src/hardware/list-pins";
import { listSerialPorts } from "../src/hardware/serial-ports";
import { finishImports } from "../src/project-staging";
import { generateForwarder, readForwarderSource } from "../src/sketch/forwarder";
import { findDataset, listDatasets } from "./datasets";
import { receiveProject, receiveSamples, sendDataset, sendProject } from "./exchange";
import {
  changeSamples,
  listSamples,
  type SampleFilter,
  sampleFileOf,
  splitSides,
  viewMap,
  viewSample,
} from "./explorer";
import { storageFolder } from "./handler";
import { describeStoredModel, listModels, modelFile, modelInUse } from "./models";
import { describeNetwork } from "./networks";
import { listRuns, stopRun } from "./runs";
import { listSketches, sketchZip, zipOfSketch } from "./sketches";

/** The admin servers that have the routes: nodes are loaded one by one, and each would add them again. */
const served = new WeakSet<object>();

/** Adds the admin routes under /tinyml/, once for each server. */
export function registerRoutes(RED: NodeAPI): void {
  const { httpAdmin } = RED;
  if (served.has(httpAdmin)) return;
  served.add(httpAdmin);
  const storage = storageFolder(RED);
  // What a killed process was importing. Where there is nothing, the part of the library that imports need not be loaded.
  readdir(join(storage, "imports"))
    .catch((): string[] => [])
    .then((left) => (left.length > 0 ? finishImports(storage) : undefined))
    .catch((thrown: unknown) => RED.log.error(`TinyML: ${toTinymlError(thrown).message}`));

  const get = (path: string, answer: (request: Request, response: Response) => Promise<unknown>) =>
    httpAdmin.get(`/tinyml/${path}`, RED.auth.needsPermission("tinyml.read"), answering(answer));
  const list = (path: string, read: () => Promise<unknown>) =>
    get(path, async (_request, response) => response.json(await read()));

  // The functions are named where they are called: naming one loads the part of the library that has it.
  list("runs", () => listRuns(storage));
  list("models", () => listModels(storage));
  list("datasets", () => listDatasets(storage));
  list("sketches", () => listSketches(storage));
  list("ports", () => listSerialPorts());
  list("pins", () => listPins());
  list("forwarder", async () => forwarderBoards);
  get("forwarder/:board/check", async (request, response) => {
    try {
      forwarderFor(request);
      response.json({});
    } catch (thrown) {
      response.json({ problem: toTinymlError(thrown).message });
    }
  });
  get("forwarder/:board.zip", async (request, response) => {
    const sketch = forwarderFor(request);
    response.attachment(`${sketch.name}.zip`);
    response.send(Buffer.from(zipOfSketch(sketch)));
  });
  get("models/:name.tflite", (request, response) =>
    sendFile(response, modelFile(storage, parameter(request, "name")), `${request.params.name}.tflite`),
  );
  get("models/:name/summary", async (request, response) =>
    response.json(await describeStoredModel(storage, parameter(request, "name"))),
  );
  get("nodes/:id/model", async (request, response) => response.json(modelInUse(parameter(request, "id"))));
  get("sketches/:name.zip", (request, response) =>
    sendFile(response, sketchZip(storage, parameter(request, "name")), `${request.params.name}.zip`),
  );
  get("datasets/:name/samples", async (request, response) =>
    response.json(await listSamples(storage, parameter(request, "name"), filterOf(request), pageOf(request))),
  );
  get("datasets/:name/samples/:id", async (request, response) =>
    response.json(await viewSample(storage, parameter(request, "name"), Number(parameter(request, "id")))),
  );
  get("datasets/:name/samples/:id/file", async (request, response) => {
    const { bytes, type } = await sampleFileOf(storage, parameter(request, "name"), Number(parameter(request, "id")));
    // The file may come from anywhere: it is what its ending says, whatever a browser would take it for.
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.type(type).send(Buffer.from(bytes));
  });
  get("datasets/:name/map", async (request, response) =>
    response.json(await viewMap(storage, parameter(request, "name"))),
  );
  httpAdmin.post(
    "/tinyml/datasets/:name/samples/:action",
    RED.auth.needsPermission("tinyml.write"),
    answering(async (request, response) => {
      await changeSamples(storage, parameter(request, "name"), parameter(request, "action"), request.body);
      response.sendStatus(204);
    }),
  );
  // The flow is in it, which has a permission of Node-RED's own.
  httpAdmin.get(
    "/tinyml/project.zip",
    RED.auth.needsPermission("tinyml.read"),
    RED.auth.needsPermission("flows.read"),
    answering((_request, response) => sendProject(RED, storage, response)),
  );
  get("datasets/:name/export", (request, response) =>
    sendDataset(RED, storage, parameter(request, "name"), request, response),
  );
  // The bodies of these are read here, for they are files.
  const upload = (path: string, answer: (request: Request) => Promise<unknown>) =>
    httpAdmin.post(
      `/tinyml/${path}`,
      RED.auth.needsPermission("tinyml.write"),
      answering(async (request, response) => response.json(await answer(request))),
    );
  upload("project", (request) => receiveProject(storage, request));
  upload("datasets/:name/import", (request) => receiveSamples(storage, parameter(request, "name"), request));
  // Node-RED has read the body, of five megabytes at most.
  httpAdmin.post(
    "/tinyml/recipes/summary",
    RED.auth.needsPermission("tinyml.read"),
    answering(async (request, response) =>
      response.json(await describeNetwork(request.body, (id) => findDataset(RED, id))),
    ),
  );
  httpAdmin.post(
    "/tinyml/runs/:id/stop",
    RED.auth.needsPermission("tinyml.write"),
    answering(async (request, response) => response.sendStatus(stopRun(parameter(request, "id")) ? 204 : 404)),
  );
  httpAdmin.post(
    "/tinyml/nodes/:id/record",
    RED.auth.needsPermission("tinyml.write"),
    answering(async (request, response) => {
      const node = RED.nodes.getNode(parameter(request, "id"));
      const records = node?.type === "tinyml-record";
      if (records) node.receive({ record: "start" });
      response.sendStatus(records ? 204 : 404);
    }),
  );
  httpAdmin.post(
    "/tinyml/nodes/:id/resume",
    RED.auth.needsPermission("tinyml.write"),
    answering(async (request, response) => {
      const node = RED.nodes.getNode(parameter(request, "id"));
      const trains = node?.type === "tinyml-train";
      // The node says by its status, and to its Catch nodes, when there is nothing to resume.
      if (trains) node.receive({ train: "resume" });
      response.sendStatus(trains ? 204 : 404);
    }),
  );
}

/** The sketch that a request asks for: its board in the address, the rest behind the question mark. */
function forwarderFor(request: Request) {
  const number = (name: string) => {
    const text: unknown = request.query[name];
    return typeof text === "string" && text.trim() !== "" ? { [name]: Number(text) } : {};
  };
  const { source } = request.query;
  const { rate, baud, channels } = { ...number("rate"), ...number("baud"), ...number("channels") };
  return generateForwarder(findForwarderBoard(parameter(request, "board")), {
    source: readForwarderSource(source ?? "analog"),
    ...(rate === undefined ? {} : { rateHz: rate }),
    ...(baud === undefined ? {} : { baudRate: baud }),
    ...(channels === undefined ? {} : { channels }),
  });
}

function parameter(request: Request, name: string): string {
  const value: unknown = request.params[name];
  if (typeof value !== "string") throw new TinymlError("TINYML_NAME_INVALID", `The address has no ${name}.`);
  return value;
}

/** Which samples the address asks for: `label`, `side`, `deleted`. */
function filterOf({ query }: Request): SampleFilter {
  const { label, side } = query;
  const found = splitSides.find((each) => each === side);
  return {
    ...(typeof label === "string" && { label }),
    ...(found !== undefined && { side: found }),
    deleted: query.deleted === "true",
  };
}

/** Which piece of the list the address asks for: `offset` and `limit`. */
function pageOf({ query }: Request): { offset?: number; limit?: number } {
  const count = (value: unknown): number | undefined =>
    typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  const [offset, limit] = [count(query.offset), count(query.limit)];
  return { ...(offset !== undefined && { offset }), ...(limit !== undefined && { limit }) };
}

function sendFile(response: Response, file: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.attachment(name);
    // The name was checked; the user folder itself may well lie under one that begins with a dot.
    response.sendFile(file, { dotfiles: "allow" }, (error) => {
      if (!error) resolve();
      else reject(new TinymlError("TINYML_FILE", `There is no ${name}.`, { cause: error }));
    });
  });
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  TINYML_NAME_INVALID: 400,
  TINYML_FILE: 404,
  TINYML_RECIPE_INVALID: 400,
  TINYML_CONFIG_INVALID: 400,
  TINYML_UNKNOWN_BOARD: 404,
  TINYML_NO_LABEL: 400,
  TINYML_UNKNOWN_LABEL: 400,
  TINYML_CHANNEL_COUNT: 400,
  TINYML_DATASET_MISSING: 404,
  TINYML_UNKNOWN_SAMPLE: 404,
  TINYML_DATASET_EMPTY: 404,
  TINYML_NOT_A_NUMBER: 400,
  TINYML_SAMPLES_DIFFER: 400,
  TINYML_DATASET_MISMATCH: 409,
  TINYML_IMPORT_INVALID: 400,
  TINYML_QUOTA_EXCEEDED: 409,
  TINYML_WOULD_OVERWRITE: 409,
};

/** A route whose failure is an answer with the error's code, never an unhandled rejection. */
function answering(answer: (request: Request, response: Response) => Promise<unknown>) {
  return (request: Request, response: Response): void => {
    const answered = Promise.resolve().then(() => answer(request, response));
    answered.catch((thrown: unknown) => {
      const { code, message } = toTinymlError(thrown);
      if (response.headersSent) response.end();
      else {
        for (const header of ["Content-Disposition", "Content-Type"]) response.removeHeader(header);
        response.status(statusOf[code] ?? 500).json({ code, message });
      }
    });
  };
}
