/** What the tests use of the package, which ships no types. */
declare module "node-red-node-test-helper" {
  import type { EventEmitter } from "node:events";
  import type { Node, NodeInitializer } from "node-red";

  interface TestHelper {
    init(nodeRed: string): void;
    settings(settings: object): object;
    load(nodes: readonly NodeInitializer[], flow: readonly object[], credentials?: object): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node | null;
    /** What was logged: a list of arguments for each entry. */
    log(): { args: readonly { msg: unknown }[][] };
    request(): { get(path: string): Request; post(path: string): Request };
    _redNodes: { setFlows(flow: readonly object[], type?: string): Promise<unknown> };
    _events: EventEmitter;
    _sandbox: { resetHistory(): void };
  }

  interface Request extends PromiseLike<Response> {
    send(body: object): Request;
    set(header: string, value: string): Request;
    buffer(yes: boolean): Request;
    parse(parser: (response: EventEmitter, done: (error: Error | null, body: Buffer) => void) => void): Request;
  }

  interface Response {
    status: number;
    headers: Record<string, string>;
    body: unknown;
    text: string;
  }

  const helper: TestHelper;
  export = helper;
}
