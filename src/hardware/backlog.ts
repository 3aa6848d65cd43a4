/** A queue between what measures and what takes the readings, of a limited length. */
export interface Backlog<Item> {
  /** Items that were dropped because too many waited. */
  readonly dropped: number;
  push(item: Item): void;
  /** Forgets what waits; nothing is delivered any more. */
  close(): void;
}

/** How a backlog is kept. */
export interface BacklogOptions {
  /** Items that may wait. Beyond, the oldest is dropped: the newest readings tell most of now. */
  limit: number;
  /** Items that are delivered before others get a turn of the event loop. */
  perTurn: number;
}

/** A backlog that delivers in order, as fast as the event loop gets around to it. */
export function createBacklog<Item>(deliver: (item: Item) => void, { limit, perTurn }: BacklogOptions): Backlog<Item> {
  let waiting: Item[] = [];
  let next = 0;
  let dropped = 0;
  let turn: NodeJS.Immediate | undefined;

  const deliverSome = () => {
    turn = undefined;
    for (let count = 0; count < perTurn && next < waiting.length; count++) {
      const item = waiting[next];
      next += 1;
      deliver(item);
    }
    if (next >= waiting.length) {
      waiting = [];
      next = 0;
    } else turn ??= setImmediate(deliverSome);
  };

  return {
    get dropped() {
      return dropped;
    },
    push(item) {
      if (waiting.length - next >= limit) {
        next += 1;
        dropped += 1;
      }
      if (next >= limit) {
        waiting = waiting.slice(next);
        next = 0;
      }
      waiting.push(item);
      turn ??= setImmediate(deliverSome);
    },
    close() {
      waiting = [];
      next = 0;
      clearImmediate(turn);
      turn = undefined;
    },
  };
}
