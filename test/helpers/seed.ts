/**
 * Loaded into every process of `npm test`: property tests try the same values on every run, so that a run judges the change
 * and not the dice. `SEED=random npm test FILE…` looks for new ones; a failure prints its seed.
 */
import { configureGlobal } from 'fast-check'

const { SEED } = process.env

if (SEED !== 'random') configureGlobal({ seed: Number(SEED ?? 1) })
