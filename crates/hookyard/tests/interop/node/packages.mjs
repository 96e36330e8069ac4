// The providers' packages from npm, a case each: how they are asked to sign or to verify.
//
// Every body says `interop` somewhere that is signed, since the tests tamper with that word.
// `leavesBody` marks a package that verifies less than the whole request, by its own design.

import { createSecretKey, generateKeyPairSync } from 'node:crypto'

const TEXT_SECRET = '3mVwXx8pJtq1oZ5r0cQbK2sEyLhUaNdG'
const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const HEX_KEY = '44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const event = (more = {}) =>
  JSON.stringify({ id: 'evt_interop_1', type: 'order.paid', text: 'häagen ♥ </b>', ...more })
const form = (text) => Object.fromEntries(new URLSearchParams(text))
const header = (name, value) => ({ headers: { [name]: value } })

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')
const spki = (pair) => pair.publicKey.export({ type: 'spki', format: 'der' })
const pkcs8 = (pair) => pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')

/** Svix and Standard Webhooks differ in the names of the headers only. */
const standardWebhooks = (name, prefix) => ({
  secret: WHSEC,
  body: event(),
  sign: async ({ load, secret, body, now }) => {
    const { Webhook } = await load(name)
    const signature = new Webhook(secret).sign('msg_1', new Date(now * 1000), body)
    return {
      headers: {
        [`${prefix}-id`]: 'msg_1',
        [`${prefix}-timestamp`]: `${now}`,
        [`${prefix}-signature`]: signature,
      },
    }
  },
  verify: async ({ load, secret, text, headers }) => {
    const { Webhook } = await load(name)
    new Webhook(secret).verify(text, headers)
    return true
  },
})

const adyenItem = {
  pspReference: 'interop7914073381342284',
  merchantReference: 'TestPayment-1407325143704',
  merchantAccountCode: 'TestMerchant',
  amount: { currency: 'EUR', value: 1130 },
  eventCode: 'AUTHORISATION',
  success: 'true',
  eventDate: '2019-05-06T17:15:34.121+02:00',
  paymentMethod: 'visa',
}
const adyenBody = (item) =>
  JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: item }] })
const adyen = async (load) => {
  const { default: validator } = await load('@adyen/api-library/lib/src/utils/hmacValidator.js')
  return new validator.default()
}

const braintree = async ({ load, secret, settings }) => {
  const { default: library } = await load('braintree')
  return new library.BraintreeGateway({
    environment: library.Environment.Sandbox,
    merchantId: 'interop',
    publicKey: settings.public_key,
    privateKey: secret,
  })
}

const hubspot = ({ method, url, text, body, secret, now, headers }) => ({
  method,
  url,
  clientSecret: secret,
  requestBody: text ?? body,
  timestamp: headers ? Number(headers['x-hubspot-request-timestamp']) : now * 1000,
  signature: headers?.['x-hubspot-signature-v3'],
})

const contentful = ({ method, url, headers, text, body }) => {
  const { pathname, search } = new URL(url)
  return { method, path: pathname + search, headers, body: text ?? body }
}

