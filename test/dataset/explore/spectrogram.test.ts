import assert from "node:assert/strict";
import { computeSpectrogram, transform } from "../../../src/dataset/explore/spectrogram";
import { createRandom, normal } from "../../../src/dataset/random";

describe("dataset: spectrogram", () => {
  it("its transform is the discrete Fourier transform", () => {
    const random = createRandom(2);
    for (const size of [1, 2, 8, 64]) {
      const real = Float64Array.from({ length: size }, () => normal(random));
      const imaginary = Float64Array.from({ length: size }, () => normal(random));
      const [before, beforeImaginary] = [real.slice(), imaginary.slice()];
      transform(real, imaginary);
      for (let k = 0; k < size; k++) {
        let [sum, sumImaginary] = [0, 0];
        for (let n = 0; n < size; n++) {
          const angle = (-2 * Math.PI * k * n) / size;
          sum += before[n] * Math.cos(angle) - beforeImaginary[n] * Math.sin(angle);
          sumImaginary += before[n] * Math.sin(angle) + beforeImaginary[n] * Math.cos(angle);
        }
        assert.ok(Math.abs(real[k] - sum) < 1e-9 && Math.abs(imaginary[k] - sumImaginary) < 1e-9, `${k} of ${size}`);
      }
    }
  });

  for (const hz of [440, 1000, 3500]) {
    it(`a tone of ${hz} Hz is loudest in its band, all the time`, () => {
      const samples = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin((2 * Math.PI * hz * i) / 16_000));
      const { columns, bands, highestHz, levels } = computeSpectrogram(samples, 16_000);
      assert.equal(highestHz, 8000);
      for (let column = 0; column < columns; column++) {
        const heard = levels.subarray(column * bands, (column + 1) * bands);
        const loudest = heard.indexOf(Math.max(...heard));
        assert.ok(Math.abs(loudest - Math.floor((hz / highestHz) * bands)) <= 1, `${loudest} at ${column}`);
      }
    });
  }

  it("silence is silent, and a sound shorter than a window has one column", () => {
    assert.ok(computeSpectrogram(new Float32Array(8000), 8000).levels.every((level) => level === 0));
    const { columns, levels } = computeSpectrogram(Float32Array.of(0, 1, 0), 8000);
    assert.equal(columns, 1);
    assert.equal(Math.max(...levels), 255);
    assert.equal(computeSpectrogram(new Float32Array(0), 8000).columns, 1);
  });
});
