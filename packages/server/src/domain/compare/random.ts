/** Numbers that look random and are the same for the same seed. (C. Doty-Humphrey, sfc32 of PractRand; public domain.) */
export class Random {
  #a = 0;
  #b: number;
  #c = 0;
  #counter = 1;

  /** `seed`: a whole number, of which the lowest 32 bits count. */
  constructor(seed: number) {
    this.#b = seed | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  /** 0…1, 1 excluded. */
  uniform(): number {
    return (this.#next() >>> 0) / 2 ** 32;
  }

  /** Any 32 bits, 0…2^32−1. */
  bits(): number {
    return this.#next() >>> 0;
  }

  /** Standard normal. (Box & Muller 1958.) */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Gamma with this shape and mean 1. (Marsaglia & Tsang 2000.) */
  gamma(shape: number): number {
    if (shape < 1) return (this.gamma(shape + 1) * (shape + 1) * (1 - this.uniform()) ** (1 / shape)) / shape;
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return (d * v) / shape;
    }
  }

  /** How many of what happens `mean` times on average: by multiplying for small means (Knuth), rounded normal from 30 on. */
  poisson(mean: number): number {
    if (mean >= POISSON_NORMAL_MIN) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = 1 - this.uniform(); product > floor; product *= 1 - this.uniform()) count++;
    return count;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }
}

const POISSON_NORMAL_MIN = 30;
