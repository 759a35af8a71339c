/** W2 (KIP-511): what an ApiVersions request of a version from the future hears. */
import { Errors } from '../../proto/kafka/errors.ts'
import type { ApiVersionsResponse } from '../../proto/kafka/generated/18-api-versions.ts'
import type { Handler } from '../handlers/handler.ts'

export const API_VERSIONS_KEY = 18

/** Its own range alone, so that the client tries again within it. To be written in version 0. */
export function unsupportedApiVersions(handler: Handler<unknown, unknown>): ApiVersionsResponse {
  const { api } = handler
  return {
    errorCode: Errors.UNSUPPORTED_VERSION,
    apiKeys: [
      {
        apiKey: API_VERSIONS_KEY,
        minVersion: handler.minVersion ?? api.minVersion,
        maxVersion: handler.maxVersion ?? api.maxVersion,
      },
    ],
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1,
    finalizedFeatures: [],
    zkMigrationReady: false,
  }
}
