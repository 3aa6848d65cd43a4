/** The part of the WebAssembly API that the kernels' loader uses; Node has it, its type package leaves it to the DOM's. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(limits: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Global {
    readonly value: number;
  }
  type Exports = Readonly<Record<string, Memory | Global | ((...numbers: number[]) => number)>>;
  function validate(bytes: Uint8Array): boolean;
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: Exports;
  }
}
