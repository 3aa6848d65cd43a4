/** Files ready to be written into one folder. */
export interface Sketch {
  /** The folder's name; for Arduino also that of its .ino file. */
  name: string;
  /** Text by file name. */
  files: Record<string, string>;
  /** What the compiled sketch will take; only where the template is for a board. */
  estimate?: SketchEstimate;
}

/** Sizes as the Arduino tools print them: flash with initialized data, RAM without the stack. */
export interface SketchEstimate {
  flashBytes: number;
  ramBytes: number;
}

export interface SketchOptions {
  /** "arduino": a sketch for the board. "stdio": a C program that reads raw inputs and writes raw outputs. */
  template: SketchTemplate;
  /** The model's name; becomes the folder's name as far as the template's tools allow. */
  name: string;
  /** The C files and headers of src/kernels by file name; the sketch gets those that its model needs. */
  kernelSources: Readonly<Record<string, string>>;
  /**
   * One input and the output that the model has for it, as raw elements of its tensors. An Arduino sketch checks at its
   * start that the board computes the same; without one it checks nothing.
   */
  knownAnswer?: KnownAnswer | undefined;
  /** Classification: the label that lights the board's LED; the first one unless given. */
  ledLabel?: string;
}

export type SketchTemplate = "arduino" | "stdio";

export interface KnownAnswer {
  input: ArrayLike<number>;
  output: ArrayLike<number>;
}
