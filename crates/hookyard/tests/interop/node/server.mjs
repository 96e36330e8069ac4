// A small HTTP server in front of the packages of packages.mjs: it has them sign requests, and
// verify the requests that it gets. The tests start it with the folder where npm put the packages
// as its working directory, from which `load` imports.
//
//   GET  /cases             what each package can do, with the secret and a request to be signed
//   POST /sign/PROVIDER     {url, now} → headers and body of a request that the package signed
//   *    /verify/PROVIDER   200 if the package accepts this very request, 401 and why if not

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

import { CASES } from './packages.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }

export async function serve(load) {
  const server = createServer((request, response) => {
    answer(load, server, request).then(
      ([status, body]) => end(response, status, body),
      (error) => end(response, 500, `${error.stack ?? error}`),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log(`listening on ${server.address().port}`)
  // Ends with the test that started it, which holds the other end.
  process.stdin.on('end', () => process.exit()).resume()
}

function end(response, status, body) {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), connection: 'close' })
  response.end(body)
}

async function answer(load, server, request) {
  const raw = Buffer.concat(await request.toArray())
  const url = `http://${request.headers.host}${request.url}`
  const [, verb, provider] = new URL(url).pathname.split('/')
  if (verb === 'cases') return [200, JSON.stringify(await Promise.all(CASES.map(shown)))]
  const found = CASES.find((one) => one.provider === provider)
  if (!found) return [404, `there is no case for ${provider}`]
  const context = { load, secret: found.secret, settings: found.settings ?? {} }
  if (verb === 'sign') {
    const { url, now } = JSON.parse(raw)
    return [200, JSON.stringify(await sign(found, { ...context, url, now }))]
  }
  const { method, headers } = request
  const received = { ...context, method, url, headers, raw, text: raw.toString('utf8') }
  try {
    return (await found.verify(received)) ? [200, 'accepted'] : [401, 'refused']
  } catch (error) {
    return [401, `refused: ${error?.message ?? error}`]
  }
}

async function shown(one) {
  const manifest = JSON.parse(await readFile(`node_modules/${one.package}/package.json`, 'utf8'))
  return {
    provider: one.provider,
    package: `npm ${one.package}`,
    version: manifest.version,
    secret: one.secret,
    signing_secret: one.signingSecret ?? one.secret,
    settings: one.settings ?? {},
    headers: { ...JSON_TYPE, ...one.headers },
    body: bodyOf(one),
    signs: Boolean(one.sign),
    verifies: Boolean(one.verify),
    leaves_body: Boolean(one.leavesBody),
  }
}

async function sign(one, context) {
  const body = bodyOf(one)
  const signed = await one.sign({ ...context, body })
  const sent = signed.body ?? body
  const tamper = one.tamper ?? ((text) => text.replace('interop', 'tampered'))
  return {
    headers: { ...JSON_TYPE, ...one.headers },
    proof: signed.headers,
    body: sent,
    tampered: tamper(sent),
  }
}

const bodyOf = (one) => (typeof one.body === 'function' ? one.body() : one.body)