export const CASES = [
  {
    provider: 'adyen',
    package: '@adyen/api-library',
    secret: HEX_KEY,
    body: () => adyenBody(adyenItem),
    sign: async ({ load, secret }) => {
      const hmacSignature = (await adyen(load)).calculateHmac(adyenItem, secret)
      return { headers: {}, body: adyenBody({ ...adyenItem, additionalData: { hmacSignature } }) }
    },
    verify: async ({ load, secret, text }) => {
      const validator = await adyen(load)
      const items = JSON.parse(text).notificationItems
      return items.every((item) => validator.validateHMAC(item.NotificationRequestItem, secret))
    },
  },
  {
    provider: 'adyen-platform',
    package: '@adyen/api-library',
    secret: HEX_KEY,
    body: event(),
    sign: async ({ load, secret, body }) =>
      header('hmacsignature', (await adyen(load)).calculateHmac(body, secret)),
    verify: async ({ load, secret, text, headers }) =>
      (await adyen(load)).validateHMACSignature(secret, headers.hmacsignature, text),
  },
  {
    provider: 'braintree',
    package: 'braintree',
    secret: 'integration_private_key_of_interop',
    settings: { public_key: 'integration_public_key' },
    headers: FORM,
    body: () => {
      const time = '<timestamp type="datetime">2026-11-23T12:00:00Z</timestamp>'
      const xml = `<notification>${time}<kind>check</kind><subject><check type="boolean">true</check></subject></notification>`
      return `bt_payload=${encodeURIComponent(Buffer.from(xml).toString('base64'))}`
    },
    sign: async (context) => {
      const gateway = await braintree(context)
      const kind = 'subscription_went_past_due'
      const fields = gateway.webhookTesting.sampleNotification(kind, 'interop')
      return { headers: {}, body: new URLSearchParams(await fields).toString() }
    },
    tamper: (body) => body.replace(/(bt_payload=.{40})./, (_, kept) => `${kept}A`),
    verify: async (context) => {
      const { bt_signature: signature, bt_payload: payload } = form(context.text)
      await (await braintree(context)).webhookNotification.parse(signature, payload)
      return true
    },
  },
  {
    provider: 'coinbase-commerce',
    package: 'coinbase-commerce-node',
    secret: TEXT_SECRET,
    body: event({ event: { id: '1', type: 'charge:created' } }),
    sign: async ({ load, secret, body }) => {
      const { default: library } = await load('coinbase-commerce-node')
      return header('x-cc-webhook-signature', library.Webhook.computeSignature(body, secret))
    },
    verify: async ({ load, secret, text, headers }) => {
      const { default: library } = await load('coinbase-commerce-node')
      library.Webhook.verifyEventBody(text, headers['x-cc-webhook-signature'], secret)
      return true
    },
  },
  {
    provider: 'contentful',
    package: '@contentful/node-apps-toolkit',
    secret: TEXT_SECRET + TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret, url, body, now }) => {
      const { signRequest } = await load('@contentful/node-apps-toolkit')
      const headers = { 'content-type': 'application/json' }
      const request = contentful({ method: 'POST', url, headers, body })
      return { headers: signRequest(secret, request, now * 1000) }
    },
    verify: async ({ load, secret, ...request }) => {
      const { verifyRequest } = await load('@contentful/node-apps-toolkit')
      return verifyRequest(secret, contentful(request), 30)
    },
  },
  {
    provider: 'discord',
    package: 'discord-interactions',
    secret: spki(ed25519).subarray(-32).toString('hex'),
    signingSecret: pkcs8(ed25519),
    body: event(),
    verify: async ({ load, secret, raw, headers }) => {
      const { verifyKey } = await load('discord-interactions')
      const signature = headers['x-signature-ed25519']
      return verifyKey(raw, signature, headers['x-signature-timestamp'], secret)
    },
  },
  {
    provider: 'github',
    package: '@octokit/webhooks-methods',
    secret: TEXT_SECRET,
    headers: { 'x-github-event': 'ping', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
    body: event(),
    sign: async ({ load, secret, body }) =>
      header('x-hub-signature-256', await (await load('@octokit/webhooks-methods')).sign(secret, body)),
    verify: async ({ load, secret, text, headers }) =>
      (await load('@octokit/webhooks-methods')).verify(secret, text, headers['x-hub-signature-256']),
  },
  {
    provider: 'gocardless',
    package: 'gocardless-nodejs',
    secret: TEXT_SECRET,
    body: event({ events: [] }),
    verify: async ({ load, secret, raw, headers }) => {
      const { verifySignature } = await load('gocardless-nodejs/webhooks')
      verifySignature(raw, secret, headers['webhook-signature'])
      return true
    },
  },
  {
    provider: 'hubspot',
    package: '@hubspot/api-client',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, ...request }) => {
      const { Signature } = await load('@hubspot/api-client')
      const options = hubspot({ ...request, method: 'POST' })
      return {
        headers: {
          'x-hubspot-request-timestamp': `${options.timestamp}`,
          'x-hubspot-signature-v3': Signature.getSignature('POST', 'v3', options),
        },
      }
    },
    verify: async ({ load, ...request }) => {
      const { Signature } = await load('@hubspot/api-client')
      return Signature.isValid({ ...hubspot(request), signatureVersion: 'v3' })
    },
  },
  {
    provider: 'hygraph',
    package: '@hygraph/utils',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret, body: rawPayload }) => {
      const { generateWebhookSignature } = await load('@hygraph/utils')
      return header('gcms-signature', generateWebhookSignature({ rawPayload, secret }))
    },
    verify: async ({ load, secret, text: rawPayload, headers }) => {
      const { verifyWebhookSignature } = await load('@hygraph/utils')
      const signature = headers['gcms-signature']
      return verifyWebhookSignature({ rawPayload, signature, secret })
    },
  },
  {
    provider: 'kontent-ai',
    package: '@kontent-ai/webhook-helper',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret, body }) => {
      const { signatureHelper } = await load('@kontent-ai/webhook-helper')
      return header('x-kontent-ai-signature', signatureHelper.getHashFromString(body, secret))
    },
    verify: async ({ load, secret, text, headers }) => {
      const { signatureHelper } = await load('@kontent-ai/webhook-helper')
      const signature = headers['x-kontent-ai-signature']
      return signatureHelper.isValidSignatureFromString(text, secret, signature)
    },
  },
  {
    provider: 'line',
    package: '@line/bot-sdk',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, raw, headers }) => {
      const { validateSignature } = await load('@line/bot-sdk')
      return validateSignature(raw, secret, headers['x-line-signature'])
    },
  },
  {
    provider: 'linear',
    package: '@linear/sdk',
    secret: TEXT_SECRET,
    body: () => event({ webhookTimestamp: Date.now() }),
    verify: async ({ load, secret, raw, headers }) => {
      const { LinearWebhookClient } = await load('@linear/sdk/webhooks')
      return new LinearWebhookClient(secret).verify(raw, headers['linear-signature'])
    },
  },
  {
    provider: 'lithic',
    package: 'lithic',
    secret: WHSEC,
    body: event(),
    verify: async ({ load, secret: webhookSecret, text, headers }) => {
      const { Lithic } = await load('lithic')
      new Lithic({ apiKey: 'x', webhookSecret }).webhooks.verifySignature(text, headers)
      return true
    },
  },
  {
    provider: 'liveblocks',
    package: '@liveblocks/node',
    secret: WHSEC,
    body: event({ type: 'roomCreated' }),
    verify: async ({ load, secret, text: rawBody, headers }) => {
      const { WebhookHandler } = await load('@liveblocks/node')
      new WebhookHandler(secret).verifyRequest({ headers, rawBody })
      return true
    },
  },
  {
    provider: 'messagebird',
    package: 'messagebird',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, url, raw, headers }) => {
      const { default: library } = await load('messagebird/lib/webhook-signature-jwt.js')
      const key = createSecretKey(Buffer.from(secret))
      await library.verify(url, raw, headers[library.SIGNATURE_HEADER_NAME], key)
      return true
    },
  },
  {
    provider: 'modern-treasury',
    package: 'modern-treasury',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret: webhookKey, body }) => {
      const { ModernTreasury } = await load('modern-treasury')
      const client = new ModernTreasury({ apiKey: 'x', organizationID: 'x', webhookKey })
      return header('x-signature', client.webhooks.getSignature(body))
    },
    verify: async ({ load, secret: webhookKey, text, headers }) => {
      const { ModernTreasury } = await load('modern-treasury')
      const client = new ModernTreasury({ apiKey: 'x', organizationID: 'x', webhookKey })
      return client.webhooks.validateSignature(text, headers)
    },
  },
  {
    provider: 'mux',
    package: '@mux/mux-node',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret: webhookSecret, text, headers }) => {
      const { Mux } = await load('@mux/mux-node')
      const client = new Mux({ tokenId: 'x', tokenSecret: 'x', webhookSecret })
      await client.webhooks.verifySignature(text, headers)
      return true
    },
  },
  {
    provider: 'notion',
    package: '@notionhq/client',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret: verificationToken, body }) => {
      const { signWebhookPayload } = await load('@notionhq/client')
      return header('x-notion-signature', await signWebhookPayload({ body, verificationToken }))
    },
    verify: async ({ load, secret: verificationToken, text: body, headers }) => {
      const { verifyWebhookSignature } = await load('@notionhq/client')
      const signature = headers['x-notion-signature']
      return verifyWebhookSignature({ body, signature, verificationToken })
    },
  },
  {
    provider: 'onfido',
    package: '@onfido/api',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, raw, headers }) => {
      const { WebhookEventVerifier } = await load('@onfido/api')
      new WebhookEventVerifier(secret).readPayload(raw, headers['x-sha2-signature'])
      return true
    },
  },
  {
    provider: 'openai',
    package: 'openai',
    secret: WHSEC,
    body: event(),
    verify: async ({ load, secret: webhookSecret, text, headers }) => {
      const { OpenAI } = await load('openai')
      await new OpenAI({ apiKey: 'x', webhookSecret }).webhooks.verifySignature(text, headers)
      return true
    },
  },
  {
    provider: 'orb',
    package: 'orb-billing',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret: webhookSecret, text, headers }) => {
      const { Orb } = await load('orb-billing')
      new Orb({ apiKey: 'x', webhookSecret }).webhooks.verifySignature(text, headers)
      return true
    },
  },
  {
    provider: 'paddle',
    package: '@paddle/paddle-node-sdk',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, text, headers }) => {
      const { Paddle } = await load('@paddle/paddle-node-sdk')
      return new Paddle('x').webhooks.isSignatureValid(text, secret, headers['paddle-signature'])
    },
  },
  {
    provider: 'plivo',
    package: 'plivo',
    secret: TEXT_SECRET,
    headers: FORM,
    body: 'From=14155550100&To=14155550101&Text=interop&CallStatus=completed',
    verify: async ({ load, secret, method, url, text, headers }) => {
      const { validateV3Signature } = await load('plivo')
      const nonce = headers['x-plivo-signature-v3-nonce']
      const signature = headers['x-plivo-signature-v3']
      return validateV3Signature(method, url, nonce, secret, signature, form(text))
    },
  },
  {
    provider: 'polar',
    package: '@polar-sh/sdk',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, text, headers }) => {
      const { validateEvent, WebhookVerificationError } = await load('@polar-sh/sdk/webhooks')
      try {
        validateEvent(text, headers, secret)
      } catch (error) {
        // The signature is checked first; what follows is whether it knows the type.
        if (error instanceof WebhookVerificationError) throw error
      }
      return true
    },
  },
  {
    provider: 'pusher',
    package: 'pusher',
    secret: TEXT_SECRET,
    headers: { 'x-pusher-key': 'app_key' },
    body: event({ time_ms: 1700000000000, events: [] }),
    verify: async ({ load, secret, text: rawBody, headers }) => {
      const { default: Pusher } = await load('pusher')
      const client = new Pusher({ appId: '1', key: 'app_key', secret })
      return client.webhook({ headers, rawBody }).isValid()
    },
  },
  {
    provider: 'razorpay',
    package: 'razorpay',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, text, headers }) => {
      const { default: Razorpay } = await load('razorpay')
      return Razorpay.validateWebhookSignature(text, headers['x-razorpay-signature'], secret)
    },
  },
  {
    provider: 'replicate',
    package: 'replicate',
    secret: WHSEC,
    body: event(),
    verify: async ({ load, secret, text: body, headers }) => {
      const { validateWebhook } = await load('replicate')
      return validateWebhook({ headers, body }, secret)
    },
  },
  {
    provider: 'sanity',
    package: '@sanity/webhook',
    secret: TEXT_SECRET,
    body: event(),
    sign: async ({ load, secret, body, now }) => {
      const { encodeSignatureHeader, SIGNATURE_HEADER_NAME } = await load('@sanity/webhook')
      const value = await encodeSignatureHeader(body, now * 1000, secret)
      return header(SIGNATURE_HEADER_NAME, value)
    },
    verify: async ({ load, secret, text, headers }) => {
      const { isValidSignature, SIGNATURE_HEADER_NAME } = await load('@sanity/webhook')
      return isValidSignature(text, headers[SIGNATURE_HEADER_NAME], secret)
    },
  },
  {
    provider: 'sendgrid',
    package: '@sendgrid/eventwebhook',
    secret: spki(ec).toString('base64'),
    signingSecret: pkcs8(ec),
    body: `[${event()}]\r\n`,
    verify: async ({ load, secret, raw, headers }) => {
      const { EventWebhook } = await load('@sendgrid/eventwebhook')
      const webhook = new EventWebhook()
      const key = webhook.convertPublicKeyToECDSA(secret)
      const signature = headers['x-twilio-email-event-webhook-signature']
      const timestamp = headers['x-twilio-email-event-webhook-timestamp']
      return webhook.verifySignature(key, raw, signature, timestamp)
    },
  },
  {
    provider: 'slack',
    package: '@slack/bolt',
    secret: TEXT_SECRET,
    headers: FORM,
    body: 'token=x&team_id=T1DC2JH3J&command=%2Finterop&text=',
    verify: async ({ load, secret: signingSecret, text: body, headers }) => {
      const library = await load('@slack/bolt/dist/receivers/verify-request.js')
      library.verifySlackRequest({ signingSecret, body, headers })
      return true
    },
  },
  { provider: 'standard-webhooks', package: 'standardwebhooks', ...standardWebhooks('standardwebhooks', 'webhook') },
  {
    provider: 'stripe',
    package: 'stripe',
    secret: 'whsec_test_secret_of_interop',
    body: event({ object: 'event' }),
    sign: async ({ load, secret, body: payload, now: timestamp }) => {
      const { Stripe } = await load('stripe')
      const options = { payload, secret, timestamp }
      return header('stripe-signature', Stripe.webhooks.generateTestHeaderString(options))
    },
    verify: async ({ load, secret, raw, headers }) => {
      const { Stripe } = await load('stripe')
      Stripe.webhooks.constructEvent(raw, headers['stripe-signature'], secret)
      return true
    },
  },
  { provider: 'svix', package: 'svix', ...standardWebhooks('svix', 'svix') },
  {
    provider: 'twilio',
    package: 'twilio',
    secret: HEX_KEY.slice(32),
    headers: FORM,
    body: 'CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=interop',
    sign: async ({ load, secret, url, body }) => {
      const { default: twilio } = await load('twilio/lib/webhooks/webhooks.js')
      const signature = twilio.getExpectedTwilioSignature(secret, url, form(body))
      return header('x-twilio-signature', signature)
    },
    verify: async ({ load, secret, url, text, headers }) => {
      const { default: twilio } = await load('twilio/lib/webhooks/webhooks.js')
      return twilio.validateRequest(secret, headers['x-twilio-signature'], url, form(text))
    },
  },
  {
    provider: 'viber',
    package: 'viber-bot',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, raw, headers }) => {
      const { default: Validator } = await load('viber-bot/lib/message/message-validator.js')
      const validator = new Validator({ debug: () => {} }, secret)
      return validator.validateMessage(headers['x-viber-content-signature'], raw)
    },
  },
  {
    provider: 'vonage',
    package: '@vonage/jwt',
    secret: TEXT_SECRET,
    body: event(),
    // It checks the token alone and leaves the claim `payload_hash` to its caller.
    leavesBody: true,
    verify: async ({ load, secret, headers }) => {
      const { verifySignature } = await load('@vonage/jwt')
      return verifySignature(headers.authorization.replace('Bearer ', ''), secret)
    },
  },
  {
    provider: 'webflow',
    package: 'webflow-api',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, text: body, headers }) => {
      const { WebflowClient } = await load('webflow-api')
      const client = new WebflowClient({ accessToken: 'x' })
      return client.webhooks.verifySignature({ headers, body, secret })
    },
  },
  {
    provider: 'workos',
    package: '@workos-inc/node',
    secret: TEXT_SECRET,
    body: event(),
    verify: async ({ load, secret, text, headers }) => {
      const { WorkOS } = await load('@workos-inc/node')
      const { webhooks } = new WorkOS('sk_interop')
      const sigHeader = headers['workos-signature']
      // It wants the body as JSON that was read, and writes it anew.
      return webhooks.verifyHeader({ payload: JSON.parse(text), sigHeader, secret })
    },
  },
]
