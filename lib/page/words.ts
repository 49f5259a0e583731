/** What the page says, in English and in Chinese. Names, codes and what upstreams say stay as they are. */

export const languages = ['en', 'zh'] as const

export type Language = (typeof languages)[number]

/** As browsers call them. */
export const locales: Record<Language, string> = { en: 'en', zh: 'zh-CN' }

export type Word = keyof typeof words

/** `{0}` and `{1}` are filled in. */
const words = {
  skip: ['Skip to the content', '跳到正文'],
  sections: ['Sections', '页内导航'],
  language: ['Language', '语言'],

  well: ['Everything works', '一切正常'],
  attention: ['It serves, with something to look at', '正常服务，有需要留意之处'],
  degraded: ['Something cannot serve', '部分服务不可用'],
  lost: ['No answer from the proxy', '代理没有应答'],
  lostSince: [
    'What you see is from {0} ago. The page goes on asking.',
    '当前内容是 {0}前的，页面会继续询问。',
  ],
  refused: [
    'The proxy no longer shows this page with the key you entered. Reload it.',
    '代理不再接受您输入的密钥，请重新加载页面。',
  ],
  cannotServe: ['{0} cannot serve: {1}', '{0} 不可用：{1}'],
  up: ['Up {0}', '已运行 {0}'],
  underWayCount: ['{0} under way', '{0} 个请求进行中'],
  configRead: ['loaded {0} ago', '{0}前载入'],
  configBroken: [
    'What is in {0} now is broken, so what was read before goes on: {1}',
    '{0} 的当前内容有误，仍使用之前读取的配置：{1}',
  ],

  today: ['today', '今天'],
  days: ['30 days', '30 天'],
  cost: ['Cost', '费用'],
  requests: ['Requests', '请求'],
  tokens: ['Tokens', 'Token'],
  costToday: ['Cost today', '今日费用'],
  requestsToday: ['Requests today', '今日请求'],
  tokensToday: ['Tokens today', '今日 Token'],
  whoUsed: ['Who used it, 30 days', '30 天内的使用者'],
  inDays: ['{0} in 30 days', '30 天共 {0}'],
  failed: ['{0} failed', '{0} 失败'],
  noPrice: ['no model has a price', '模型都没有标价'],
  partlyPriced: ['some models have no price', '部分模型没有标价'],
  nobody: ['Nobody yet', '还没有人'],
  nobodyNamed: ['without a key', '无密钥'],

  accounts: ['Accounts', '账号'],
  noAccounts: [
    'None: each client’s own key goes upstream.',
    '没有账号：各客户端自己的密钥会传给上游。',
  ],
  noKeyGoes: ['None: no key goes upstream.', '没有账号：不会有密钥传给上游。'],
  ready: ['Ready', '可用'],
  cooling: ['Resting', '冷却中'],
  needsLogin: ['Needs a login', '需要登录'],
  needsKey: ['Needs another key', '需要更换密钥'],
  kindKey: ['Key', '密钥'],
  kindLogin: ['Login', '登录'],
  kindFile: ['Login from a file', '文件中的登录'],
  disabled: ['Switched off', '已停用'],
  fading: ['Login cannot be renewed', '登录无法续期'],
  suspect: ['Several refusals in a row', '连续多次被拒'],
  again: ['Again in {0}', '{0}后恢复'],
  againSoon: ['Tried again with the next request', '下一个请求时重试'],
  tokenFor: ['Token for another {0}', '令牌还有 {0}到期'],
  tokenOver: ['Token expired {0} ago', '令牌已于 {0}前到期'],
  renewed: ['renewed {0} ago', '{0}前续期'],
  used: ['{0} used', '已用 {0}'],
  resets: ['resets in {0}', '{0}后重置'],
  hasReset: ['has reset', '已重置'],
  toldAt: ['As the provider told it, {0}', '提供商于 {0} 告知'],
  fiveHours: ['Five hours', '五小时'],
  week: ['Week', '一周'],
  inputTokens: ['Input tokens', '输入 Token'],
  outputTokens: ['Output tokens', '输出 Token'],
  noQuota: ['No limits told by the provider yet', '提供商尚未告知额度'],

  underWay: ['Under way', '进行中'],
  noUnderWay: ['Nothing at the moment.', '目前没有请求。'],
  recent: ['Last requests', '最近的请求'],
  noRecent: ['None since the start.', '启动以来没有请求。'],
  noErrors: ['None of the last {0} failed.', '最近 {0} 个请求都没有失败。'],
  all: ['All', '全部'],
  errors: ['Errors', '错误'],
  filter: ['Which requests', '筛选请求'],
  showAll: ['Show all {0}', '显示全部 {0} 个'],
  time: ['Time', '时间'],
  client: ['Client', '客户端'],
  model: ['Model', '模型'],
  endpoint: ['Endpoint', '端点'],
  for: ['For', '已进行'],
  result: ['Result', '结果'],
  attempts: ['Attempts', '尝试'],
  inOut: ['In / out', '输入 / 输出'],
  took: ['Took', '用时'],
  left: ['client left', '客户端离开'],
  brokeOff: ['broke off', '中断'],
  insteadOf: ['instead of {0}', '替代 {0}'],

  usage: ['Usage', '用量'],
  noUsage: ['Nothing was used in the last 30 days.', '最近 30 天没有用量。'],
  usageOff: ['Usage is not counted (it is switched off).', '未统计用量（已关闭）。'],
  measure: ['What the bars show', '图表内容'],
  chartOf: [
    '{0} a day by model over 30 days, {1} in all; the tables below have the figures',
    '30 天内按模型统计的每日{0}，共 {1}；数据见下方表格',
  ],
  noModel: ['no model', '无模型'],
  noAccount: ['no account', '无账号'],
  byModel: ['By model', '按模型'],
  byClient: ['By client', '按客户端'],
  byAccount: ['By account', '按账号'],
  others: ['{0} others', '其他 {0} 个'],
  otherModels: ['others', '其他'],

  models: ['Models', '模型'],
  noModels: [
    'No model is configured. Add one to `models` in the configuration file.',
    '没有配置模型。请在配置文件的 `models` 中添加。',
  ],
  find: ['Find a model', '查找模型'],
  foundNone: ['No model has “{0}” in its name.', '没有名称含“{0}”的模型。'],
  price: ['Price in / out', '价格 输入 / 输出'],
  perMillion: ['USD a million tokens', '美元 / 百万 token'],
  standIns: ['then {0}', '备用 {0}'],
  copyName: ['Copy name', '复制名称'],
  copyCurl: ['Copy curl', '复制 curl'],
  copy: ['Copy', '复制'],
  copied: ['Copied', '已复制'],
  notCopied: ['Press Ctrl+C', '请按 Ctrl+C'],

  connect: ['Connect a client', '接入客户端'],
  connectLead: [
    'Lines for the address you see this page at: {0}.',
    '以下内容使用您访问本页的地址：{0}。',
  ],
  putKey: ['Put your client key in place of {0}.', '请用您的客户端密钥替换 {0}。'],
  whoMay: ['Who may use which model', '谁可以使用哪些模型'],
  anyClient: [
    'Any client can use any model, whatever API it speaks. Where the APIs differ, droid2api translates.',
    '任何客户端都可使用任何模型，无论使用哪种 API；API 不同时由 droid2api 转换。',
  ],
  allModels: ['all models', '全部模型'],
  noKeys: [
    'There are no client keys: whoever reaches this address may use all models.',
    '没有客户端密钥：能访问此地址的人都可使用全部模型。',
  ],
  keyOff: ['switched off', '已停用'],
  keyUntil: ['until {0}', '有效期至 {0}'],

  footer: [
    'This page only shows. It changes nothing, and it never holds what was asked or answered.',
    '本页只读，不会更改任何内容，也不包含请求与回答的正文。',
  ],
} as const satisfies Record<string, readonly [string, string]>

/** A word of the page in the language, filled in. */
export type Say = (word: Word, ...values: (string | number)[]) => string

export function speaker(language: Language): Say {
  const index = languages.indexOf(language)
  return (word, ...values) =>
    values.reduce<string>(
      (text, value, place) => text.replace(`{${place}}`, () => String(value)),
      words[word][index as 0 | 1],
    )
}

/** Of `accept-language`, the one that is liked best. */
export function languageOf(accepted: string): Language {
  const liked = accepted
    .split(',')
    .map((entry) => {
      const [name = '', ...parameters] = entry.trim().toLowerCase().split(';')
      const weight = parameters.find((one) => one.trim().startsWith('q='))
      return { name: name.slice(0, 2), weight: weight ? Number(weight.trim().slice(2)) : 1 }
    })
    .toSorted((one, other) => other.weight - one.weight)
    .find(({ name, weight }) => weight > 0 && languages.some((known) => known === name))
  return (liked?.name as Language | undefined) ?? 'en'
}
