import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runDemo } from '../../demo/index.ts'
import { type Cluster, startCluster } from '../../testing/cluster.ts'

const root = join(import.meta.dirname, '../..')
const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
const FLAGS = [
  ...[
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
  ...['--disable-component-update', '--disable-sync'],
]
const DEVICES = 40

/** Pixels of the first canvas in an element that something was drawn on. */
function paintedPixels(page: Page, selector: string): Promise<number> {
  return page
    .locator(`${selector} canvas`)
    .first()
    .evaluate((canvas) => {
      const { data } = (canvas as unknown as CanvasLike)
        .getContext('2d')
        .getImageData(0, 0, (canvas as unknown as CanvasLike).width, (canvas as unknown as CanvasLike).height)
      let painted = 0
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted++
      return painted
    })
}

interface CanvasLike {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray }
  }
}

describe.skipIf(browser === undefined)('the console in Chromium (skipped without a Chromium to run)', () => {
  const stop = new AbortController()
  const folders: string[] = []
  const problems: string[] = []
  let cluster: Cluster
  let running: Promise<unknown>
  let context: BrowserContext
  let page: Page

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'millrace-console-'))
    folders.push(path)
    return path
  }

  beforeAll(async () => {
    if (!existsSync(join(root, 'dist/console/assets'))) {
      const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
      execFileSync(process.execPath, [vite, 'build', 'console', '--logLevel', 'warn'], { cwd: root })
    }
    cluster = await startCluster({ brokers: 3 })
    const dataDir = await folder()
    const url = await new Promise<string>((resolve, reject) => {
      running = runDemo({
        bootstrap: cluster.bootstrap,
        dataDir,
        devices: DEVICES,
        rate: 2_000,
        retrainEveryMs: 3_000,
        page: { host: '127.0.0.1', port: 0 },
        signal: stop.signal,
        onProgress: ({ pageUrl }) => resolve(pageUrl),
      })
      running.catch(reject)
    })
    context = await chromium.launchPersistentContext(await folder(), {
      executablePath: browser!,
      args: FLAGS,
      viewport: { width: 1440, height: 1000 },
    })
    page = context.pages()[0] ?? (await context.newPage())
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(url)
  }, 120_000)

  afterAll(async () => {
    await context?.close()
    stop.abort()
    await running
    await cluster?.close()
    for (const path of folders) await rm(path, { recursive: true, force: true })
  }, 60_000)

  it('is live: telemetry flows, every device has a square, models have versions', async () => {
    await page.getByText('live', { exact: true }).waitFor()
    await page
      .locator('.tile', { hasText: 'Telemetry' })
      .getByText(/[1-9][\d,]*\/s/)
      .waitFor()
    await expect.poll(() => page.locator('.fleet .cell').count(), { timeout: 60_000 }).toBe(DEVICES)
    await page.locator('table').getByText('fleet@1').waitFor({ timeout: 60_000 })
  }, 120_000)

  it('shows an anomaly with its score, its model and the metrics that caused it', async () => {
    const alarm = page.locator('.alarms > li').first()
    await alarm.waitFor({ timeout: 90_000 })
    const text = () => alarm.innerText()
    await expect.poll(text).toMatch(/device-\d+/)
    await expect.poll(text).toMatch(/score \d+\.\d over 3\.5 · fleet@\d+ · record \d+\/\d+/)
    await expect
      .poll(text)
      .toMatch(/is -?[\d.e-]+, expected -?[\d.e-]+ \(\d+× the usual deviation\)|has stood still at .* for \d+ readings/)
  }, 120_000)

  it('draws the curves of the device that is chosen', async () => {
    const device = await page.locator('.alarms b').first().innerText()
    await page.locator('.alarms button', { hasText: device }).first().click()
    await page.locator('h2', { hasText: device }).waitFor()
    await page.locator('.metric').first().waitFor()
    const before = await paintedPixels(page, '.metric')
    await expect.poll(() => paintedPixels(page, '.metric'), { timeout: 30_000 }).not.toBe(before)
    expect(await paintedPixels(page, '.metric')).toBeGreaterThan(300)
    const other = page.locator('.fleet .cell:not(.chosen)').first()
    const name = (await other.getAttribute('title'))!.split(':')[0]
    await other.click()
    await page.locator('h2', { hasText: name }).waitFor()
  }, 90_000)

  it('swaps the newer model in under the reader’s eyes', async () => {
    await page
      .locator('tr', { hasText: 'in use' })
      .getByText(/fleet@([2-9]|\d\d)/)
      .waitFor({ timeout: 90_000 })
  }, 120_000)

  it('shows a broker that dies, its leaders on the others, and every record accounted for all the while', async () => {
    const leaders = page.locator('.replica.leads')
    await expect.poll(() => leaders.count(), { timeout: 30_000 }).toBe(6)
    await page.locator('.broker-row').getByText('controller').waitFor()
    const account = () => page.locator('.tile', { hasText: 'Accounted for' }).innerText()
    expect(await account()).toMatch(/= [\d,]+ scored \+ [\d,]+ waiting \+ [\d,]+ rejected/)
    const dead = cluster.leader('telemetry')
    const row = page.locator(`.broker-row[data-broker="${dead}"]`)
    await cluster.faults.kill(dead)
    await row.getByText('down').waitFor({ timeout: 30_000 })
    await expect.poll(() => row.locator('.replica.leads').count()).toBe(0)
    await expect.poll(() => leaders.count()).toBe(6)
    await expect.poll(() => page.locator('.moves').innerText()).toMatch(/^[1-9]\d* leaders moved$/)
    await cluster.faults.restart(dead)
    await row.getByText(/leads \d/).waitFor({ timeout: 30_000 })
    await expect.poll(() => row.locator('.replica.behind').count(), { timeout: 30_000 }).toBe(0)
    expect(await account()).toContain('= ')
  }, 120_000)

  it('has both themes, legible and kept', async () => {
    const ink = () =>
      page.evaluate<string[]>(
        '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
      )
    const first = await ink()
    await page.locator('.theme').click()
    const second = await ink()
    expect(second[0]).not.toBe(first[0])
    expect(second[1]).not.toBe(first[1])
    await page.reload()
    await page.getByText('live', { exact: true }).waitFor()
    expect(await ink()).toEqual(second)
  }, 60_000)

  it('says so when the demo ends, and has met no error until then', async () => {
    expect(problems).toEqual([])
    stop.abort()
    await running
    await page.getByText(/no demo is running here/).waitFor()
  }, 60_000)
})
