/** `images: false` where the client speaks the model's own API: a note stands for each image, and no other byte moves. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { holdsImage } from '../../pipelines/clients/unseen-images.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { endOfAny } from '../faults/serving.ts'
import { startUpstream } from '../helpers/upstream.ts'

const png = 'iVBORw0KGgo='
const data = `data:image/png;base64,${png}`
const words = '[An image was here; this model cannot see images.]'
const pdfWords = '[A PDF file was here; this model cannot read it.]'

/** Written as no serialiser would. */
const source = `{ "media_type":"image/png","type" : "base64", "data":"${png}"}`
const pdf = `{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}`

/** A client's API, with the bytes of what is not to move between the images. */
interface Api {
  type: 'common' | 'anthropic' | 'openai'
  route: string
  note: string
  /** images in the forms in which its clients send them */
  images: string[]
  /** PDF files in the forms in which its clients send them */
  pdfs: string[]
  /** parts that look like images and are none, or that nobody can read */
  others: string[]
  /** images that cannot be read */
  broken: string[]
  /** the whole request, with `parts` in a turn of the user and `results` in the result of a tool */
  body: (parts: string[], results: string[]) => string
}

const odd = String.raw`"seed" :12345678901234567890, "own":{"a":[-0,1e400, 1.0],"\u0062":"\/"}`
/** An image in a text or in the arguments of a call is text. */
const quoted = JSON.stringify(JSON.stringify({ type: 'image_url', image_url: { url: data } }))

const apis: Api[] = [
  {
    type: 'common',
    route: '/v1/chat/completions',
    note: `{"type":"text","text":"${words}"}`,
    images: [
      `{"type":"image_url", "image_url":{"url":"${data}","detail":"low"} }`,
      `{"image_url":"${data}", "type" : "image_url"}`,
      '{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}',
      `{"type":"input_image","image_url":"${data}"}`,
      `{"type":"image","source":${source}}`,
      `{"type":"file","file":{"filename":"a.png","file_data":"${png}"}}`,
    ],
    pdfs: [
      `{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}`,
      '{"type":"file","file":{"file_data":"JVBERi0="} }',
      '{"type":"file","file":{"file_url":"https://x.test/a.pdf?b=c"}}',
    ],
    others: [
      `{"type":"text","text":${quoted}}`,
      `{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,JVBERi0="}}`,
      '{"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}}',
      '{"image_url":{"url":"https://x.test/a.png"}}',
      '{"type":"file","file":{}}',
      '"image_url"',
      'null',
    ],
    broken: [
      '{"type":"image_url"}',
      '{"type":"image_url","image_url":{"url":5}}',
      '{"type":"image_url","image_url":{"url":"C:\\\\a.png"}}',
    ],
    body: (parts, results) =>
      String.raw`{ ${odd}, "model":"m","messages" : [ {"role":"user","content":[${parts.join(' , ')}]},
 {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"look","arguments":${quoted}}}]},
 {"role":"tool","tool_call_id":"c","content":[ ${results.join(',\n')}]}, {"role":"user","content":"\u0047o\/"}],"n":1.0}`,
  },
  {
    type: 'anthropic',
    route: '/v1/messages',
    note: `{"type":"text","text":"${words}"}`,
    images: [
      `{"type":"image" ,"source":${source}}`,
      `{"source":${source}, "type":"image"}`,
      '{"type":"image","source":{"type":"url","url":"https://x.test/a.png"}}',
      '{"type":"image","source":{"type":"file","file_id":"file_1"}}',
    ],
    pdfs: [
      `{"type":"document","source":${pdf}}`,
      '{"source":{"type":"url","url":"https://x.test/A.PDF"},"title":"T","type":"document"}',
    ],
    others: [
      `{"type":"text","text":${quoted}}`,
      '{"type":"document","source":{"type":"file","file_id":"file_1"}}',
      '{"type":"document","source":{"type":"text","media_type":"text/plain","data":"image"}}',
      '{"type":"document"}',
    ],
    broken: ['{"type":"image"}', '{"type":"image","source":{"type":"base64","data":7}}'],
    body: (parts, results) =>
      String.raw`{ ${odd}, "max_tokens":1e3,"model":"m","messages" : [ {"role":"user","content":[${parts.join(' , ')}]},
 {"role":"assistant","content":[{"type":"thinking","thinking":"a\u0062","signature":"s"},{"type":"tool_use","id":"c","name":"look","input":{"content":[{"type":"image","source":${source}}],"n":1.0}}]},
 {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[ ${results.join(',\n')}]},
 {"type":"document","title":"T","source":{"type":"content","content":[{"type":"text","text":"a"}, ${results.join(',')}]}},
 {"type":"tool_result","tool_use_id":"d","content":[{"type":"document","source":{"type":"content","content":[${results.join(',')}]}}]} ]}]}`,
  },
  {
    type: 'openai',
    route: '/v1/responses',
    note: `{"type":"input_text","text":"${words}"}`,
    images: [
      `{"type":"input_image", "detail":"auto","image_url":"${data}"}`,
      '{"type":"input_image","image_url":"https://x.test/a.png"}',
      '{"type":"input_image","file_id":"file_1"}',
      `{"type":"input_file","filename":"a.png","file_data":"${data}"}`,
    ],
    pdfs: [
      '{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}',
      '{"type":"input_file","file_url":"https://x.test/a.pdf"}',
    ],
    others: [
      `{"type":"input_text","text":${quoted}}`,
      '{"type":"input_file","filename":"a.csv","file_data":"data:text/csv;base64,YSxi"}',
      '{"type":"input_file","file_id":"file_1"}',
      '{"type":"input_file"}',
    ],
    broken: ['{"type":"input_image"}', '{"type":"input_image","image_url":{"url":true}}'],
    body: (parts, results) =>
      String.raw`{ ${odd}, "model":"m","input" : [ {"role":"user","content":[${parts.join(' , ')}]},
 {"type":"reasoning","summary":[],"encrypted_content":"e\/"},
 {"type":"function_call","call_id":"c","name":"look","arguments":${quoted}},
 {"type":"function_call_output","call_id":"c","output":[ ${results.join(',\n')}]},
 {"type":"custom_tool_call_output","call_id":"d","output":[ ${results.join(',')}]},
 {"type":"function_call_output","call_id":"e","output":${quoted}}]}`,
  },
]

