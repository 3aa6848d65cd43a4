import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { importSamples } from "../../../src/dataset/exchange/import-samples";
import type { NamedBytes } from "../../../src/dataset/exchange/named-bytes";
import { createUnpackBudget } from "../../../src/dataset/exchange/named-bytes";
import { unpack } from "../../../src/dataset/exchange/unpack";
import { temporaryFolder } from "../../support/folders";
import { requireTool, runTool } from "../../support/tools";
import { folderOf } from "../support/tree";

const text = (value: string): Buffer => Buffer.from(value);
const contents = (files: readonly NamedBytes[]): Record<string, string> =>
  Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]));
const open = (name: string, bytes: Uint8Array): Promise<NamedBytes[]> =>
  unpack([{ name, bytes }], createUnpackBudget());

/** Writes hostile archives with Python's zipfile and tarfile, which write what they are told. */
const hostile = `
import io, os, sys, tarfile, zipfile
os.chdir(sys.argv[1])
def archive(name, *entries, mode=None, kind=None):
    with zipfile.ZipFile(name + ".zip", "w") as z:
        for path in entries:
            info = zipfile.ZipInfo("x"); info.filename = path; info.create_system = 3
            info.external_attr = (mode or 0o100644) << 16
            z.writestr(info, "1,2\\n")
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(name + "." + str(form) + ".tar", "w", format=form) as t:
            for path in entries:
                info = tarfile.TarInfo("x"); info.name = path
                if kind is None: info.size = 4
                else: info.type = kind; info.linkname = "/etc/passwd"
                t.addfile(info, io.BytesIO(b"1,2\\n"))
archive("absolute", "/etc/a.csv")
archive("above", "a/../../b.csv")
archive("backslash", "a\\\\..\\\\b.csv")
archive("drive", "C:/b.csv")
archive("control", "a\\x1b[2J.csv")
archive("long", "a/" * 600 + "b.csv")
archive("twice", "a.csv", "a.csv")
archive("symbolic-link", "a.csv", mode=0o120777, kind=tarfile.SYMTYPE)
archive("device", "a.csv", mode=0o020666, kind=tarfile.CHRTYPE)
archive("pipe", "a.csv", mode=0o010666, kind=tarfile.FIFOTYPE)
with tarfile.open("hard-link.tar", "w") as t:
    info = tarfile.TarInfo("a.csv"); info.type = tarfile.LNKTYPE; info.linkname = "../b.csv"; t.addfile(info)
with zipfile.ZipFile("bzip2.zip", "w", zipfile.ZIP_BZIP2) as z: z.writestr("a.csv", "1,2\\n" * 99)
`;

