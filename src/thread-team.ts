import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { TinymlError } from "./errors";

/** What a thread is given to find the others of its team; plain data, but for the ports, which are moved to it. */
export interface TeamMember {
  /** 0 is the first thread, whose result counts. */
  rank: number;
  size: number;
  /** How many have arrived at the barrier, the number of the barrier, and whether a thread has failed. */
  control: SharedArrayBuffer;
  /** The first thread's: one to each other; of the others: one to the first. */
  ports: readonly MessagePort[];
}

/**
 * Threads that run the same program on parts of the same data. All call the same methods in the same order; each waits
 * for the slowest, so none of them may be Node-RED's own.
 */
export interface Team {
  readonly rank: number;
  readonly size: number;
  /** Waits until every thread has come here. @throws BrokenTeam when another one failed */
  barrier(): void;
  /** Zeroed memory that all threads see; each asks for it with the same number of bytes. @throws BrokenTeam */
  share(bytes: number): ArrayBufferLike;
}

/** Another thread of the team has failed: that one says why. */
export class BrokenTeam extends TinymlError {
  constructor() {
    super("TINYML_WORKER_FAILED", "Another thread of the computation failed.");
  }
}

const arrived = 0;
const barriers = 1;
const failed = 2;
const controlBytes = 12;

/** How often a thread looks whether the others have arrived before it sleeps: waking takes longer than most of them are late. */
const looksBeforeSleep = 5000;

/** The members of a team of `size` threads, by rank; each is to be posted to its thread, with its ports moved there. */
export function createTeam(size: number): TeamMember[] {
  const control = new SharedArrayBuffer(controlBytes);
  const channels = Array.from({ length: size - 1 }, () => new MessageChannel());
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    control,
    ports: rank === 0 ? channels.map(({ port1 }) => port1) : [channels[rank - 1].port2],
  }));
}

/**
 * Joins the team as the member says.
 * @param size how many threads there is work for: those of a higher rank must not join
 */
export function joinTeam({ rank, control, ports }: TeamMember, size: number): Team {
  if (size === 1) return alone;
  const flags = new Int32Array(control);
  const barrier = (): void => {
    const number = Atomics.load(flags, barriers);
    if (Atomics.add(flags, arrived, 1) === size - 1) {
      Atomics.store(flags, arrived, 0);
      Atomics.add(flags, barriers, 1);
      Atomics.notify(flags, barriers);
    }
    let looks = 0;
    while (Atomics.load(flags, barriers) === number && Atomics.load(flags, failed) === 0) {
      if (++looks > looksBeforeSleep) Atomics.wait(flags, barriers, number);
    }
    if (Atomics.load(flags, failed) !== 0) throw new BrokenTeam();
  };
  return {
    rank,
    size,
    barrier,
    share(bytes) {
      if (rank === 0) {
        const memory = new SharedArrayBuffer(bytes);
        for (const port of ports.slice(0, size - 1)) port.postMessage(memory);
        barrier();
        return memory;
      }
      barrier();
      const memory: unknown = receiveMessageOnPort(ports[0])?.message;
      if (memory instanceof SharedArrayBuffer) return memory;
      throw new TinymlError("TINYML_INTERNAL", "A thread of a team got no memory.");
    },
  };
}

/** Wakes the threads of a team that wait for one that has failed; their barriers throw BrokenTeam. */
export function breakTeam(control: SharedArrayBuffer): void {
  const flags = new Int32Array(control);
  Atomics.store(flags, failed, 1);
  // another number than they wait for, so that none falls asleep after it has looked
  Atomics.add(flags, barriers, 1);
  Atomics.notify(flags, barriers);
}

/** A team of one thread. */
export const alone: Team = { rank: 0, size: 1, barrier: () => undefined, share: (bytes) => new ArrayBuffer(bytes) };
