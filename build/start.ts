import { constants } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buildPackage } from "./build-package";
import { examplePath, linkPackage, startNodeRed } from "./node-red";
import { packagePath } from "./package-files";

/**
 * `npm start`: builds the package and runs Node-RED with it, with the example flow on the first start.
 * `npm start -- FOLDER` takes another user folder than .node-red, the variable PORT another port than 1880.
 */
async function start(): Promise<void> {
  const port = portToUse();
  console.log("Building …");
  await buildPackage();

  const userFolder = resolve(process.argv[2] ?? packagePath(".node-red"));
  await mkdir(userFolder, { recursive: true });
  await linkPackage(userFolder);
  await copyUnlessThere(examplePath("Potentiometer to LED"), join(userFolder, "flows.json"));

  const nodeRed = await startNodeRed({ userFolder, port, onOutput: (text) => process.stdout.write(text) });
  // A terminal sends Ctrl-C to Node-RED as well; then this waits for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void nodeRed.stop());
  console.log(`\nNode-RED runs at ${nodeRed.url}\nCtrl-C ends it.\n`);
  process.exitCode = (await nodeRed.exited) ?? 0;
}

function portToUse(): number {
  const text = process.env.PORT ?? "1880";
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT is "${text}"; it must be a number from 1 to 65535.`);
  }
  return port;
}

async function copyUnlessThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

start().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const hint = message.startsWith("Port ") ? " Another one: PORT=1881 npm start" : "";
  console.error(`${message}${hint}`);
  process.exitCode = 1;
});