describe("archives", function () {
  this.timeout(30_000);

  for (const [what, args, file] of [
    ["zip, deflated", ["zip", "-qr", "out", "."], "out.zip"],
    ["zip, stored", ["zip", "-qr0", "out", "."], "out.zip"],
    ["zip by Python", ["python3", "-m", "zipfile", "-c", "out.zip", "a", "ü.csv"], "out.zip"],
    ["tar, GNU", ["tar", "--format=gnu", "-cf", "../out.tar", "."], "../out.tar"],
    ["tar, pax", ["tar", "--format=pax", "-cf", "../out.tar", "."], "../out.tar"],
    ["tar, ustar", ["tar", "--format=ustar", "-cf", "../out.tar", "."], "../out.tar"],
    ["tar.gz", ["tar", "-czf", "../out.tgz", "."], "../out.tgz"],
  ] as const) {
    it(`reads what another program packed: ${what}`, async function () {
      const [tool, ...rest] = args;
      requireTool(this, tool);
      const long = `${"folder of many letters/".repeat(6)}y.csv`;
      const files = { "a/x.csv": "a,b\n".repeat(500), "ü.csv": "", [`a/${long}`]: "3,4\n" };
      const folder = await folderOf({ ...files, ".hidden": "x", "a/Thumbs.db": "x" });
      runTool(tool, rest, undefined, folder);
      assert.deepEqual(contents(await open(file, readFileSync(join(folder, file)))), files);
    });
  }

  it("opens archives in archives; the inner one's name becomes a folder", async () => {
    const inner = zipSync({ "1.csv": text("x\n1\n") });
    const outer = zipSync({ "yes.zip": inner, "no-samples.zip": inner, "data/b.csv.gz": gzipSync("y\n") });
    assert.deepEqual(contents(await open("all.zip", outer)), {
      "yes/1.csv": "x\n1\n",
      "no/1.csv": "x\n1\n",
      "data/b.csv": "y\n",
    });
    const deep = zipSync({ "3.zip": zipSync({ "2.zip": zipSync({ "1.zip": inner }) }) });
    await assert.rejects(open("deep.zip", deep), { code: "TINYML_IMPORT_INVALID", message: /1\.zip.*too deep/ });
  });

  it("refuses entries that lead elsewhere, links, devices and what it can't unpack, each by its name", async function () {
    requireTool(this, "python3");
    const folder = await temporaryFolder();
    runTool("python3", ["-c", hostile, folder]);
    const says: Record<string, RegExp> = {
      absolute: /"\/etc\/a\.csv" begins at the root/,
      above: /"a\/\.\.\/\.\.\/b\.csv" leads out/,
      backslash: /has a "\\"/,
      drive: /"C:\/b\.csv" names a drive/,
      control: /"a\\u001b\[2J\.csv" has control characters/,
      long: /longer than 1024/,
      twice: /two entries with the path "a\.csv"/,
      "symbolic-link": /"a\.csv" is a link/,
      "hard-link": /"a\.csv" is a link/,
      device: /"a\.csv" is a link, a device/,
      pipe: /"a\.csv" is a link, a device or a pipe/,
      bzip2: /"a\.csv" is packed in a way \(12\)/,
    };
    const files = readdirSync(folder);
    assert.equal(files.length, 32);
    for (const file of files) {
      const name = file.replace(/(\.\d)?\.(zip|tar)$/, "");
      await assert.rejects(
        importSamples([{ name: file, bytes: readFileSync(join(folder, file)) }]),
        { code: "TINYML_IMPORT_INVALID", message: says[name] },
        file,
      );
    }
  });

  it("refuses an encrypted entry", async function () {
    requireTool(this, "zip");
    const folder = await folderOf({ "a.csv": "a,b\n1,2\n" });
    runTool("zip", ["-q", "-P", "secret", "out.zip", "a.csv"], undefined, folder);
    await assert.rejects(open("out.zip", readFileSync(join(folder, "out.zip"))), {
      code: "TINYML_IMPORT_INVALID",
      message: /"a\.csv" is encrypted/,
    });
  });

  const zip = Buffer.from(zipSync({ "a.csv": text("a,b\n".repeat(100)) }));
  const central = zip.indexOf("PK\x01\x02");
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(zip);
    change(bytes);
    return bytes;
  };
  for (const [what, bytes, says] of [
    ["that claims less than it unpacks to", changed((each) => each.writeUInt32LE(40, central + 24)), /40 bytes/],
    ["that claims more", changed((each) => each.writeUInt32LE(4000, central + 24)), /4000 bytes/],
    ["that claims gigabytes", changed((each) => each.writeUInt32LE(0xfffffff0, central + 24)), /more than 512 MB/],
    ["with a wrong checksum", changed((each) => each.writeUInt32LE(1, central + 16)), /wrong checksum/],
    ["that is somewhere else", changed((each) => each.writeUInt32LE(7, central + 42)), /not where/],
    ["whose packed bytes are damaged", changed((each) => each.fill(0xff, 37, 45)), /a\.csv/],
    ["in an archive that is cut short", zip.subarray(0, -9), /cut short/],
    ["in an archive that lacks its beginning", zip.subarray(9), /a\.csv|can't be imported/],
  ] as const) {
    it(`refuses an entry ${what}`, async () => {
      await assert.rejects(importSamples([{ name: "x.zip", bytes }]), {
        code: "TINYML_IMPORT_INVALID",
        message: says,
      });
    });
  }

  it("refuses entries that share their bytes, as the bombs of overlapping files do", async () => {
    const two = Buffer.from(zipSync({ "a.csv": text("a,b\n"), "b.csv": text("a,b\n") }, { level: 0 }));
    const second = two.lastIndexOf("PK\x01\x02");
    two.write("a", second + 46);
    two.writeUInt32LE(0, second + 42);
    await assert.rejects(open("x.zip", two), { code: "TINYML_IMPORT_INVALID", message: /two entries|overlaps/ });
  });

  it("stops at its limits, before it takes memory", async () => {
    const zeros = Buffer.alloc(2 ** 20);
    const limits = { bytes: 2 ** 21, entries: 5 };
    const bombs: [name: string, bytes: Uint8Array][] = [
      ["bytes.zip", zipSync({ "1.csv": zeros, "2.csv": zeros, "3.csv": zeros })],
      [
        "nested.zip",
        zipSync({ "1.zip": zipSync({ "1.csv": zeros }), "2.zip": zipSync({ "2.csv": zeros, "3.csv": zeros }) }),
      ],
      ["packed.csv.gz", gzipSync(Buffer.alloc(2 ** 22))],
      ["entries.zip", zipSync(Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.csv`, text("")])))],
    ];
    for (const [name, bytes] of bombs) {
      await assert.rejects(
        importSamples([{ name, bytes }], { limits }),
        { code: "TINYML_IMPORT_INVALID", message: /more than 2 MB|5 files and folders are the most/ },
        name,
      );
    }
  });

  it("refuses a tar archive that is cut short between two files", async function () {
    requireTool(this, "tar");
    const folder = await folderOf({ "a.csv": "a,b\n1,2\n", "b.csv": "a,b\n1,2\n" });
    const bytes = runTool("tar", ["-cf", "-", "a.csv", "b.csv"], undefined, folder);
    for (const length of [1024, 1500, 600]) {
      await assert.rejects(open("x.tar", bytes.subarray(0, length)), {
        code: "TINYML_IMPORT_INVALID",
        message: /cut short/,
      });
    }
  });
});
