/** The OpenAPI document, made from the schemas of the very routes that are served. Development only. */
import swagger from '@fastify/swagger'
import fastify from 'fastify'
import { MetricsRegistry } from '../../metrics.ts'
import { Admission } from '../admission.ts'
import type { HttpContext } from '../context.ts'
import { httpLimits } from '../limits.ts'
import { addRoutes } from '../routes.ts'

export async function describeRoutes(): Promise<object> {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Millrace HTTP',
        description:
          'Produce, read and follow topics; look at topics and groups; health and metrics. Errors are RFC 9457 problem details.',
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
  })
  // Routes only describe themselves here: no request is ever served, so that the rest of the context is never touched.
  const context = { admission: new Admission(httpLimits, new MetricsRegistry()), services: {} } as HttpContext
  await app.register(async (scope) => addRoutes(scope, context))
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
