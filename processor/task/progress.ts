import { OFFSET_METADATA_LENGTH_MAX, TASKS_MAX } from '../limits.ts'
import type { Channel } from '../windows/watermark.ts'

/**
 * How far event time had come is noted beside the committed offset, so that both go back together:
 * `1;<clock>,...;<channel>,.../...`: the clocks over the topic's sources in their order, then for each source its channels.
 * Times are ms in base 36, `-` when nothing was known; `I` behind an idle channel.
 */
const VERSION = '1'
const UNKNOWN = '-'
/** Upper case, which no digit of base 36 is as we write it. */
const IDLE = 'I'

/** The text to commit; empty when it would be too long, and event time is then learned anew. */
export function encodeProgress(clocks: readonly number[], sources: readonly (readonly Channel[])[]): string {
  const parts = sources.map((channels) => channels.map(encodeChannel).join(','))
  const text = [VERSION, clocks.map(encodeTime).join(','), parts.join('/')].join(';')
  return text.length <= OFFSET_METADATA_LENGTH_MAX ? text : ''
}

/** What a committed text says. Undefined when it is not ours or of another version. */
export interface Progress {
  readonly clocks: readonly number[]
  readonly sources: readonly (readonly { readonly watermark: number; readonly idle: boolean }[])[]
}

export function decodeProgress(text: string): Progress | undefined {
  const [version, times, lists] = text.split(';')
  if (version !== VERSION || times === undefined || lists === undefined) return undefined
  const clocks = times.split(',').map(decodeTime)
  const sources = lists.split('/').map((list) => list.split(',').slice(0, TASKS_MAX).map(decodeChannel))
  const channels = sources.flatMap((list) => list.map(({ watermark }) => watermark))
  return [...clocks, ...channels].some(Number.isNaN) ? undefined : { clocks, sources }
}

function encodeChannel(channel: Channel): string {
  return `${encodeTime(channel.watermark)}${channel.idle ? IDLE : ''}`
}

function decodeChannel(text: string): { watermark: number; idle: boolean } {
  const idle = text.endsWith(IDLE)
  return { watermark: decodeTime(idle ? text.slice(0, -1) : text), idle }
}

function encodeTime(time: number): string {
  return Number.isFinite(time) ? Math.floor(time).toString(36) : UNKNOWN
}

function decodeTime(text: string): number {
  if (text === UNKNOWN) return Number.NEGATIVE_INFINITY
  return /^-?[0-9a-z]+$/.test(text) ? Number.parseInt(text, 36) : Number.NaN
}
