/**
 * The phases of what the assistant said, where nobody knows them any more: without them models from
 * gpt-5.3-codex on take a preamble for the answer, and stop early.
 */
import { usualPhase } from '../../neutral/phases.ts'
import type { ResponsesItem } from '../../wire/responses.ts'

const calls = new Set(['function_call', 'custom_tool_call'])

/** Gives each message of the assistant the phase that it lacks: a turn that calls tools has not answered yet. */
export function fillPhases(input: ResponsesItem[]): void {
  let turn: ResponsesItem[] = []
  for (const item of input) {
    if (isOfAssistant(item)) turn.push(item)
    else {
      fillTurn(turn)
      turn = []
    }
  }
  fillTurn(turn)
}

function isOfAssistant({ type, role }: ResponsesItem): boolean {
  return calls.has(type) || type === 'reasoning' || (type === 'message' && role === 'assistant')
}

function fillTurn(turn: ResponsesItem[]): void {
  const phase = usualPhase(turn.some(({ type }) => calls.has(type)))
  for (const item of turn) if (item.type === 'message') item.phase ??= phase
}
