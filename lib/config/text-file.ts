/** Text files as the programs of all systems save them, and what keeps a file from being read. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

const littleEndian = [0xff, 0xfe]
const bigEndian = [0xfe, 0xff]

/** The text of a file, without the byte order mark that it may have. */
export function decodeText(bytes: Buffer): string {
  return asUtf8(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
}

/**
 * What PowerShell's `>` and Notepad write as UTF-16; all else stays as it is. UTF-16 without a mark is recognised by its zeros,
 * which no other JSON and no other key begins with.
 */
export function asUtf8(bytes: Buffer): Buffer {
  if (startsWith(bytes, bigEndian) || (bytes[0] === 0 && bytes[1])) {
    const even = bytes.subarray(0, bytes.length - (bytes.length % 2))
    return Buffer.from(Buffer.from(even).swap16().toString('utf16le'))
  }
  const isLittle = startsWith(bytes, littleEndian) || (bytes[0] && bytes[1] === 0)
  return isLittle ? Buffer.from(bytes.toString('utf16le')) : bytes
}

/** Why a file cannot be read and what to do, as the end of a sentence that begins with its path. */
export function unreadableWithRemedy({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EISDIR':
      return 'is a folder, not a file. Docker makes one where the file that a mount names is not there: delete it, and put the file in its place.'
    case 'ELOOP':
      return 'is a link that leads back to itself.'
    case 'ENOENT':
    case 'ENOTDIR':
      return 'is not there.'
    default:
      return `cannot be read (${code}). Check its owner and mode.`
  }
}

function startsWith(bytes: Buffer, mark: number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

/** The text, however its editor saved it. Throws what `readFileSync` throws. */
export function readTextFile(file: string): string {
  return decodeText(readFileSync(file))
}

/** Why a file cannot be read, for a person. In: what reading it threw. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') {
    return 'this is a folder, not a file (Docker makes one where the file of a bind mount was not there)'
  }
  if (code === 'ENOTDIR') return 'a part of this path is a file, not a folder'
  return `it cannot be read (${code})`
}

/** `~` in paths, which a shell expands and a file does not. */
export function expandHome(file: string, homeDir: string): string {
  return file === '~' || file.startsWith('~/') ? path.join(homeDir, file.slice(1)) : file
}
