/** Threads beside the event loop. */
export * from "../../src/request-thread";
export * from "../../src/thread-team";
export * from "../../src/worker-thread";
