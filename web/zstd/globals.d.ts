/** Left in a worker by `zstd.js`; undefined until then. */
declare var solderZstd: ((bytes: Uint8Array, size: number) => Uint8Array | undefined) | undefined;
