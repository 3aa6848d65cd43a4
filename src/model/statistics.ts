/** The statistics that the feature block "statistics" knows, in the order in which it gives them. */
export const STATISTICS = [
  "mean",
  "deviation",
  "minimum",
  "maximum",
  "rootMeanSquare",
  "skewness",
  "kurtosis",
  "meanChange",
  "signChanges",
] as const;
