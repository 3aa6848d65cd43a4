import { parentPort } from "node:worker_threads";
import { type ErrorCode, TinymlError, toTinymlError } from "./errors";
import { startThread } from "./worker-thread";

/** What such a thread posts. */
type Reply<Answer> = { id: number } & ({ answer: Answer } | { code: ErrorCode; message: string });

/** A thread that lives on between the requests that it answers, one after another. */
export interface RequestThread<Request, Answer> {
  /**
   * Asks something; answers come in the order of the requests.
   * @param request plain data that is copied to the thread, but for the buffers in `transfer`, which are moved there
   * @throws TinymlError (as a rejection) what the thread throws, TINYML_WORKER_FAILED when it died
   */
  ask(request: Request, transfer?: readonly ArrayBuffer[]): Promise<Answer>;
  /** Whether the thread has died or was ended. */
  readonly ended: boolean;
  /** Ends the thread; requests that wait for their answer are rejected with the reason. */
  end(reason: TinymlError): void;
}

/** Starts a script of dist/ that calls `serveRequests`. While nothing is asked, the thread doesn't keep the process alive. */
export function startRequestThread<Request, Answer>(script: string): RequestThread<Request, Answer> {
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: TinymlError): void }>();
  let ended = false;
  let lastId = 0;
  const end = (error: TinymlError): void => {
    ended = true;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const worker = startThread(script, undefined, end);
  worker.unref();
  worker.on("message", (reply: Reply<Answer>) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if ("answer" in reply) request?.resolve(reply.answer);
    else request?.reject(new TinymlError(reply.code, reply.message));
  });
  return {
    get ended() {
      return ended;
    },
    ask(request, transfer = []) {
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        worker.postMessage({ id, request }, transfer);
        waiting.set(id, { resolve, reject });
        worker.ref();
      });
    },
    end(reason) {
      end(reason);
      void worker.terminate();
    },
  };
}

/** The whole program of such a thread. An answer that is a promise is sent when it is there; others may overtake it. */
export function serveRequests<Request, Answer>(answer: (request: Request) => Answer | Promise<Answer>): void {
  parentPort?.on("message", ({ id, request }: { id: number; request: Request }) => {
    const send = (reply: Reply<Answer>): void => parentPort?.postMessage(reply);
    const fail = (thrown: unknown): void => {
      const { code, message } = toTinymlError(thrown);
      send({ id, code, message });
    };
    try {
      const given = answer(request);
      if (given instanceof Promise) given.then((kept) => send({ id, answer: kept })).catch(fail);
      else send({ id, answer: given });
    } catch (thrown) {
      fail(thrown);
    }
  });
}
