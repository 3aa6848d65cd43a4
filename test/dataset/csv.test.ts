import assert from "node:assert/strict";
import fc from "fast-check";
import { createRecordScanner, formatCells, parseNumber, parseRecords } from "../../src/dataset/csv";
import { readCsv } from "../../src/dataset/read-csv";

const label = fc.oneof(
  fc.string({ unit: fc.constantFrom(",", ";", '"', "\n", "\r", "\t", " ", "a", "ü", "雨", "=", "\uFEFF", "'") }),
  fc.string({ unit: "grapheme" }),
);

describe("CSV", () => {
  it("gives back every number and every text that was written", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ noDefaultInfinity: true, noNaN: true }), label)), (rows) => {
        const text = `x,label\n${rows.map((row) => formatCells(row)).join("")}`;
        const [header, ...read] = parseRecords(text);
        assert.deepEqual(header, ["x", "label"]);
        assert.equal(read.length, rows.length);
        read.forEach(([number = "", found], i) => {
          assert.ok(Object.is(parseNumber(number), rows[i]?.[0]), `${number} of ${rows[i]?.[0]}`);
          assert.equal(found, rows[i]?.[1]);
        });
      }),
    );
  });

  it("finds the ends of records in any pieces, as the parser does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer(), label), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (rows, size) => {
          const lines = rows.map((row) => formatCells(row));
          const bytes = Buffer.from(lines.join(""));
          const ends: number[] = [];
          const scanner = createRecordScanner((end) => ends.push(end));
          for (let i = 0; i < bytes.length; i += size) scanner.push(bytes.subarray(i, i + size));
          let end = 0;
          const expected = lines.map((line) => {
            end += Buffer.byteLength(line);
            return end;
          });
          assert.deepEqual(ends, expected);
        },
      ),
    );
  });

  it("takes decimal notation only for a number", () => {
    for (const [text, number] of [
      ["1", 1],
      ["-0.5", -0.5],
      [" 2e3 ", 2000],
      [".5", 0.5],
      ["5.", 5],
      ["+1E-2", 0.01],
    ] as const) {
      assert.equal(parseNumber(text), number);
    }
    for (const text of ["", " ", "0x10", "1,5", "NaN", "Infinity", "1 2", "--1", "e5", ".", "1e", "true"]) {
      assert.equal(parseNumber(text), undefined, text);
    }
  });
});

