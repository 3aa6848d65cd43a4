import { TinymlError } from "../errors";
import type { ForwarderBoard } from "../sketch/forwarder";

const pinsTo = (last: number): string[] => Array.from({ length: last + 1 }, (_, pin) => `A${pin}`);

/**
 * The boards that a sketch which forwards readings can be generated for. How fast an AVR measures and prints was counted in a simulated Uno; of the others it is a
 * cautious figure, as they were not measured.
 */
export const forwarderBoards: readonly ForwarderBoard[] = [
  {
    name: "uno",
    title: "Arduino Uno",
    fqbn: "arduino:avr:uno",
    analogPins: pinsTo(5),
    adcBits: 10,
    pinsPerSecond: 6000,
    nativeUsb: false,
    clockHz: 16e6,
  },
  {
    name: "mega2560",
    title: "Arduino Mega 2560",
    fqbn: "arduino:avr:mega:cpu=atmega2560",
    analogPins: pinsTo(15),
    adcBits: 10,
    pinsPerSecond: 6000,
    nativeUsb: false,
    clockHz: 16e6,
  },
  {
    name: "leonardo",
    title: "Arduino Leonardo",
    fqbn: "arduino:avr:leonardo",
    analogPins: pinsTo(5),
    adcBits: 10,
    pinsPerSecond: 6000,
    nativeUsb: true,
  },
  {
    name: "nano33ble",
    title: "Arduino Nano 33 BLE (Sense)",
    fqbn: "arduino:mbed_nano:nano33ble",
    analogPins: pinsTo(7),
    adcBits: 12,
    pinsPerSecond: 10_000,
    nativeUsb: true,
    imu: "lsm9ds1",
    microphone: true,
  },
  {
    name: "pico",
    title: "Raspberry Pi Pico",
    fqbn: "rp2040:rp2040:rpipico",
    analogPins: pinsTo(2),
    adcBits: 12,
    pinsPerSecond: 20_000,
    nativeUsb: true,
  },
  {
    name: "esp32",
    title: "ESP32",
    fqbn: "esp32:esp32:esp32",
    // The pins of the second converter can't be read while Wi-Fi is on.
    analogPins: ["36", "39", "34", "35", "32", "33"],
    adcBits: 12,
    pinsPerSecond: 6000,
    nativeUsb: false,
  },
];

/**
 * The board of this name.
 * @throws TinymlError TINYML_UNKNOWN_BOARD, which lists the names that there are
 */
export function findForwarderBoard(name: string): ForwarderBoard {
  const board = forwarderBoards.find((candidate) => candidate.name === name);
  if (board !== undefined) return board;
  const known = forwarderBoards.map((candidate) => candidate.name).join(", ");
  throw new TinymlError("TINYML_UNKNOWN_BOARD", `There is no board "${name}". Boards: ${known}.`);
}
