import type { FastifyInstance } from 'fastify'
import type { HttpContext } from './context.ts'
import { addAdminRoutes } from './routes/admin.ts'
import { addClusterRoutes } from './routes/cluster.ts'
import { addEventRoutes } from './routes/events.ts'
import { addHealthRoutes } from './routes/health.ts'
import { addRecordRoutes } from './routes/records.ts'

/** Every route of the HTTP door; the OpenAPI document is generated from them. */
export function addRoutes(app: FastifyInstance, context: HttpContext): void {
  addRecordRoutes(app, context)
  addEventRoutes(app, context)
  addAdminRoutes(app, context)
  addClusterRoutes(app, context)
  addHealthRoutes(app, context)
}
