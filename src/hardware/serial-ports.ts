import { readdir } from "node:fs/promises";
import type * as SerialLibrary from "serialport";
import { TinymlError } from "../errors";

/** A serial port of this computer. */
export interface SerialPortInfo {
  /** What it is opened by: "/dev/ttyACM0", "COM3". */
  path: string;
  /** What is connected there, as far as it says so: "Arduino (www.arduino.cc)". */
  description?: string;
}

/** The boards that tell no name of their maker, by the USB numbers of their makers. */
const makers: Readonly<Record<string, string>> = {
  "0403": "FTDI",
  "10c4": "Silicon Labs CP210x",
  "1a86": "CH340",
  "2341": "Arduino",
  "239a": "Adafruit",
  "2e8a": "Raspberry Pi Pico",
  "303a": "Espressif",
};

/**
 * The library that opens serial ports. It is loaded with the first port, so that flows without one never need it.
 * @throws TinymlError TINYML_HARDWARE_MISSING, which says what to type
 */
export async function loadSerialLibrary(): Promise<typeof SerialLibrary> {
  try {
    return await import("serialport");
  } catch (error) {
    throw new TinymlError(
      "TINYML_HARDWARE_MISSING",
      "The package that reads serial ports can't be loaded on this machine. Type \"npm install serialport\" in Node-RED's user folder (~/.node-red) and restart Node-RED; or choose another source.",
      { cause: error },
    );
  }
}

/** The serial ports that there are, those with a board on USB first. @throws TinymlError TINYML_HARDWARE_MISSING */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  const { SerialPort } = await loadSerialLibrary();
  // Where the list can't be had (containers without udev), the names of the devices tell what there is.
  const found = await SerialPort.list().catch(() => namedDevices());
  return found
    .map(({ path, manufacturer, vendorId }) => {
      const description = manufacturer ?? makers[vendorId?.toLowerCase() ?? ""];
      return {
        port: { path, ...(description && { description }) },
        isUsb: vendorId !== undefined || /USB|ACM/.test(path),
      };
    })
    .sort(
      (a, b) => Number(b.isUsb) - Number(a.isUsb) || a.port.path.localeCompare(b.port.path, "en", { numeric: true }),
    )
    .map(({ port }) => port);
}

async function namedDevices(): Promise<{ path: string; manufacturer?: string; vendorId?: string }[]> {
  const names = await readdir("/dev").catch(() => []);
  return names
    .filter((name) => /^(tty(ACM|USB|AMA|S)\d+|rfcomm\d+|cu\..+)$/.test(name))
    .map((name) => ({ path: `/dev/${name}` }));
}
