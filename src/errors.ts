/**
 * Every failure that a user can meet, by its stable code. A code is never renamed or reused:
 * flows compare it in Catch nodes (`msg.error.code`), scripts read it from standard error.
 * docs/errors.md says of each what happened and what to do; a test holds the two lists together.
 */
export type ErrorCode =
  // readings and messages
  | "TINYML_NOT_A_NUMBER"
  | "TINYML_CHANNEL_COUNT"
  | "TINYML_NO_LABEL"
  | "TINYML_UNKNOWN_LABEL"
  | "TINYML_UNKNOWN_COMMAND"
  // configuration
  | "TINYML_CONFIG_INVALID"
  | "TINYML_NAME_INVALID"
  // datasets
  | "TINYML_DATASET_NOT_SET"
  | "TINYML_DATASET_EMPTY"
  | "TINYML_DATASET_MISSING"
  | "TINYML_DATASET_CORRUPT"
  | "TINYML_DATASET_MISMATCH"
  | "TINYML_DATASET_TOO_LARGE"
  | "TINYML_SAMPLES_DIFFER"
  | "TINYML_UNKNOWN_SAMPLE"
  | "TINYML_QUOTA_EXCEEDED"
  | "TINYML_IMPORT_INVALID"
  | "TINYML_ONE_CLASS"
  | "TINYML_DISK_FULL"
  | "TINYML_STORAGE"
  // models
  | "TINYML_NO_MODEL"
  | "TINYML_MODEL_INVALID"
  | "TINYML_MODEL_UNSUPPORTED"
  | "TINYML_MODEL_MISMATCH"
  | "TINYML_FEATURES_MISMATCH"
  | "TINYML_NOT_TRAINABLE"
  | "TINYML_ALREADY_QUANTIZED"
  | "TINYML_OUT_OF_MEMORY"
  | "TINYML_BUSY"
  // training
  | "TINYML_RECIPE_INVALID"
  | "TINYML_TRAINING_DIVERGED"
  | "TINYML_TRAINING_CANCELLED"
  | "TINYML_TRAINING_BUSY"
  | "TINYML_NO_CHECKPOINT"
  | "TINYML_CHECKPOINT_MISMATCH"
  | "TINYML_ENGINE_MISSING"
  | "TINYML_WORKER_FAILED"
  // sketches
  | "TINYML_UNKNOWN_BOARD"
  | "TINYML_DOES_NOT_FIT"
  | "TINYML_NO_SCALING"
  | "TINYML_NOT_FOR_BOARDS"
  | "TINYML_WOULD_OVERWRITE"
  // hardware
  | "TINYML_HARDWARE_MISSING"
  | "TINYML_HARDWARE_FAILED"
  // command line
  | "TINYML_FILE"
  | "TINYML_USAGE"
  // a defect of ours: anything that was thrown without a code
  | "TINYML_INTERNAL";

/** An error a user can meet: a stable code, and a sentence that says what to do. */
export class TinymlError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "TinymlError";
    this.code = code;
  }
}

/** Anything that was thrown, as a TinymlError: one of ours unchanged, the rest as TINYML_INTERNAL with the cause kept. */
export function toTinymlError(thrown: unknown): TinymlError {
  if (thrown instanceof TinymlError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TinymlError("TINYML_INTERNAL", message, { cause: thrown });
}
