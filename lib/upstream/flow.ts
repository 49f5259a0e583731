/**
 * An answer's bytes on their way through stages into the client's answer, with backpressure. Every request ends here, and
 * `pipeline` of node:stream costs more than all else that is done for a small one: an AbortController, an error and some
 * twenty listeners a request, which are also half the memory of a stream that waits.
 */
import type { Duplex, Writable } from 'node:stream'
import type { AnswerBody } from './answer-body.ts'

/**
 * Resolves when the last stage (or, without stages, the body) has ended and all of it is written; the sink is then still to
 * be ended. What the upstream does after that is not waited for. Rejects when a stage fails or the sink closes; the stages
 * are then destroyed. Whether the body was cut, `body.cut` tells.
 */
export function flow(body: AnswerBody, stages: readonly Duplex[], sink: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const [first = sink] = stages
    const resume = () => (stages.at(-1) ?? body).resume()
    const settle = (settled: () => void) => {
      sink.off('drain', resume).off('close', leave)
      body.finish()
      settled()
    }
    const fail = (error: Error) => {
      body.discard()
      for (const stage of stages) stage.destroy()
      settle(() => reject(error))
    }
    const leave = () => fail(new Error('The client left in the middle of its answer.'))
    sink.on('drain', resume).once('close', leave)
    for (const [index, stage] of stages.entries()) {
      const previous = stages[index - 1] ?? body
      const next = stages[index + 1]
      stage.on('error', fail)
      stage.on('drain', () => previous.resume())
      stage.once('end', next ? () => next.end() : () => settle(resolve))
      connect(stage, next ?? sink)
    }
    void body
      .pour((bytes) => first.write(bytes))
      .then(() => (first === sink ? settle(resolve) : first.end()))
  })
}

function connect(stage: Duplex, next: Writable): void {
  stage.on('data', (piece) => {
    if (!next.write(piece)) stage.pause()
  })
}
