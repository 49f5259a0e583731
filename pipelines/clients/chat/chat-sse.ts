/**
 * Lists of Delta -> bytes: an answer as a stream of chat chunks.
 *
 * Nothing is written before the first delta that has a chunk, so that an answer which fails at once can still get an HTTP
 * status; one second after `start` the role chunk goes out anyway. After `stop` or `failure` the output ends at once,
 * whether or not the upstream has. A failure is not written: it is in `context.record`, for the caller to tell.
 */
import { Transform, type TransformCallback } from 'node:stream'
import type { Delta } from '../../neutral/delta.ts'
import { listsHeld } from '../../stages/sse-events.ts'
import type { ChatAnswerContext } from './answer.ts'
import { ChatChunks } from './chat-chunks.ts'

/** In: Delta[]. Out: text, the chunks of one list as one piece; as strings, which Node writes without a Buffer in between. */
export function chatSse(context: ChatAnswerContext): Transform {
  return new ChatSse(context)
}

/** How long an answer that has begun may stay without a head. */
const roleDelayMs = 1000

class ChatSse extends Transform {
  readonly #context: ChatAnswerContext
  readonly #chunks: ChatChunks
  #roleTimer: NodeJS.Timeout | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #over = false

  constructor(context: ChatAnswerContext) {
    super({ objectMode: true, highWaterMark: listsHeld })
    this.#context = context
    this.#chunks = new ChatChunks(context)
  }

  override _transform(deltas: Delta[], _encoding: BufferEncoding, done: TransformCallback): void {
    let text = ''
    for (const delta of deltas) if (!this.#over) text += this.#tell(delta)
    if (text !== '') this.#write(text)
    if (this.#over) this.push(null)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#stopTimers()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimers()
    done(error)
  }

  #tell(delta: Delta): string {
    if (delta.type === 'start') {
      this.#roleTimer = setTimeout(() => this.#write(''), roleDelayMs).unref()
    } else if (delta.type === 'stop' || delta.type === 'failure') {
      this.#over = true
      this.#stopTimers()
    }
    return this.#chunks.of(delta)
  }

  /** The first piece takes the role chunk along. */
  #write(text: string): void {
    const { record } = this.#context
    if (record.started) {
      this.push(text)
      this.#silenceTimer?.refresh()
      return
    }
    record.started = true
    clearTimeout(this.#roleTimer)
    this.push(this.#chunks.role() + text)
    if (!this.#over) this.#watchSilence()
  }

  /** To a client that does not read, what waits already is enough. */
  #watchSilence(): void {
    const { keepAliveMs } = this.#context
    if (keepAliveMs <= 0) return
    this.#silenceTimer = setTimeout(() => {
      if (this.readableLength === 0) this.push(': keep-alive\n\n')
      this.#watchSilence()
    }, keepAliveMs).unref()
  }

  #stopTimers(): void {
    clearTimeout(this.#roleTimer)
    clearTimeout(this.#silenceTimer)
  }
}
