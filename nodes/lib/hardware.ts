/** Readings from pins, and levels to pins. */
export * from "../../src/hardware/analog-input";
export * from "../../src/hardware/iio";
export * from "../../src/hardware/level";
export * from "../../src/hardware/output";
export * from "../../src/hardware/pwm";
export * from "../../src/hardware/reading";
export * from "../../src/hardware/simulated";
export * from "../../src/hardware/sysfs";
