/** A channel's readings, thinned for a drawing: what it reaches at least and at most in each stretch of `step` readings. */
export interface ChannelEnvelope {
  minimum: number[];
  /** Absent where a stretch is a single reading, for then it is the same. */
  maximum?: number[];
}

/** The readings of a sample, thinned for a drawing. */
export interface Envelope {
  readings: number;
  /** How many readings a point stands for; the last one may stand for fewer. */
  step: number;
  channels: ChannelEnvelope[];
}

/** More points can't be told apart on a sidebar's few hundred pixels. */
const defaultPoints = 500;

/**
 * Thins readings to at most `points` per channel, so that the highest and the lowest reading stay in sight.
 * @param values row-major, readings × channels
 */
export function thinReadings(values: Float32Array, channels: number, points = defaultPoints): Envelope {
  const readings = Math.floor(values.length / channels);
  const step = Math.max(1, Math.ceil(readings / points));
  return {
    readings,
    step,
    channels: Array.from({ length: channels }, (_, channel) => thinChannel(values, channel, channels, readings, step)),
  };
}

function thinChannel(
  values: Float32Array,
  channel: number,
  channels: number,
  readings: number,
  step: number,
): ChannelEnvelope {
  const minimum: number[] = [];
  const maximum: number[] = [];
  for (let start = 0; start < readings; start += step) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let reading = start; reading < Math.min(readings, start + step); reading++) {
      const value = values[reading * channels + channel];
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    minimum.push(shorten(low));
    maximum.push(shorten(high));
  }
  return step === 1 ? { minimum } : { minimum, maximum };
}

/** Six digits are more than a drawing shows, and half of what the text of a float32 has. */
function shorten(value: number): number {
  return Number(value.toPrecision(6));
}
