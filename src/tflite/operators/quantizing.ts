import { slots } from "../schema";
import type { OperatorFormats } from "./operator-format";

/** Between element types. */
export const QUANTIZING: OperatorFormats<"QUANTIZE" | "DEQUANTIZE" | "CAST"> = {
  QUANTIZE: {
    code: 114,
    newestVersion: 4,
    version: (_inputs, _options, [output]) => (output?.type === "int16" ? 2 : 1),
    fields: {},
  },
  DEQUANTIZE: {
    code: 6,
    newestVersion: 6,
    version([input]) {
      if (input?.type === "int16" || input?.type === "float16") return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    fields: {},
  },
  CAST: {
    code: 53,
    newestVersion: 7,
    version: () => 1,
    // the tensors say the types; no runtime reads them from here
    table: { name: "CastOptions", union: 37, slots: slots("in_data_type", "out_data_type") },
    fields: {},
  },
};
