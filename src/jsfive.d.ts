/** What this package uses of jsfive, which brings no types. */
declare module "jsfive" {
  export class Group {
    readonly keys: string[];
    readonly attrs: Record<string, unknown>;
    /** Of arrays only. */
    readonly shape?: number[];
    readonly value?: ArrayLike<number>;
    get(name: string): Group;
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name: string);
  }
}
