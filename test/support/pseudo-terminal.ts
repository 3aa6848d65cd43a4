import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readlink } from "node:fs/promises";
import type { Writable } from "node:stream";

/** A serial port that socat makes: what is written here can be read there, as from a board on a cable. */
export interface PseudoTerminal {
  /** The board prints something; resolves when the port has taken it. */
  print(text: string | Uint8Array): Promise<void>;
  /** Pulls the plug: the port is gone. */
  unplug(): Promise<void>;
}

const running = new Set<ChildProcessByStdio<Writable, null, null>>();

/** Plugs a board in at a path, which becomes a link to the port. Needs socat. */
export async function plugIn(path: string): Promise<PseudoTerminal> {
  const socat = spawn("socat", ["-u", "-", `pty,raw,echo=0,link=${path}`], { stdio: ["pipe", "ignore", "ignore"] });
  running.add(socat);
  socat.stdin.on("error", () => undefined);
  const ended = once(socat, "exit");
  for (let tries = 0; (await readlink(path).catch(() => "")) === ""; tries++) {
    if (tries > 1000) throw new Error(`socat made no ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    async print(text) {
      if (!socat.stdin.write(text)) await once(socat.stdin, "drain");
    },
    async unplug() {
      running.delete(socat);
      socat.kill();
      await ended;
    },
  };
}

after(() => {
  for (const socat of running) socat.kill();
  running.clear();
});
