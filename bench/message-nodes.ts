import { readFileSync, writeFileSync } from "node:fs";
import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from "node-red";

/*
 * Two nodes that the bench puts into a real Node-RED: `bench-source` sends readings at the rates that it was told, first
 * straight to a `bench-sink`, then through the node that is measured; what it finds is written to a file.
 */

/** The settings of bench-source. */
export interface SourceSettings {
  /** The .tflite file that the measured node gets first. */
  modelFile: string;
  /** Where the findings go, as JSON. */
  resultFile: string;
  /** How long each of the two maximum rates is measured. */
  maximumSeconds: number;
  /** The steady load. */
  rate: number;
  seconds: number;
}

/** What bench-source writes to its result file. */
export interface MessageFindings {
  /** Messages per second from source to sink and nothing between. */
  directRate: number;
  /** The same through the node that is measured. */
  nodeRate: number;
  sent: number;
  arrived: number;
  /** How long the steady load took, seconds; as planned unless the flow fell behind. */
  seconds: number;
  /** Processor time of the whole process by wall time, steady load. */
  processorShare: number;
  /** From sending to arriving, microseconds, steady load. */
  latency: { p50: number; p95: number };
  /** Delay of the event loop, milliseconds, steady load, without the pauses for the garbage collections below. */
  eventLoopP99: number;
  memory: MemorySample[];
}

/** Memory after a garbage collection, in bytes. */
export interface MemorySample {
  seconds: number;
  rss: number;
  heapUsed: number;
  arrayBuffers: number;
}

/** Messages that are under way at most while a maximum rate is measured. */
const burst = 500;
const memoryEverySeconds = 2;

/** Registers both nodes; what Node-RED calls. */
export function register(RED: NodeAPI): void {
  let arrived = 0;
  let onArrival: (message: NodeMessageInFlow) => void = () => {};

  RED.nodes.registerType("bench-sink", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    this.on("input", (message, _send, done) => {
      arrived++;
      onArrival(message);
      done();
    });
  });

  RED.nodes.registerType("bench-source", function (this: Node, definition: NodeDef & SourceSettings) {
    RED.nodes.createNode(this, definition);
    const { modelFile, resultFile, maximumSeconds, rate, seconds } = definition;
    const reading = (count: number): NodeMessage & { sentAt: number } => ({
      payload: (count % 1024) / 1023,
      sentAt: performance.now(),
    });
    const direct = (count: number) => this.send([null, reading(count)]);
    const throughNode = (count: number) => this.send([reading(count), null]);

    const maximumRate = async (send: (count: number) => void): Promise<number> => {
      const first = arrived;
      const start = performance.now();
      const end = start + 1000 * maximumSeconds;
      let sent = 0;
      while (performance.now() < end) {
        for (let i = 0; i < burst; i++) send(sent++);
        while (arrived - first < sent) await nextTurn();
      }
      return (1000 * sent) / (performance.now() - start);
    };

    const steadyLoad = async (): Promise<Omit<MessageFindings, "directRate" | "nodeRate">> => {
      const latency = createHistogram();
      onArrival = (message) => {
        const sentAt = "sentAt" in message ? message.sentAt : undefined;
        if (typeof sentAt === "number") latency.record(Math.max(1, Math.round(1e6 * (performance.now() - sentAt))));
      };
      const memory: MemorySample[] = [];
      const eventLoop = monitorEventLoopDelay({ resolution: 1 });
      const first = arrived;
      const processor = process.cpuUsage();
      const start = performance.now();
      const elapsed = () => (performance.now() - start) / 1000;
      let sent = 0;
      let sampled = Number.NEGATIVE_INFINITY;
      while (sent < rate * seconds) {
        if (elapsed() - sampled >= memoryEverySeconds) {
          sampled = elapsed();
          eventLoop.disable();
          memory.push(memorySample(sampled));
          eventLoop.enable();
        }
        const due = Math.min(rate * seconds, Math.ceil(rate * elapsed()));
        while (sent < due) throughNode(sent++);
        await pause();
      }
      while (arrived - first < sent && elapsed() < 2 * seconds) await nextTurn();
      const took = elapsed();
      const { user, system } = process.cpuUsage(processor);
      eventLoop.disable();
      memory.push(memorySample(took));
      return {
        sent,
        arrived: arrived - first,
        seconds: took,
        processorShare: (user + system) / 1e6 / took,
        latency: { p50: latency.percentile(50) / 1000, p95: latency.percentile(95) / 1000 },
        eventLoopP99: eventLoop.percentile(99) / 1e6,
        memory,
      };
    };

    const measure = async (): Promise<void> => {
      this.send([{ payload: readFileSync(modelFile) }, null]);
      await maximumRate(direct);
      const directRate = await maximumRate(direct);
      await maximumRate(throughNode);
      const nodeRate = await maximumRate(throughNode);
      const findings: MessageFindings = { directRate, nodeRate, ...(await steadyLoad()) };
      writeFileSync(resultFile, JSON.stringify(findings));
    };
    RED.events.once("flows:started", () => void measure().catch((error) => this.error(error)));
  });
}

function memorySample(seconds: number): MemorySample {
  collectGarbage();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { seconds, rss, heapUsed, arrayBuffers };
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
