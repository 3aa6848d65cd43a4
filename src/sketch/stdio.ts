import type { CodeTensor, ModelCode } from "./model-code";

const readFunctions = [
  "/* Turns elements of so many bytes between the order of this machine and that of files, which is little-endian. */",
  "static void tinyml_reorder(unsigned char *bytes, size_t count, size_t size) {",
  "  const uint16_t one = 1;",
  "  if (*(const unsigned char *)&one == 1) return;",
  "  for (; count > 0; count--, bytes += size) {",
  "    for (size_t i = 0; i < size / 2; i++) {",
  "      unsigned char byte = bytes[i];",
  "      bytes[i] = bytes[size - 1 - i];",
  "      bytes[size - 1 - i] = byte;",
  "    }",
  "  }",
  "}",
  "",
  "/* Reads the elements of an input; returns how many bytes came before the end. */",
  "static size_t tinyml_read(void *values, size_t count, size_t size) {",
  "  size_t got = fread(values, 1, count * size, stdin);",
  "  tinyml_reorder((unsigned char *)values, count, size);",
  "  return got;",
  "}",
  "",
  "static void tinyml_write(void *values, size_t count, size_t size) {",
  "  tinyml_reorder((unsigned char *)values, count, size);",
  "  fwrite(values, size, count, stdout);",
  "  tinyml_reorder((unsigned char *)values, count, size);",
  "}",
];

/**
 * main.c of a program that turns raw input samples on standard input into raw outputs on standard output, for any host
 * with a C compiler: `cc FOLDER/*.c -lm`.
 */
export function generateStdioMain(code: ModelCode): string {
  const read = ({ macro, elementType }: CodeTensor): string =>
    `tinyml_read(${macro}, ${macro}_LENGTH, sizeof(${elementType}))`;
  const bytes = ({ macro, elementType }: CodeTensor): string => `sizeof(${elementType}) * ${macro}_LENGTH`;
  const [first, ...others] = code.inputs;
  const samples =
    first === undefined
      ? ["  tinyml_model_run();", ...writes(code, "  ")]
      : [
          "  size_t got;",
          `  while ((got = ${read(first)}) == ${bytes(first)}) {`,
          ...others.map((input) => `    if (${read(input)} < ${bytes(input)}) return tinyml_cut_short();`),
          "    tinyml_model_run();",
          ...writes(code, "    "),
          "  }",
          "  if (got > 0) return tinyml_cut_short();",
        ];
  return [
    "/*",
    ` * Runs the model on samples from standard input, raw little-endian elements back to back, all inputs of a sample in`,
    " * order, and writes its raw outputs to standard output. No features are applied and nothing is quantized here.",
    " * Build with: cc *.c -lm",
    " */",
    "#include <stdio.h>",
    "#ifdef _WIN32",
    "#include <fcntl.h>",
    "#include <io.h>",
    "#endif",
    "",
    '#include "tinyml_model.h"',
    "",
    ...readFunctions,
    "",
    ...(first === undefined
      ? []
      : [
          "static int tinyml_cut_short(void) {",
          '  fprintf(stderr, "The input ends in the middle of a sample.\\n");',
          "  return 1;",
          "}",
          "",
        ]),
    "int main(void) {",
    "#ifdef _WIN32",
    "  _setmode(_fileno(stdin), _O_BINARY);",
    "  _setmode(_fileno(stdout), _O_BINARY);",
    "#endif",
    ...(code.hasState ? ["  tinyml_model_reset();"] : []),
    ...samples,
    "  return fflush(stdout) == 0 ? 0 : 1;",
    "}",
    "",
  ].join("\n");
}

function writes(code: ModelCode, indentation: string): string[] {
  // by its type: avr-gcc warns of `sizeof *` where the memory is bytes that hold several types
  return code.outputs.map(
    ({ macro, elementType }) => `${indentation}tinyml_write(${macro}, ${macro}_LENGTH, sizeof(${elementType}));`,
  );
}
