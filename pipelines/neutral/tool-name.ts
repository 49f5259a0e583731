/**
 * Tool names as OpenAI takes them: MCP servers have dots and slashes in theirs, and people their own
 * letters. One such name would be a 400 of the whole request (mcp-use #90, swagger-mcp #13).
 */
import { safeToolId } from './tool-id.ts'

/** The name itself where the API takes it, else its letters and a piece of its hash: always the same. */
export function sentName(name: string): string {
  return safeToolId(name)
}

/** What the client calls a tool, by the name that goes up; only of tools that go up by another name. */
export type OwnNames = ReadonlyMap<string, string>
