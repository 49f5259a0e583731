/** Requests of a coding agent, as bytes: one conversation in the words of each client API. */
import type { ClientApi } from '../../pipelines/index.ts'
import { agentHistory, type AgentHistory, type AgentTool } from './agent-history.ts'

type Shape = (model: string, history: AgentHistory) => object

const shapes: Record<ClientApi, Shape> = { messages, responses, chat }

/** The body of a request that carries a conversation of about so many bytes, in the words of this API. */
export function agentBody(api: ClientApi, model: string, bytes: number, stream: boolean): Buffer {
  return Buffer.from(JSON.stringify({ ...shapes[api](model, agentHistory(bytes)), stream }))
}

/** As Claude Code sends them. */
function messages(model: string, { system, tools, ask, turns, user }: AgentHistory): object {
  const mark = { cache_control: { type: 'ephemeral' } }
  return {
    model,
    max_tokens: 32_000,
    system: system.map((text, at) => ({ type: 'text', text, ...(at < 2 && mark) })),
    tools: tools.map(({ name, description, schema }) => ({
      name,
      description,
      input_schema: schema,
    })),
    metadata: { user_id: user },
    thinking: { type: 'enabled', budget_tokens: 31_999 },
    messages: [
      { role: 'user', content: [{ type: 'text', text: ask }] },
      ...turns.flatMap(({ thought, signature, words, calls }) => [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: thought, signature },
            { type: 'text', text: words },
            ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
          ],
        },
        {
          role: 'user',
          content: calls.map(({ id, result }) => ({
            type: 'tool_result',
            tool_use_id: id,
            content: [{ type: 'text', text: result }],
          })),
        },
      ]),
    ],
  }
}

/** As Codex sends them. */
function responses(model: string, { system, tools, ask, turns, user }: AgentHistory): object {
  const said = (role: string, type: string, text: string) => ({
    type: 'message',
    role,
    content: [{ type, text }],
  })
  return {
    model,
    instructions: system[1],
    tools: tools.map((tool) => ({ type: 'function', ...functionOf(tool), strict: false })),
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { effort: 'medium', summary: 'auto' },
    store: false,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: user,
    input: [
      said('developer', 'input_text', system[0]!),
      said('user', 'input_text', system[2]!),
      said('user', 'input_text', ask),
      ...turns.flatMap(({ thought, signature, words, calls }) => [
        {
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: thought }],
          encrypted_content: signature,
        },
        said('assistant', 'output_text', words),
        ...calls.map(({ id, name, input }) => ({
          type: 'function_call',
          name,
          arguments: JSON.stringify(input),
          call_id: id,
        })),
        ...calls.map(({ id, result }) => ({
          type: 'function_call_output',
          call_id: id,
          output: result,
        })),
      ]),
    ],
  }
}

/** As agents built on the SDKs of OpenAI send them. */
function chat(model: string, { system, tools, ask, turns }: AgentHistory): object {
  return {
    model,
    max_tokens: 32_000,
    tools: tools.map((tool) => ({ type: 'function', function: functionOf(tool) })),
    messages: [
      { role: 'system', content: system.join('\n\n') },
      { role: 'user', content: ask },
      ...turns.flatMap(({ words, calls }) => [
        {
          role: 'assistant',
          content: words,
          tool_calls: calls.map(({ id, name, input }) => ({
            id,
            type: 'function',
            function: { name, arguments: JSON.stringify(input) },
          })),
        },
        ...calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
      ]),
    ],
  }
}

function functionOf({ name, description, schema }: AgentTool): object {
  return { name, description, parameters: schema }
}
