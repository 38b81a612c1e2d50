// One thing that cannot be shown must never keep the others from being shown.

/** Failures that the console is told of at most; the same one would come with every renewal. */
const TOLD_MAX = 50;
const told = new Set();

/**
 * What `make` gives; where it fails, what `instead` gives. The console is told once for a key.
 * @template T
 * @param {string} key
 * @param {() => T} make
 * @param {() => T} instead
 */
export function guarded(key, make, instead) {
  try {
    return make();
  } catch (error) {
    if (told.size < TOLD_MAX && !told.has(key)) {
      told.add(key);
      console.error(`${key} cannot be shown:`, error);
    }
    return instead();
  }
}
