import type { Team } from "../thread-team";

/** Adds up numbers of the shards of a batch, in the order of the shards, whichever thread has which. */
export interface ShardSums {
  /** A shard's number at a place. */
  put(shard: number, place: number, value: number): void;
  /**
   * The sums at the first `places` places, in double precision, once all threads have put theirs. They are to be read before
   * the next call.
   * @param active the shards with samples; those behind them are left out
   */
  add(active: number, places: number): Float64Array;
}

/** @param places the most numbers that are added up at once */
export function createShardSums(team: Team, shards: number, places: number): ShardSums {
  const size = shards * places;
  // Two halves in turn: who is quick may put numbers for the next sums while others still read these.
  const memory = new Float64Array(team.share(8 * 2 * size));
  const sums = new Float64Array(places);
  let half = 0;
  return {
    put(shard, place, value) {
      if (shard < shards) memory[half + shard * places + place] = value;
    },
    add(active, count) {
      team.barrier();
      for (let place = 0; place < count; place++) {
        let sum = 0;
        for (let shard = 0; shard < active; shard++) sum += memory[half + shard * places + place];
        sums[place] = sum;
      }
      half = size - half;
      return sums;
    },
  };
}
