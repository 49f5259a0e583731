/** Checks the order that `delta.ts` promises. */
import assert from 'node:assert/strict'
import type { Delta } from '../../../pipelines/neutral/delta.ts'

/** Of one answer. `cut`: a call may have no end. `disorderly`: the upstream's events contradict each other, too. */
export class Order {
  #hasStarted = false
  #isOver = false
  #open: 'text' | 'reasoning' | undefined
  /** a block of text has begun and has no piece yet */
  #isEmpty = false
  readonly #calls: ('open' | 'stopped')[] = []
  readonly #upstream: 'orderly' | 'cut' | 'disorderly'

  constructor(upstream: 'orderly' | 'cut' | 'disorderly' = 'orderly') {
    this.#upstream = upstream
  }

  check(deltas: readonly Delta[]): void {
    for (const delta of deltas) this.#next(delta)
    assert.ok(this.#isOver)
  }

  #next(delta: Delta): void {
    assert.ok(!this.#isOver, `${delta.type} after the end`)
    assert.equal(delta.type === 'start', !this.#hasStarted && delta.type !== 'failure')
    assert.ok(!this.#isEmpty || delta.type === 'text', 'a block of text without text')
    this.#isEmpty = false
    switch (delta.type) {
      case 'start':
        this.#hasStarted = true
        break
      case 'text':
        assert.equal(this.#open, 'text')
        break
      case 'reasoning':
      case 'reasoning-part':
        assert.equal(this.#open, 'reasoning')
        break
      case 'reasoning-stop':
        assert.equal(this.#open, 'reasoning')
        this.#open = undefined
        break
      case 'text-start':
        this.#begin('text')
        this.#isEmpty = true
        break
      case 'reasoning-start':
        this.#begin('reasoning')
        break
      case 'tool-start':
        this.#begin(undefined)
        assert.equal(delta.index, this.#calls.push('open') - 1)
        break
      case 'tool-input':
        // one that has stopped only where the upstream's events contradict each other
        assert.ok(this.#calls[delta.index] === 'open' || this.#upstream === 'disorderly')
        break
      case 'tool-stop':
        assert.equal(this.#calls[delta.index], 'open')
        this.#calls[delta.index] = 'stopped'
        break
      case 'refusal':
      case 'search':
      case 'usage':
        this.#begin(undefined)
        break
      case 'stop':
        this.#begin(undefined)
        assert.ok(this.#upstream !== 'orderly' || !this.#calls.includes('open'))
        this.#isOver = true
        break
      case 'failure':
        this.#isOver = true
        break
      case 'annotations':
      case 'image':
      case 'phase':
        break
      default:
        delta satisfies never
    }
  }

  #begin(kind: 'text' | 'reasoning' | undefined): void {
    assert.notEqual(this.#open, 'reasoning', 'another piece inside of reasoning')
    this.#open = kind
  }
}
