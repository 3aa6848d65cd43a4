import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { requireTool } from "./tools";

/** A disk of 128 KB. Where mounting is not allowed the test is skipped and says so; with CI=true it fails. */
export async function mountSmallDisk(context: Mocha.Context, path: string): Promise<string> {
  requireTool(context, "mount", "umount");
  await mkdir(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", path], { stdio: "ignore" });
  } catch (error) {
    const message = "needs the right to mount; the file size limit stands in";
    if (process.env.CI === "true") throw new Error(message, { cause: error });
    if (context.test) context.test.title += ` [skipped: ${message}]`;
    context.skip();
  }
  return path;
}
