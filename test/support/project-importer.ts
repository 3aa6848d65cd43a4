/*
 * A process that imports a project until it is killed: `project-importer.js STORAGE ARCHIVE STEP`. It kills itself, as `kill -9` does, right before
 * the step of that number: each call that changes something on the disk is one. Exits with 0 where the import has fewer.
 */
import fs from "node:fs/promises";
import { importProject } from "../../src/project";

async function importUntil(storage: string, archive: string, step: number): Promise<void> {
  const bytes = await fs.readFile(archive);
  let left = step;
  const counted = <Parameters extends unknown[], Result>(call: (...given: Parameters) => Result) => {
    return (...given: Parameters): Result => {
      if (left === 0) process.kill(process.pid, "SIGKILL");
      left -= 1;
      return call(...given);
    };
  };
  Object.assign(fs, {
    rename: counted(fs.rename),
    rm: counted(fs.rm),
    mkdir: counted(fs.mkdir),
    open: counted(fs.open),
  });
  await importProject(storage, { name: "project.zip", bytes });
}

importUntil(process.argv[2] ?? "", process.argv[3] ?? "", Number(process.argv[4])).catch((error) => {
  console.error(error);
  process.exit(1);
});
