/** Whether a chat client gets a stream: its own word, else the configuration's, else what its headers suggest. */
import type { IncomingHttpHeaders } from 'node:http'
import type { DefaultStream } from '../config/types.ts'

/** `asked` is the body's `stream`. A person with curl reads a terminal; every SDK that leaves the field out expects JSON. */
export function wantsStream(
  asked: boolean | null | undefined,
  headers: IncomingHttpHeaders,
  otherwise: DefaultStream,
): boolean {
  if (typeof asked === 'boolean') return asked
  if (otherwise !== 'auto') return otherwise
  const accept = headers.accept ?? ''
  if (accept.includes('text/event-stream')) return true
  if (accept.includes('application/json')) return false
  return (headers['user-agent'] ?? '').startsWith('curl/')
}
