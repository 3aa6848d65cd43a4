import { slots } from "../schema";
import { DILATION_FIELDS, integer, type OperatorFormats, QUANTIZED_BIAS_TYPE, WINDOW_FIELDS } from "./operator-format";

/** Weighted windows over pictures. */
export const CONVOLUTIONS: OperatorFormats<"CONV_2D" | "DEPTHWISE_CONV_2D" | "TRANSPOSE_CONV"> = {
  CONV_2D: {
    code: 3,
    newestVersion: 8,
    version([input], { quantizedBiasType }) {
      if (quantizedBiasType !== undefined) return 8;
      return input?.type === "int8" ? 3 : 1;
    },
    table: {
      name: "Conv2DOptions",
      union: 1,
      slots: slots(
        "padding",
        "stride_w",
        "stride_h",
        "fused_activation_function",
        "dilation_w_factor",
        "dilation_h_factor",
        "quantized_bias_type",
      ),
    },
    fields: { ...WINDOW_FIELDS, ...DILATION_FIELDS, quantizedBiasType: QUANTIZED_BIAS_TYPE },
  },
  DEPTHWISE_CONV_2D: {
    code: 4,
    newestVersion: 7,
    version([input], { dilationWidth, dilationHeight }) {
      if (input?.type === "int8") return 3;
      return dilationWidth === 1 && dilationHeight === 1 ? 1 : 2;
    },
    table: {
      name: "DepthwiseConv2DOptions",
      union: 2,
      slots: slots(
        "padding",
        "stride_w",
        "stride_h",
        "depth_multiplier",
        "fused_activation_function",
        "dilation_w_factor",
        "dilation_h_factor",
      ),
    },
    fields: { ...WINDOW_FIELDS, ...DILATION_FIELDS, depthMultiplier: integer("depth_multiplier") },
  },
  TRANSPOSE_CONV: {
    code: 67,
    newestVersion: 5,
    version([, weights, , bias], { activation, quantizedBiasType }) {
      if (quantizedBiasType !== undefined) return 5;
      if (activation !== "NONE") return 4;
      if (bias !== undefined) return 3;
      return weights?.type === "int8" ? 2 : 1;
    },
    table: {
      name: "TransposeConvOptions",
      union: 49,
      slots: slots("padding", "stride_w", "stride_h", "fused_activation_function", "quantized_bias_type"),
    },
    fields: { ...WINDOW_FIELDS, quantizedBiasType: QUANTIZED_BIAS_TYPE },
  },
};
