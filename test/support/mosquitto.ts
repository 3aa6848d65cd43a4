import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import path from "node:path";
import { temporaryFolder } from "./folders";
import { requireTool, runTool } from "./tools";

/** A broker on a port of this machine that nobody else reaches, with TLS and a password. */
export interface Broker {
  readonly port: number;
  /** The certificate that clients trust. */
  readonly certificate: string;
  readonly user: string;
  readonly password: string;
  /** Ends the broker, as a power cut would. */
  stop(): Promise<void>;
  /** Starts it again, on the same port and with what it kept on disk. */
  start(): Promise<void>;
  /** Subscribes with mosquitto's own client and gives the next `count` messages, "topic payload" each, once it listens; a client with a name gets those that the broker kept for it, too. */
  subscribe(topic: string, count: number, client?: string): Promise<{ messages: Promise<string[]> }>;
  /** Lets a client of that name subscribe and go away; from then on the broker keeps its messages. */
  remember(topic: string, client: string): void;
}

/** Debian keeps the broker among the programs of administrators. */
function addSystemFolder(): void {
  if (!process.env.PATH?.split(":").includes("/usr/sbin")) process.env.PATH = `${process.env.PATH}:/usr/sbin`;
}

/** Call first in a hook of tests that need a broker. */
export function requireMosquitto(context: Mocha.Context): void {
  addSystemFolder();
  requireTool(context, "mosquitto", "mosquitto_passwd", "mosquitto_sub", "openssl");
}

/** A broker in a folder of its own; whoever starts it stops it. */
export async function startMosquitto(): Promise<Broker> {
  const folder = await temporaryFolder();
  const file = (name: string): string => path.join(folder, name);
  const [user, password] = ["maker", "not a secret"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  runTool("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject],
    ...["-keyout", file("key.pem"), "-out", file("certificate.pem")],
  ]);
  runTool("mosquitto_passwd", ["-b", "-c", file("passwords"), user, password]);
  const port = await freePort();
  await writeFile(
    file("mosquitto.conf"),
    [
      `listener ${port} 127.0.0.1`,
      `certfile ${file("certificate.pem")}`,
      `keyfile ${file("key.pem")}`,
      "allow_anonymous false",
      `password_file ${file("passwords")}`,
      "persistence true",
      `persistence_location ${folder}/`,
      "autosave_on_changes true",
      "autosave_interval 1",
      // As root the broker would become another user, who may not read the folder.
      ...(process.getuid?.() === 0 ? ["user root"] : []),
    ].join("\n"),
  );
  const connection = [
    ...["-h", "127.0.0.1", "-p", String(port), "--cafile", file("certificate.pem"), "-u", user, "-P", password],
  ];
  let child: ChildProcess | undefined;
  const broker: Broker = {
    port,
    certificate: file("certificate.pem"),
    user,
    password,
    async start() {
      child = spawn("mosquitto", ["-c", file("mosquitto.conf")], { stdio: "ignore" });
      await untilOpen(port);
    },
    async stop() {
      const stopped = child;
      child = undefined;
      if (stopped === undefined || stopped.exitCode !== null) return;
      const gone = once(stopped, "exit");
      stopped.kill("SIGTERM");
      await gone;
    },
    remember(topic, client) {
      runTool("mosquitto_sub", [...connection, "-q", "1", "-t", topic, "-i", client, "-c", "-E"]);
    },
    async subscribe(topic, count, id) {
      // Into a pipe the client would write only when it ends.
      const client = spawn("stdbuf", [
        ...["-oL", "mosquitto_sub", ...connection],
        ...["-q", "1", "-t", topic, "-C", String(count), "-W", "20", "-F", "%t %p", "-d"],
        ...(id === undefined ? [] : ["-i", id, "-c"]),
      ]);
      const messages: string[] = [];
      let ready = (): void => {};
      const subscribed = new Promise<void>((resolve) => {
        ready = resolve;
      });
      let rest = "";
      client.stdout.on("data", (bytes: Buffer) => {
        const lines = (rest + bytes.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (/^Subscribed \(mid/.test(line)) ready();
          else if (!/^(Client |Subscribed )/.test(line)) messages.push(line);
        }
      });
      const ended = once(client, "exit").then(() => {
        ready();
        return messages;
      });
      await subscribed;
      return { messages: ended };
    },
  };
  await broker.start();
  return broker;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nobody listens on port ${port}.`);
}