describe("readCsv", () => {
  it("reads a header, channels and labels", () => {
    const table = readCsv("x,y,kind\n1,2,on\n3,4,off\n5,6,on\n", { name: "lamp" });
    assert.deepEqual(table, {
      name: "lamp",
      task: "classification",
      channels: [
        { name: "x", unit: "" },
        { name: "y", unit: "" },
      ],
      labels: ["on", "off"],
      inputs: Float32Array.of(1, 2, 3, 4, 5, 6),
      outputs: Float32Array.of(0, 1, 0),
      rows: 3,
    });
  });

  it("predicts numbers when the last column holds numbers, unless it is told that they are labels", () => {
    const text = "x,y\n1,10\n2,9\n3,10\n";
    const regression = readCsv(text);
    assert.equal(regression.task, "regression");
    assert.deepEqual(regression.targets, [{ name: "y", unit: "" }]);
    assert.deepEqual([...regression.outputs], [10, 9, 10]);
    const classification = readCsv(text, { task: "classification" });
    assert.deepEqual(classification.labels, ["9", "10"], "in the order of the numbers");
    assert.deepEqual([...classification.outputs], [1, 0, 1]);
  });

  it("takes as many target columns as it is told", () => {
    const table = readCsv("x,a,b\n1,2,3\n4,5,6\n", { targets: 2 });
    assert.deepEqual([...table.outputs], [2, 3, 5, 6]);
    assert.deepEqual(
      table.targets?.map((target) => target.name),
      ["a", "b"],
    );
  });

  it("reads what spreadsheets write: byte order mark, semicolons, tabs, CRLF, blank lines, no last line break", () => {
    for (const text of [
      "\uFEFFx,y\r\n1,2\r\n3,4\r\n",
      "x;y\n1;2\n3;4",
      "x\ty\r\n1\t2\r\n\r\n3\t4",
      "\nx,y\n\n1,2\n3,4\n\n",
      '"x",y\n"1","2"\n3, 4',
    ]) {
      const table = readCsv(text);
      assert.deepEqual([...table.inputs, ...table.outputs], [1, 3, 2, 4], JSON.stringify(text));
      assert.equal(table.channels[0]?.name, "x");
    }
  });

  it("names the line and what is wrong with it", () => {
    const cases: [string, string, RegExp][] = [
      ["", "TINYML_DATASET_EMPTY", /no rows/],
      ["x,y\n", "TINYML_DATASET_EMPTY", /no rows/],
      ["1,2\n3,4\n", "TINYML_DATASET_CORRUPT", /first line .* must name the columns/],
      ["x\n1\n", "TINYML_DATASET_CORRUPT", /too few columns/],
      ["x,y\n1,2\n\n3\n", "TINYML_DATASET_CORRUPT", /Line 4 .*1 columns, the header has 2/],
      ["x,y\n1,2,3\n", "TINYML_DATASET_CORRUPT", /Line 2 /],
      ['x,y\n"\n1",a\ntwo,c\n', "TINYML_NOT_A_NUMBER", /Line 4 .*"x" must be a number.*"two"/],
      ['x,y\n1,a\n2,"a\nb"\n', "TINYML_UNKNOWN_LABEL", /Line 4 .*"a\\nb", which has control characters/],
      ['x,"y\u001b"\n1,a\n', "TINYML_DATASET_CORRUPT", /column "y\\u001b", which has control characters/],
      ["1,2,on\n3,4,off\n", "TINYML_DATASET_CORRUPT", /first line .* must name the columns.*number 1/],
      ["x,2,kind\n3,4,off\n", "TINYML_DATASET_CORRUPT", /number 2\./],
      ["x;y\n0,5;a\n", "TINYML_NOT_A_NUMBER", /Line 2 .*decimal point/],
      ["x,y\n1e39,a\n", "TINYML_NOT_A_NUMBER", /Line 2/],
      ["x,y\n1,a\n2,\n", "TINYML_NO_LABEL", /Line 3 .*"y" is empty/],
      ['x,y\n1,a\n1,"a\n2,b\n3,c\n', "TINYML_DATASET_CORRUPT", /Line 3 .*quote .* not closed/],
      ['x,y\n1,2\n2,b"c"\n', "TINYML_DATASET_CORRUPT", /Line 3 .*quote/],
    ];
    for (const [text, code, message] of cases)
      assert.throws(() => readCsv(text), { code, message }, JSON.stringify(text));
    assert.throws(() => readCsv("x,y\n1,a\n", { task: "regression" }), { code: "TINYML_NOT_A_NUMBER" });
  });

  it("drops spaces around labels, but for quoted ones", () => {
    for (const [delimiter, space] of [
      [", ", " "],
      [" ;  ", "  "],
      ["\t", " "],
    ]) {
      const cells = (...list: string[]): string => `${space}${list.join(delimiter)}${space}`;
      const text = [cells("x", "kind"), cells("1", "on"), cells("2", '" on"'), cells("3", "o n")].join("\n");
      const table = readCsv(text);
      assert.deepEqual([table.labels, table.channels[0]?.name], [["on", " on", "o n"], "x"], text);
    }
  });

  it("takes a quote that is left open for a fault of its line, soon and in time", () => {
    const rows = Array.from({ length: 2_000_000 }, (_, i) => `${i},b`).join("\n");
    const started = performance.now();
    assert.throws(() => readCsv(`x,y\n1,a\n2,"b\n${rows}\n`), {
      code: "TINYML_DATASET_CORRUPT",
      message: /Line 3 of .*a quote .* that opens there is not closed/,
    });
    assert.ok(performance.now() - started < 5000);
    assert.throws(() => readCsv(`x,y\n1,a\n2,${"b".repeat(2 ** 21)}`), { message: /Line 3 of .* longer than 1 MB/ });
  });

  it("never fails but with a code, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("x", "1", ".", ",", ";", "\n", "\r", '"', " ", "-", "\uFEFF", "ü") }),
        (text) => {
          try {
            const table = readCsv(text);
            assert.ok(table.rows > 0);
          } catch (error) {
            assert.match(
              String(error instanceof Error && "code" in error && error.code),
              /^TINYML_(DATASET|NOT|NO|UNKNOWN_LABEL)/,
            );
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
