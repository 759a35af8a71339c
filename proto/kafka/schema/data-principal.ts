import { defineMessage } from './grammar.ts'

export const defaultPrincipal = defineMessage({
  name: 'DefaultPrincipal',
  versions: '0',
  flexible: 0,
  doc: 'Who sent a request, when one broker passes it on to another.',
  fields: `
    type                string  # kind of principal, e.g. User
    name                string  # name
    tokenAuthenticated  bool    # logged in with a delegation token
  `,
})
