// `solder run --call`: a function of relocatable objects executed where they were asked to lie, and what it returns.

import { type Cpu, IP } from "../../arch/x86/instructions/index.ts";
import type { Problem } from "../../elf/problem.ts";
import { callFunction, type FunctionCall, isUnset, runCall } from "../../execute/call-function.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import type { Observer } from "../../execute/run.ts";
import { signalName } from "../../execute/system/signal-numbers.ts";
import {
  argumentText,
  codePlaceText,
  faultLine,
  otherResults,
  returnedLine,
  signedResult,
  systemCallProblem,
} from "../../explain/execute/call.ts";
import { nodeDisassembler } from "../../host/disassembly/disassembler.ts";
import { nodeFiles } from "../../host/node-files.ts";
import { loadObjects } from "../../load/relocatable/index.ts";
import type { Io } from "../io.ts";
import { readInputs } from "../load/objects.ts";
import { FAILURE, SUCCESS } from "../run-request.ts";
import type { CallRequest } from "./call-request.ts";
import { complain, told } from "./complain.ts";

/** As for programs: a limit, or what cannot be executed. */
const STOPPED = 125;

/** Returns the exit status: 0 if the function has returned. */
export function runFunction(request: CallRequest, io: Io): number {
  const { json } = request;
  const problems: Problem[] = [];
  const inputs = readInputs(request, nodeFiles, problems);
  const loaded = loadObjects(inputs);
  problems.push(...loaded.problems);
  for (const problem of problems) complain(problem, json, io);
  // What a linker would refuse is not executed either.
  if (problems.some(({ severity }) => severity === "error")) return FAILURE;
  const { levels, limits, args } = request;
  const call = callFunction(loaded, request.function, { args, levels, limits });
  if ("severity" in call) {
    complain(call, json, io);
    return FAILURE;
  }
  const end = runCall(call, request.traced && instructionTeller(request, call, io));
  switch (end.kind) {
    case "returned": {
      const { result, instructions } = end;
      const { mode } = call;
      // Where the function has left rax as it was, that is no result.
      const values = isUnset(result)
        ? {}
        : { result: String(signedResult(result, mode)), hex: `0x${result.toString(16)}` };
      const facts = { kind: "returned", function: request.function, arguments: args.map(argumentText), ...values };
      const others = otherResults(call.cpu, args);
      const { float, single, wide } = others;
      const more = { float, single, wide: wide === undefined ? undefined : String(wide) };
      if (json) io.out(`${JSON.stringify({ ...facts, ...more, instructions })}\n`);
      else io.out(`${returnedLine(request.function, args, result, mode, instructions, others)}\n`);
      return SUCCESS;
    }
    case "fault": {
      const { fault, where: address, instructions } = end;
      const text = faultLine(call, end);
      const signal = signalName(fault.number);
      if (json) told({ kind: "fault", function: request.function, signal, address, text, instructions }, io);
      else io.err(`solder run: ${text}\n`);
      return 128 + fault.number;
    }
    case "system-call":
      complain(systemCallProblem(call, end), json, io);
      return STOPPED;
    case "stopped":
      complain(end.problem, json, io);
      return STOPPED;
    case "observed":
      return SUCCESS;
  }
}

/** Tells instructions on standard error, from the Nth on, and ends the run after so many. */
function instructionTeller({ traced, json }: CallRequest, { memory, loaded }: FunctionCall, io: Io): Observer {
  const { from, count } = traced ?? { from: 1, count: 0 };
  const disassemble = nodeDisassembler();
  let number = 0;
  const textAt = (address: number, mode: Cpu["mode"]): string | undefined => {
    const { space } = memory;
    const code = readBytes(space, address, 15) ?? readBytes(space, address, 4096 - (address % 4096));
    if (code === undefined) return undefined;
    return disassemble(code, address, mode === 64 ? "x86-64" : "i386", address + 1)[0]?.text;
  };
  return {
    instruction: ({ words, mode }) => {
      number++;
      if (number < from) return false;
      if (number >= from + count) return true;
      const address = (words[IP] >>> 0) + (mode === 64 ? words[IP + 1] * 2 ** 32 : 0);
      const text = textAt(address, mode);
      const place = codePlaceText(loaded, address);
      const line = `${String(number).padStart(8)}  0x${address.toString(16)}  ${place.padEnd(18)}  ${text ?? "?"}`;
      io.err(json ? `${JSON.stringify({ kind: "instruction", number, address, place, text })}\n` : `${line}\n`);
      return false;
    },
  };
}
