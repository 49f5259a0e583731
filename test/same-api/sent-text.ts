import type { JsonDocument } from '../../pipelines/json/document.ts'

/** What an upstream would read of a document. */
export function sentText(document: JsonDocument): string {
  return Buffer.concat(document.pieces()).toString()
}
