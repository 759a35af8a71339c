/** What the client calls itself in ApiVersions (KIP-511). */
export const SOFTWARE_NAME = 'millrace'

/** Version of this package; a test holds it to package.json. */
export const SOFTWARE_VERSION = '0.1.0'
