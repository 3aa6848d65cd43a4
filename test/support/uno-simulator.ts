import {
  AVRADC,
  AVRIOPort,
  AVRTimer,
  AVRUSART,
  adcConfig,
  avrInstruction,
  CPU,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  usart0Config,
} from "avr8js";

const clockHertz = 16e6;
const flashBytes = 32768;
const referenceVolts = 5;
const adcCodes = 1024;
/** Registers of timer 1, which makes the PWM of pin 9. */
const TCCR1A = 0x80;
const COM1A1 = 0x80;
const OCR1AL = 0x88;

/** An Arduino Uno with nothing but its chip: voltages in, PWM, pins and serial text out. */
export class UnoSimulator {
  readonly #cpu: CPU;
  readonly #adc: AVRADC;
  readonly #portB: AVRIOPort;
  readonly #lines: string[] = [];
  #line = "";

  /** @param hex the compiled sketch, Intel HEX */
  constructor(hex: string) {
    const program = new Uint8Array(flashBytes);
    loadHex(hex, program);
    this.#cpu = new CPU(new Uint16Array(program.buffer));
    this.#portB = new AVRIOPort(this.#cpu, portBConfig);
    for (const config of [portCConfig, portDConfig]) new AVRIOPort(this.#cpu, config);
    for (const config of [timer0Config, timer1Config, timer2Config]) new AVRTimer(this.#cpu, config);
    this.#adc = new AVRADC(this.#cpu, adcConfig);
    const usart = new AVRUSART(this.#cpu, usart0Config, clockHertz);
    usart.onByteTransmit = (byte) => {
      if (byte !== 10) this.#line += String.fromCharCode(byte);
      else {
        this.#lines.push(Buffer.from(this.#line.replace(/\r$/, ""), "latin1").toString("utf8"));
        this.#line = "";
      }
    };
  }

  /** Cycles since the start; 16 of them are a microsecond. */
  get cycles(): number {
    return this.#cpu.cycles;
  }

  /** Lets analogRead of a pin (0 for A0) give this code, 0 … 1023. */
  setAdcCode(pin: number, code: number): void {
    // The middle of the code's step, so that no rounding can reach the next one.
    this.#adc.channelValues[pin] = ((code + 0.5) * referenceVolts) / adcCodes;
  }

  /** What pin 9 puts out, 0 … 255: its PWM, or its level when the sketch has switched the PWM off. */
  pwm9(): number {
    const { data } = this.#cpu;
    if (data[TCCR1A] & COM1A1) return data[OCR1AL] | (data[OCR1AL + 1] << 8);
    return this.pin(9) ? 255 : 0;
  }

  /** Whether the sketch drives a pin of 8 … 13 high. */
  pin(number: number): boolean {
    return this.#portB.pinState(number - 8) === 1;
  }

  /** Runs until the sketch has sent another line over the serial port; the line without its end. */
  readLine(timeoutSeconds = 2): string {
    const end = this.#cpu.cycles + timeoutSeconds * clockHertz;
    while (this.#lines.length === 0) {
      if (this.#cpu.cycles > end) throw new Error(`the sketch sent no line within ${timeoutSeconds} simulated seconds`);
      this.#step();
    }
    return this.#lines.shift() ?? "";
  }

  /** Runs until the program reaches a byte address in flash. */
  runTo(address: number, timeoutSeconds = 2): void {
    const end = this.#cpu.cycles + timeoutSeconds * clockHertz;
    do {
      if (this.#cpu.cycles > end) throw new Error(`the program did not come by ${address.toString(16)}`);
      this.#step();
    } while (this.#cpu.pc * 2 !== address);
  }

  /** Runs until the function that has just been entered returns; the cycles it took, interrupts included. */
  cyclesOfCall(): number {
    const { data, dataView } = this.#cpu;
    const from = this.#cpu.cycles;
    const stack = dataView.getUint16(93, true);
    // The return address lies above the stack pointer, high byte first.
    const back = (data[stack + 1] << 8) | data[stack + 2];
    do this.#step();
    while (this.#cpu.pc !== back || dataView.getUint16(93, true) !== stack + 2);
    return this.#cpu.cycles - from;
  }

  #step(): void {
    avrInstruction(this.#cpu);
    this.#cpu.tick();
  }
}

function loadHex(hex: string, target: Uint8Array): void {
  for (const line of hex.split(/\r?\n/)) {
    const [, length, address, type, data] = /^:(..)(....)(..)(.*)..$/.exec(line) ?? [];
    if (type !== "00" || data === undefined) continue;
    const bytes = Buffer.from(data, "hex");
    if (bytes.length !== Number.parseInt(length, 16)) throw new Error(`damaged line in the HEX file: ${line}`);
    target.set(bytes, Number.parseInt(address, 16));
  }
}
