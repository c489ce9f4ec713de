// A loaded process as data, for --json.

import {
  blockFromThreadPointer,
  type LoadedProcess,
  missingLater,
  pagesOf,
  profileName,
  protectionText,
} from "../../load/index.ts";

export function processJson(task: LoadedProcess): unknown {
  return {
    version: 1,
    machine: task.machine,
    profile: profileName(task.options.profile),
    lazy: task.lazy,
    exitCode: task.exitCode ?? 0,
    ended: task.ended?.step,
    messages: task.messages.map(({ text }) => text),
    problems: task.problems,
    objects: task.objects.map((object) => ({
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
      tls:
        object.tlsModule === 0
          ? undefined
          : { module: object.tlsModule, offset: object.tlsIsStatic ? blockFromThreadPointer(task, object) : 0 },
      pages: pagesOf(object, true).map(({ start, end, flags, fileOffset }) => ({
        start,
        end,
        protection: protectionText(flags),
        fileOffset: fileOffset < 0 ? undefined : fileOffset,
      })),
    })),
    globalScope: task.globalScope.map(({ name }) => name),
    relocationOrder: task.relocationOrder.map(({ name }) => name),
    missingLibraries: task.missingLibraries.map(({ name, requester, message, tried }) => ({
      name,
      askedForBy: requester.name,
      message,
      tried,
    })),
    missingVersions: task.missingVersions.map(({ version, library, requester, fatal }) => ({
      version,
      library: library.name,
      askedForBy: requester.name,
      fatal,
    })),
    undefinedSymbols: task.undefinedSymbols.map(({ object, name, version }) => ({
      object: object.name,
      name,
      version,
    })),
    missingAtFirstCall: missingLater(task).map(({ object, name, version }) => ({ object: object.name, name, version })),
  };
}
