import type { Node, NodeStatusFill, NodeStatusShape } from "node-red";

/** What a status says; the text may be a function, which is called only when the status is really shown. */
export interface StatusLine {
  fill: NodeStatusFill;
  shape: NodeStatusShape;
  text: string | (() => string);
}

/** Shows a node's status at most four times a second, so that a handler may set it with every message. */
export interface Status {
  /** Shows the line now or, when the last one is fresh, as soon as it is due; a later line replaces one that waits. */
  show(fill: NodeStatusFill, shape: NodeStatusShape, text: string | (() => string)): void;
  /** Shows an error at once and keeps it long enough to be read, even when readings go on; red unless told. */
  fail(text: string, fill?: NodeStatusFill): void;
  /** Forgets a line that waits; to be called when the node closes. */
  close(): void;
}

/** Milliseconds between two lines. */
const interval = 250;
/** Milliseconds that an error stays, whatever follows. */
const errorStays = 2000;

/** A status for the node. */
export function createStatus(node: Pick<Node, "status">): Status {
  let waiting: StatusLine | undefined;
  let timer: NodeJS.Timeout | undefined;
  let due = 0;
  let shown = "";
  let closed = false;

  const write = (line: StatusLine, until: number) => {
    const text = typeof line.text === "string" ? line.text : line.text();
    const key = `${line.fill} ${line.shape} ${text}`;
    due = until;
    if (key === shown) return;
    shown = key;
    node.status({ fill: line.fill, shape: line.shape, text });
  };
  const writeWaiting = () => {
    timer = undefined;
    if (waiting === undefined) return;
    const line = waiting;
    waiting = undefined;
    // All nodes follow the same ticks of the clock: what nodes in a row show then comes from one and the same message.
    write(line, Math.ceil(Date.now() / interval + 0.5) * interval);
  };

  return {
    show(fill, shape, text) {
      if (closed) return;
      waiting = { fill, shape, text };
      if (timer !== undefined) return;
      const delay = due - Date.now();
      if (delay <= 0) writeWaiting();
      else timer = setTimeout(writeWaiting, delay);
    },
    fail(text, fill = "red") {
      if (closed) return;
      waiting = undefined;
      clearTimeout(timer);
      timer = undefined;
      write({ fill, shape: "ring", text }, Date.now() + errorStays);
    },
    close() {
      closed = true;
      waiting = undefined;
      clearTimeout(timer);
    },
  };
}
