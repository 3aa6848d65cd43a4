import { readdirSync } from "node:fs";
import path from "node:path";
import type { Node, NodeInitializer, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { packagePath } from "../../../build/package-files";
import { temporaryFolder } from "../../support/folders";

/** A message as it arrives at a node of type "helper". */
export type Received = NodeMessage & { error?: { code?: string; message: string; source: { id: string } } };

/** A status that a node showed. In these tests texts are the keys of the catalogue. */
export interface ShownStatus {
  fill?: string;
  shape?: string;
  text?: string;
}

/** A flow that runs on the built nodes, the ones that are published. */
export interface TestFlow {
  /** The folder under which our nodes store: `<user dir>/tinyml`. */
  storage: string;
  node(id: string): Node;
  send(id: string, message: object): void;
  /** What arrived at a helper node so far. */
  received(id: string): Received[];
  /** The next message at a helper node that nobody has taken yet; fails after five seconds. */
  next(id: string): Promise<Received>;
  /** The statuses of a node so far, the first ones of its start included. */
  statuses(id: string): ShownStatus[];
  /** Waits until a condition holds; fails after ten seconds. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Deploys the same nodes, or others, in full: every node is closed and started anew. */
  redeploy(flow?: readonly object[]): Promise<void>;
}

/** A tab with a catch node for everything; its messages arrive at the helper node "errors". */
export const tab = [
  { id: "tab", type: "tab", label: "test" },
  { id: "catch", z: "tab", type: "catch", scope: null, wires: [["errors"]] },
  { id: "errors", z: "tab", type: "helper" },
];

/** The potentiometer's dataset. */
export const potentiometerDataset = {
  id: "dataset",
  type: "tinyml-dataset",
  name: "potentiometer",
  task: "regression",
  channels: [{ name: "position", unit: "", low: "0", high: "1" }],
  targets: [{ name: "brightness", unit: "", low: "0", high: "1" }],
};

const initializers: NodeInitializer[] = readdirSync(packagePath("dist", "nodes"))
  .filter((name) => name !== "sidebar")
  .map((name) => require(packagePath("dist", "nodes", name, `${name}.js`)));

let unloading: Promise<void> | undefined;

/** What a flow has beyond our nodes. */
interface FlowOptions {
  userFolder?: string;
  /** Core nodes that it uses, by their path below `@node-red/nodes/core`. */
  coreNodes?: readonly string[];
  /** The credentials of its nodes, by their ids. */
  credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Settings of Node-RED that join the default ones. */
  settings?: Readonly<Record<string, unknown>>;
}

/** Starts a flow in Node-RED's runtime, on the built nodes; it is stopped after the test. */
export async function startFlow(nodes: readonly object[], options: FlowOptions = {}): Promise<TestFlow> {
  await unloading;
  const userFolder = options.userFolder ?? (await temporaryFolder());
  helper.init(require.resolve("node-red"));
  helper.settings({ userDir: userFolder, logging: { console: { level: "off" } }, ...options.settings });

  const received = new Map<string, { all: Received[]; taken: number; waiting: Array<() => void> }>();
  const statuses = new Map<string, ShownStatus[]>();
  const showStatus = ({ id, status }: { id: string; status: ShownStatus }): void => {
    statuses.set(id, [...(statuses.get(id) ?? []), status]);
  };
  helper._events.on("node-status", showStatus);
  cleanups.push(() => helper._events.off("node-status", showStatus));

  const inbox = (id: string) => {
    const box = received.get(id) ?? { all: [], taken: 0, waiting: [] };
    received.set(id, box);
    return box;
  };
  const node = (id: string): Node => {
    const found = helper.getNode(id);
    if (found === null) throw new Error(`There is no node ${id}.`);
    return found;
  };
  const listen = (flow: readonly object[]): void => {
    for (const entry of flow) {
      if (!("type" in entry) || entry.type !== "helper" || !("id" in entry)) continue;
      const box = inbox(String(entry.id));
      node(String(entry.id)).on("input", (message: NodeMessage) => {
        box.all.push(message as Received);
        for (const wake of box.waiting.splice(0)) wake();
      });
    }
  };

  let current = placed(nodes);
  const { coreNodes = [], credentials = {} } = options;
  const core: NodeInitializer[] = coreNodes.map((file) => require(`@node-red/nodes/core/${file}`));
  await helper.load([...core, ...initializers], current, credentials);
  listen(current);

  return {
    storage: path.join(userFolder, "tinyml"),
    node,
    send: (id, message) => node(id).receive({ ...message }),
    received: (id) => inbox(id).all,
    async next(id) {
      const box = inbox(id);
      const end = Date.now() + 5000;
      while (box.all.length <= box.taken) {
        const left = end - Date.now();
        if (left <= 0) throw new Error(`Nothing more arrived at ${id} (so far ${box.all.length} messages).`);
        await new Promise<void>((resolve) => {
          box.waiting.push(resolve);
          setTimeout(resolve, left);
        });
      }
      return box.all[box.taken++];
    },
    statuses: (id) => statuses.get(id) ?? [],
    until,
    async redeploy(flow = current) {
      const started = new Promise<void>((resolve) => helper._events.once("flows:started", () => resolve()));
      current = placed(flow);
      await helper._redNodes.setFlows(current, "full");
      await started;
      listen(flow);
    },
  };
}

/** A copy of the flow in which every node of a tab has a place: Node-RED takes nodes without one for configuration nodes. */
function placed(nodes: readonly object[]): object[] {
  return nodes.map((node) => structuredClone("z" in node ? { x: 0, y: 0, wires: [], ...node } : node));
}

/** Waits until a condition holds; fails after ten seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Forgets what the test helper's spies recorded, so that memory can be measured. */
export function forgetCalls(): void {
  helper._sandbox.resetHistory();
}

const cleanups: Array<() => void> = [];

afterEach(async () => {
  unloading = helper.unload();
  await unloading;
  for (const cleanup of cleanups.splice(0)) cleanup();
});
