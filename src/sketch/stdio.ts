import type { CodeTensor, ModelCode } from "./model-code";

const readFunctions = {
  int8: [
    "/* Reads the elements of an input; returns how many bytes came before the end. */",
    "static size_t tinyml_read(int8_t *values, size_t count) {",
    "  return fread(values, 1, count, stdin);",
    "}",
    "",
    "static void tinyml_write(const int8_t *values, size_t count) {",
    "  fwrite(values, 1, count, stdout);",
    "}",
  ],
  float32: [
    "/* A float's bits, which are little-endian in files on every machine. */",
    "typedef union {",
    "  float value;",
    "  uint32_t bits;",
    "} tinyml_float;",
    "",
    "/* Reads the elements of an input; returns how many bytes came before the end. */",
    "static size_t tinyml_read(float *values, size_t count) {",
    "  unsigned char bytes[4];",
    "  for (size_t i = 0; i < count; i++) {",
    "    size_t got = fread(bytes, 1, 4, stdin);",
    "    if (got < 4) return 4 * i + got;",
    "    tinyml_float element;",
    "    element.bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;",
    "    values[i] = element.value;",
    "  }",
    "  return 4 * count;",
    "}",
    "",
    "static void tinyml_write(const float *values, size_t count) {",
    "  unsigned char bytes[4];",
    "  for (size_t i = 0; i < count; i++) {",
    "    tinyml_float element;",
    "    element.value = values[i];",
    "    for (int byte = 0; byte < 4; byte++) bytes[byte] = (unsigned char)(element.bits >> (8 * byte));",
    "    fwrite(bytes, 1, 4, stdout);",
    "  }",
    "}",
  ],
} as const;

/**
 * main.c of a program that turns raw input samples on standard input into raw outputs on standard output, for any host
 * with a C compiler: `cc FOLDER/*.c -lm`.
 */
export function generateStdioMain(code: ModelCode): string {
  const read = ({ macro }: CodeTensor): string => `tinyml_read(${macro}, ${macro}_LENGTH)`;
  const bytes = ({ macro }: CodeTensor): string => `sizeof *${macro} * ${macro}_LENGTH`;
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
    ` * Runs the model on samples from standard input, raw little-endian ${code.type} back to back, all inputs of a sample in`,
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
    ...readFunctions[code.type],
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
    ...samples,
    "  return fflush(stdout) == 0 ? 0 : 1;",
    "}",
    "",
  ].join("\n");
}

function writes(code: ModelCode, indentation: string): string[] {
  return code.outputs.map(({ macro }) => `${indentation}tinyml_write(${macro}, ${macro}_LENGTH);`);
}
