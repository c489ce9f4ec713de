// A loaded process as data, for --json.

import { type LoadedProcess, pagesOf, profileName, protectionText } from "../../load/index.ts";

export function processJson(process: LoadedProcess): unknown {
  return {
    machine: process.machine,
    profile: profileName(process.options.profile),
    lazy: process.lazy,
    exitCode: process.exitCode ?? 0,
    messages: process.messages.map(({ text }) => text),
    problems: process.problems,
    objects: process.objects.map((object) => ({
      name: object.name,
      kind: object.kind,
      realPath: object.file.realPath,
      soname: object.file.soname,
      loadBias: object.base,
      start: object.start,
      end: object.end,
      foundBy: object.rule,
      askedForBy: object.requester?.name,
      needed: object.needed.map(({ name }) => name),
      tried: object.tried,
      tls: object.tlsModule === 0 ? undefined : { module: object.tlsModule, offset: -object.tlsOffset },
      pages: pagesOf(object, true).map(({ start, end, flags, fileOffset }) => ({
        start,
        end,
        protection: protectionText(flags),
        fileOffset: fileOffset < 0 ? undefined : fileOffset,
      })),
    })),
    globalScope: process.globalScope.map(({ name }) => name),
    relocationOrder: process.relocationOrder.map(({ name }) => name),
    missingLibraries: process.missingLibraries.map(({ name, requester, message, tried }) => ({
      name,
      askedForBy: requester.name,
      message,
      tried,
    })),
    missingVersions: process.missingVersions.map(({ version, library, requester, fatal }) => ({
      version,
      library: library.name,
      askedForBy: requester.name,
      fatal,
    })),
    undefinedSymbols: process.undefinedSymbols.map(({ object, name, version }) => ({
      object: object.name,
      name,
      version,
    })),
  };
}
