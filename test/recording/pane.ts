/** A shell in a terminal of its own: what is typed into it, and when it wrote what. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainText } from './screen.ts'

export interface Written {
  /** ms, of one clock for all panes */
  at: number
  text: string
}

export interface PaneOptions {
  rows: number
  columns: number
  cwd: string
  env: Record<string, string | undefined>
}

/** ms between two characters that are typed */
const typingPace = 30

export class Pane {
  readonly written: Written[] = []
  readonly #shell: ChildProcess

  constructor({ rows, columns, cwd, env }: PaneOptions) {
    const shell = `stty rows ${rows} cols ${columns}; exec bash --norc --noprofile`
    this.#shell = spawn('script', ['-qfc', shell, '/dev/null'], {
      cwd,
      env: { ...env, PS1: '$ ', TERM: 'xterm-256color', COLORTERM: 'truecolor' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#shell.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.written.push({ at: performance.now(), text })
    })
  }

  async type(text: string): Promise<void> {
    for (const character of text) {
      this.#shell.stdin!.write(character)
      await sleep(typingPace)
    }
    await sleep(300)
    this.#shell.stdin!.write('\r')
  }

  /** Until something written since `from` looks so. */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    const until = performance.now() + 60_000
    while (!pattern.test(this.#textSince(from))) {
      if (performance.now() > until)
        throw new Error(`${pattern} did not show:\n${this.#textSince(0)}`)
      await sleep(50)
    }
  }

  /** Ctrl+C twice ends what runs in the shell, Ctrl+D the shell. */
  async end(): Promise<void> {
    if (this.#shell.exitCode !== null) return
    const ended = once(this.#shell, 'close')
    for (const key of ['\x03', '\x03', '\x04', '\x04']) {
      this.#shell.stdin!.write(key)
      await sleep(700)
    }
    await ended
  }

  #textSince(from: number): string {
    const texts = this.written.filter(({ at }) => at >= from).map(({ text }) => text)
    return plainText(texts.join(''))
  }
}
