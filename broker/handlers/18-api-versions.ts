/**
 * ApiVersions (key 18). Versions 0 to 4. 3: client software name and version (KIP-511, W4); 4: features may start at 0.
 * The response header is version 0 throughout (W1), and a version from the future is answered in version 0 (W2, by the
 * connection). Tells which feature levels this release understands, and which the cluster has agreed on (KIP-584). No `transaction.version` is reported, so all clients stay on transactions v1 (W18).
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { ApiVersions } from '../../proto/kafka/generated/apis.ts'
import type { ApiVersionsRequest, ApiVersionsResponse } from '../../proto/kafka/generated/18-api-versions.ts'
import { supportedFeatures } from '../controller/metadata-version.ts'
import { CLIENT_SOFTWARE_NAMES_MAX } from '../limits.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** `served` are all handlers of the broker; this one adds itself. */
export function apiVersionsHandler(
  served: readonly Handler<unknown, unknown>[],
): Handler<ApiVersionsRequest, ApiVersionsResponse> {
  const softwareSeen = new Set<string>()
  const handler: Handler<ApiVersionsRequest, ApiVersionsResponse> = {
    api: ApiVersions,
    handle(request, context, services) {
      const isNamed = context.apiVersion >= 3
      const valid =
        !isNamed || (SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion))
      if (isNamed && valid) countSoftware(request.clientSoftwareName, softwareSeen, services)
      context.reply(
        valid ? { ...response(Errors.NONE, apiKeys), ...features(services) } : response(Errors.INVALID_REQUEST, []),
      )
    },
  }
  const apiKeys = [...served, handler as Handler<unknown, unknown>]
    .map(({ api, minVersion, maxVersion }) => ({
      apiKey: api.key,
      minVersion: minVersion ?? api.minVersion,
      maxVersion: maxVersion ?? api.maxVersion,
    }))
    .sort((left, right) => left.apiKey - right.apiKey)
  return handler
}

function response(errorCode: ErrorCode, apiKeys: ApiVersionsResponse['apiKeys']): ApiVersionsResponse {
  return {
    errorCode,
    apiKeys,
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1,
    finalizedFeatures: [],
    zkMigrationReady: false,
  }
}

function features({ metadata, cluster, config }: Services): Partial<ApiVersionsResponse> {
  return {
    supportedFeatures: supportedFeatures(config).map(({ name, minLevel, maxLevel }) => ({
      name,
      minVersion: minLevel,
      maxVersion: maxLevel,
    })),
    finalizedFeaturesEpoch: cluster.controller.appliedOffset,
    finalizedFeatures: [...metadata.features()].map(([name, level]) => ({
      name,
      minVersionLevel: level,
      maxVersionLevel: level,
    })),
  }
}

function countSoftware(name: string, seen: Set<string>, services: Services): void {
  const known = seen.has(name) || seen.size < CLIENT_SOFTWARE_NAMES_MAX
  if (known) seen.add(name)
  services.metrics
    .counter('millrace_client_software_total', 'Connections by client library (KIP-511).', {
      name: known ? name : 'other',
    })
    .add(1)
}
