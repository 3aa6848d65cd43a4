/** A microcontroller board, as far as a sketch has to know it. */
export interface Board {
  /** The name that flows and the command line use: "uno". */
  name: string;
  /** The name for people: "Arduino Uno". */
  title: string;
  /** What the Arduino tools call it: "arduino:avr:uno". */
  fqbn: string;
  /** Which table of measured sizes the estimate takes. */
  architecture: "avr";
  /** Flash that a sketch may fill, without the bootloader. */
  flashBytes: number;
  ramBytes: number;
  /** RAM that is left for the stack. On a simulated Uno our sketches went 140 bytes deep at most; this is over twice that. */
  stackBytes: number;
  /** The pins that analogRead knows, in the order in which a model's channels take them. */
  analogPins: readonly string[];
  /** analogRead gives 0 … 2^adcBits − 1. */
  adcBits: number;
  /** Where analogWrite puts a prediction; 8 bits, 0 … 255. */
  pwmPin: number;
}