/** What goes up of each body, to a model that sees no images unless the test says otherwise. */
async function sent(
  t: TestContext,
  { type, route }: Api,
  bodies: string[],
  { subPath = '', model = {}, prompt = '' } = {},
): Promise<string[]> {
  const upstream = await startUpstream(t, ({ body }) =>
    body.includes('"stream":true') ? { sse: [endOfAny] } : { body: {} },
  )
  const proxy = await startProxy(t, {
    config: {
      system_prompt: prompt,
      // else a stream is asked for its tokens
      usage: { enabled: false },
      endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
      models: [{ name: 'm', id: 'm', type, images: false, ...model }],
    },
  })
  for (const body of bodies) {
    const answer = await post(proxy.url + route + subPath, body)
    assert.equal(answer.status, 200)
    const isStream = body.includes('"stream":true')
    assert.equal(await answer.text(), isStream ? endOfAny : '{}')
  }
  return upstream.requests.map((request) => request.body.toString())
}

/** As many notes as there are images. */
function notesFor({ note }: Api, images: readonly string[]): string[] {
  return images.map(() => note)
}

for (const api of apis) {
  const { images, others, broken, note, body } = api
  const notes = notesFor(api, images)
  const mixed = (parts: string[]) =>
    others.flatMap((other, at) => [other, ...parts.slice(at, at + 1)])

  suite(`§1.6 ${api.route} to a model of its own API that sees no images`, () => {
    test('a note stands for each image, in turns and in results, and no other byte moves', async (t) => {
      const seen = body([...images, ...mixed(images)], [...mixed(images), ...images])

      const [up] = await sent(t, api, [seen])

      assert.equal(up, body([...notes, ...mixed(notes)], [...mixed(notes), ...notes]))
    })

    test('a note stands for each image, too, where the client wants a stream', async (t) => {
      const streamed = (text: string) => text.replace('{', '{"stream":true,')

      const [up] = await sent(t, api, [streamed(body(images, images))])

      assert.equal(up, streamed(body(notes, notes)))
    })

    test('a PDF file, too, has a note of its own', async (t) => {
      const told = api.pdfs.map(() => note.replace(words, pdfWords))

      const [up] = await sent(t, api, [body([...api.pdfs, ...others], api.pdfs)])

      assert.equal(up, body([...told, ...others], told))
    })

    test('an image that cannot be read is one, too', async (t) => {
      const [up] = await sent(t, api, [body(broken, broken)])

      assert.equal(up, body(notesFor(api, broken), notesFor(api, broken)))
    })

    test('without any image the body goes up byte for byte', async (t) => {
      const bare = body(others, others)

      assert.deepEqual(await sent(t, api, [bare]), [bare])
    })

    test('a model that sees images gets them', async (t) => {
      const seen = body(images, images)

      assert.deepEqual(await sent(t, api, [seen], { model: { images: true } }), [seen])
    })

    test('settings of the operator change the request, too', async (t) => {
      const model = { upstream_id: 'other' }

      const [plain, up] = [
        ...(await sent(t, api, [body(notes, notes)], { model, prompt: 'Be kind.' })),
        ...(await sent(t, api, [body(images, images)], { model, prompt: 'Be kind.' })),
      ]

      assert.match(up!, /"Be kind\./)
      assert.match(up!, /"model":"other"/)
      assert.equal(up, plain)
    })

    test('many images, and a text as large as they come', async (t) => {
      const many = Array.from({ length: 3000 }, (_none, at) => images[at % images.length]!)
      const large = others.map((other) => other.replace('a', 'a'.repeat(1_000_000)))

      const [up] = await sent(t, api, [body([...many, ...large], many)])

      const noted = notesFor(api, many)
      assert.ok(up === body([...noted, ...large], noted))
    })

    test('a body that is broken deep inside goes up as it is, for the upstream to refuse', async (t) => {
      const type = /"type" ?: ?"\w+"/.exec(images[0]!)![0]
      const torn = body([`{${type},"a":tru}`, `{${type} "b"}`], images)

      const [up] = await sent(t, api, [torn])

      assert.equal(up, body([`{${type},"a":tru}`, `{${type} "b"}`], notes))
    })

    test('a body that is nested very deeply passes', async (t) => {
      const deep = `{"content":[`.repeat(20_000) + images[0] + ']}'.repeat(20_000)

      const [up] = await sent(t, api, [body([deep], images)])

      assert.ok(up === body([deep], notes))
    })

    test('of equal names the last counts', async (t) => {
      const none = '{"type":"image_url","type":"text","text":"a","image_url":1}'
      const one = images[0]!.replace('{', '{"type":"text",')

      const [up] = await sent(t, api, [body([none, one], [])])

      assert.equal(up, body([none, note], []))
    })
  })
}

const [chat, messages, responses] = apis as [Api, Api, Api]

test('§1.6 a count of tokens is of what would go up', async (t) => {
  const { body, images } = messages
  const notes = notesFor(messages, images)

  const [up] = await sent(t, messages, [body(images, images)], { subPath: '/count_tokens' })

  assert.equal(up, body(notes, notes))
})

test('§1.6 a conversation that is made smaller is one, too', async (t) => {
  const { body, images } = responses
  const notes = notesFor(responses, images)

  const [up] = await sent(t, responses, [body(images, images)], { subPath: '/compact' })

  assert.equal(up, body(notes, notes))
})

test('§1.6 the note ends a cached prefix where the image did', async (t) => {
  const control = '{"type":"ephemeral" ,"ttl":"1h"}'
  const image = `{"type":"image","cache_control":${control},"source":${source}}`

  const [up] = await sent(t, messages, [messages.body([image], [image])])

  const note = `{"type":"text","text":"${words}","cache_control":${control}}`
  assert.equal(up, messages.body([note], [note]))
})

test('§1.6 from turn to turn what went up before stays the beginning', async (t) => {
  for (const api of apis) {
    const [front, behind] = api.body(['MARK'], []).split('MARK') as [string, string]
    const parts = [...api.images, api.others[0]!, ...api.images]
    const turns = parts.map((_part, at) => parts.slice(0, at + 1))

    const ups = await sent(
      t,
      api,
      turns.map((turn) => api.body(turn, [])),
    )

    for (const [at, up] of ups.slice(1).entries()) {
      const before = ups[at]!
      assert.ok(before.endsWith(behind) && before.startsWith(front))
      assert.ok(up.startsWith(before.slice(0, -behind.length)))
      assert.ok(up.length > before.length)
    }
  }
})

test('§1.6 a conversation that is one string, or none, goes up as it is', async (t) => {
  const string = `{"model":"m", "input":${quoted}}`
  assert.deepEqual(await sent(t, responses, [string]), [string])
  const bodies = [`{"model":"m", "messages":{"type":"image"}}`, '{"model":"m","type":"image"}']
  assert.deepEqual(await sent(t, chat, bodies), bodies)
})

test('§1.6 a screenshot becomes the result of a function that tells of it, and its call the call', async (t) => {
  const api = apis.find(({ type }) => type === 'openai')!
  const action = { type: 'click', x: 1, y: 2 }
  const before = '{ "model":"m","input":[{"role":"user","content":"Go. 1.0"}, '
  const shot = { type: 'computer_screenshot', image_url: data }
  const items = [
    { type: 'computer_call', id: 'cu_1', call_id: 'c', action, status: 'completed' },
    { type: 'computer_call_output', call_id: 'c', output: shot },
  ]

  const [up] = await sent(t, api, [
    `${before}${items.map((item) => JSON.stringify(item)).join()} ]}`,
  ])

  assert.equal(
    up,
    `${before}${[
      { type: 'function_call', call_id: 'c', name: 'computer', arguments: JSON.stringify(action) },
      { type: 'function_call_output', call_id: 'c', output: words },
    ]
      .map((item) => JSON.stringify(item))
      .join()} ]}`,
  )
})

test('contract §18.3: an image is found wherever in a long body it begins', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }
  const bodyOf = (length: number, part: object) =>
    Buffer.from(
      JSON.stringify({
        messages: [{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(length) }, part] }],
      }),
    )

  for (let length = 65_430; length < 65_550; length += 1)
    assert.ok(holdsImage(bodyOf(length, image)), `behind ${length}`)
  assert.ok(!holdsImage(bodyOf(200_000, { type: 'text', text: 'no image' })))
})
