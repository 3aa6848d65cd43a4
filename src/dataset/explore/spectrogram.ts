/** How loud a sound is by time and pitch. */
export interface Spectrogram {
  /** Moments, and bands of frequencies from low to high. */
  columns: number;
  bands: number;
  /** The frequency at the upper end of the highest band. */
  highestHz: number;
  /** Column by column, from the lowest band up: 255 where it is loudest, 0 where it is 80 dB or more below that. */
  levels: Uint8Array;
}

/** How a spectrogram is cut. */
export interface SpectrogramOptions {
  /** At most so many; a sound of fewer windows has fewer. */
  columns?: number;
  bands?: number;
}

/** What is so much below the loudest is drawn as silence. */
const range = 80;

/** Seconds of a window: long enough to tell low tones apart, short enough for syllables. */
const windowSeconds = 0.032;

/**
 * The spectrogram of a sound: the power of Hann windows, in bands of equal width from 0 to half the rate.
 * @param samples one number per moment
 */
export function computeSpectrogram(
  samples: Float32Array,
  rateHz: number,
  { columns: most = 240, bands: wanted = 96 }: SpectrogramOptions = {},
): Spectrogram {
  const size = windowSize(rateHz);
  const bands = Math.min(wanted, size / 2);
  const columns = Math.max(1, Math.min(most, Math.ceil((4 * samples.length) / size) - 3));
  const hop = columns === 1 ? 0 : (samples.length - size) / (columns - 1);
  const window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  const powers = new Float64Array(columns * bands);
  for (let column = 0; column < columns; column++) {
    const start = Math.round(column * hop);
    for (let i = 0; i < size; i++) real[i] = (samples[start + i] ?? 0) * window[i];
    imaginary.fill(0);
    transform(real, imaginary);
    for (let bin = 0; bin < size / 2; bin++) {
      const at = column * bands + Math.floor((bin * bands) / (size / 2));
      powers[at] = Math.max(powers[at], real[bin] ** 2 + imaginary[bin] ** 2);
    }
  }
  return { columns, bands, highestHz: rateHz / 2, levels: toLevels(powers) };
}

/** The power of two that is nearest to a window's length, 32 at least. */
function windowSize(rateHz: number): number {
  return 2 ** Math.min(14, Math.max(5, Math.round(Math.log2(rateHz * windowSeconds))));
}

function toLevels(powers: Float64Array): Uint8Array {
  const loudest = powers.reduce((a, b) => Math.max(a, b), 0);
  if (loudest === 0) return new Uint8Array(powers.length);
  return Uint8Array.from(powers, (power) => {
    const decibels = power > 0 ? 10 * Math.log10(power / loudest) : -range;
    return Math.round(255 * Math.max(0, 1 + decibels / range));
  });
}

/**
 * The discrete Fourier transform, in place: radix 2 (J. W. Cooley, J. W. Tukey).
 * @param real a power of two of numbers, as many as `imaginary` has
 */
export function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, reversed = 0; i < size; i++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (i >= reversed) continue;
    [real[i], real[reversed]] = [real[reversed], real[i]];
    [imaginary[i], imaginary[reversed]] = [imaginary[reversed], imaginary[i]];
  }
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2;
    for (let k = 0; k < half; k++) {
      const cosine = Math.cos((-2 * Math.PI * k) / length);
      const sine = Math.sin((-2 * Math.PI * k) / length);
      for (let at = k; at < size; at += length) {
        const turnedReal = real[at + half] * cosine - imaginary[at + half] * sine;
        const turnedImaginary = real[at + half] * sine + imaginary[at + half] * cosine;
        real[at + half] = real[at] - turnedReal;
        imaginary[at + half] = imaginary[at] - turnedImaginary;
        real[at] += turnedReal;
        imaginary[at] += turnedImaginary;
      }
    }
  }
}
