import { defineMessage } from './grammar.ts'

/** Version 2 has tagged fields, and still a classic string, so that any broker can read any client's first request (W3). */
export const requestHeader = defineMessage({
  name: 'RequestHeader',
  versions: '1-2',
  flexible: 2,
  doc: 'Stands before the body of every request.',
  fields: `
    requestApiKey      int16                    # key
    requestApiVersion  int16                    # version of the body
    correlationId      int32                    # comes back in the response
    clientId           string  null 1+ classic  # name of the client, for people
  `,
})

export const responseHeader = defineMessage({
  name: 'ResponseHeader',
  versions: '0-1',
  flexible: 1,
  doc: 'Stands before the body of every response.',
  fields: `
    correlationId  int32  # of the request
  `,
})
