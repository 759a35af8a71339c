import { defineApi } from './grammar.ts'

// 0: tokens follow as bare frames · 1: they follow in SaslAuthenticate (W23)
export const saslHandshake = defineApi({
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: null,
  doc: 'Picks a SASL mechanism.',
  request: `
    mechanism  string  # mechanism the client wants
  `,
  response: `
    errorCode   int16     # error, 0 for none
    mechanisms  []string  # mechanisms the broker has
  `,
})
