// Demangling: what the forms look like, and c++filt's opinion on many real names.

import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { demangle } from "../../src/demangle/index.ts";

function expectAll(table: Readonly<Record<string, string>>): void {
  for (const [mangled, text] of Object.entries(table)) equal(demangle(mangled), text, mangled);
}

test("a name that is not mangled stays as it is", () => {
  for (const name of ["", "main", "_", "_Z", "_Zqqq", "_R", "_ZN1a", "_init", "_ZN3fooEvX", "Z3foov"]) {
    equal(demangle(name), name);
  }
});

test("functions show their parameters, templates their return type too", () => {
  expectAll({
    _Z3foov: "foo()",
    _Z3fooiPKcz: "foo(int, char const*, ...)",
    _ZN2ns1A3getEv: "ns::A::get()",
    _ZNKR1A1fEv: "A::f() const &",
    _ZN12_GLOBAL__N_11fEv: "(anonymous namespace)::f()",
    _Z3maxIiET_S0_S0_: "int max<int>(int, int)",
    _ZN1AC1Ei: "A::A(int)",
    _ZN1AIiED0Ev: "A<int>::~A()",
    _ZN1AcvbEv: "A::operator bool()",
    _ZN1AIiEcvT_Ev: "A<int>::operator int()",
    _ZlsRSoRK1A: "operator<<(std::ostream&, A const&)",
    _Znwm: "operator new(unsigned long)",
    _Zli3_kmy: 'operator"" _km(unsigned long long)',
    _ZNSs6appendERKSs: "std::string::append(std::string const&)",
    _ZNSsC1Ev: "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string()",
    _Z4tagfB3tagv: "tagf[abi:tag]()",
  });
});

test("declarators surround their name", () => {
  expectAll({
    _Z1fPFvPA3_iRA4_KcE: "f(void (*)(int (*) [3], char const (&) [4]))",
    _Z3fptIiEPFT_cES0_: "int (*fpt<int>(int))(char)",
    _Z1fM1AKFviE: "f(void (A::*)(int) const)",
    _Z1fM1Ai: "f(int A::*)",
    _Z1fPDoFvvE: "f(void (*)() noexcept)",
    _Z1fIRA2_KcEvOT_: "void f<char const (&) [2]>(char const (&) [2])",
    _Z1fDv4_iPS_: "f(int __vector(4), int __vector(4)*)",
  });
});

test("packs, lambdas, literals and expressions", () => {
  expectAll({
    _Z1fIJicEEvDpRT_: "void f<int, char>(int&, char&)",
    _Z1fIJEiEvDpT_T0_: "void f<int>(int)",
    _ZZ4mainENKUlT_E_clIdEEDaS_: "auto main::{lambda(auto:1)#1}::operator()<double>(double) const",
    _ZZ1fvE1x: "f()::x",
    _ZZN1D1fEiiEd_NKUlvE_clEv: "D::f(int, int)::{default arg#1}::{lambda()#1}::operator()() const",
    _Z1fILi5ELb1ELm7EL1E2ELc65EEvv: "void f<5, true, 7ul, (E)2, (char)65>()",
    _Z3addIidEDTplfp_fp0_ET_T0_: "decltype ({parm#1}+{parm#2}) add<int, double>(int, double)",
    _Z4foldIJiiEEDTfrplfp_EDpT_: "decltype (({parm#1}+...)) fold<int, int>(int, int)",
    _Z2mpIXadL_ZN1A1xEEEEvv: "void mp<&A::x>()",
  });
});

test("what the compiler makes for something else says for what", () => {
  expectAll({
    _ZTV1A: "vtable for A",
    _ZTSN2ns1AE: "typeinfo name for ns::A",
    _ZThn16_N1D1fEv: "non-virtual thunk to D::f()",
    _ZTC2VE0_2VD: "construction vtable for VD-in-VE",
    _ZGVZ1fvE1x: "guard variable for f()::x",
    _ZGR2il_: "reference temporary #0 for il",
    "_Z1fv.constprop.0.cold": "f() [clone .constprop.0] [clone .cold]",
    _GLOBAL__I__Z1fv: "global constructors keyed to f()",
  });
});

test("Rust names, legacy and v0, without their hashes", () => {
  expectAll({
    "_ZN70_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h8f3c5d1e2b4a6907E":
      "<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop",
    "_ZN3foo28_$u7b$$u7b$closure$u7d$$u7d$17h05af221e174051e9E.llvm.77": "foo::{{closure}}",
    _RNvNtNtCsjrHSEGnQ3l9_3std2io5stdio6__print: "std::io::stdio::_print",
    "_RNvNtNtCsjrHSEGnQ3l9_3std2io5stdio19OUTPUT_CAPTURE_USED.0": "std::io::stdio::OUTPUT_CAPTURE_USED",
    _RINvCs4Q2Qx8jI5j6_1a3genAtj3_TlcEEB2_: "a::gen::<[u16; 3], (i32, char)>",
    _RINvCs4Q2Qx8jI5j6_1a2cnKln5_Kb1_Kc61_Ky7_EB2_: "a::cn::<-5, true, 'a', 7>",
    _RINvCs4Q2Qx8jI5j6_1a4hrtbNCNvB2_3tops0_0EB2_: "a::hrtb::<a::top::{closure#2}>",
    _RNvXCs1_1aeNtB2_2Tr1m: "<str as a::Tr>::m",
    _RINvC1a1fDG_INtC1b2FnRL0_hEp6OutputRL0_hEL_E: "a::f::<dyn for<'a> b::Fn<&'a u8, Output = &'a u8>>",
    _RINvC1a1fFUKCPhQeEzE: 'a::f::<unsafe extern "C" fn(*const u8, &mut str) -> !>',
    _RNvC1au3tda: "a::ü",
  });
});

const CXXFILT = "/usr/bin/c++filt";

/** Every C++ and Rust name in the symbol tables of the files. */
function mangledNames(files: readonly string[], flags: readonly string[]): string[] {
  const names = new Set<string>();
  const output = execFileSync("nm", [...flags, "--no-demangle", ...files], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  for (const line of output.split("\n")) {
    const name = line.slice(line.lastIndexOf(" ") + 1).replace(/@.*/, "");
    if (/^_[ZR]/.test(name)) names.add(name);
  }
  return [...names];
}

/** The names on which we differ from c++filt, leaving out those that c++filt cannot read. */
function differences(names: readonly string[]): string[] {
  const filt = execFileSync(CXXFILT, ["--no-verbose", "--no-recurse-limit"], {
    input: names.join("\n"),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  }).split("\n");
  return names.flatMap((name, index) =>
    filt[index] === name || filt[index] === demangle(name) ? [] : [`${name}\n c++filt: ${filt[index]}`],
  );
}

test("c++filt says the same of every dynamic symbol of libstdc++", (t) => {
  const library = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6";
  if (!existsSync(CXXFILT) || !existsSync(library)) return t.skip("needs c++filt and libstdc++.so.6");
  const names = mangledNames([library], ["-D"]);
  ok(names.length > 5000);
  deepEqual(differences(names), []);
});

test("c++filt says the same of 999 in 1000 names of LLVM and Clang archives", (t) => {
  const directory = "/usr/lib/llvm-19/lib";
  if (!existsSync(CXXFILT) || !existsSync(join(directory, "libclangAST.a"))) return t.skip("needs llvm-19-dev");
  const archives = [
    "libclangAST.a",
    "libclangASTMatchers.a",
    "libLLVMSupport.a",
    "libLLVMPasses.a",
    "libLLVMX86CodeGen.a",
  ];
  const present = archives.map((name) => join(directory, name)).filter((file) => existsSync(file));
  const names = mangledNames(present, []);
  const different = differences(names);
  // Where T_ of an inner template is a substitution in an outer one, c++filt takes the wrong argument.
  ok(
    different.length < names.length / 1000,
    `${different.length} of ${names.length}\n${different.slice(0, 3).join("\n")}`,
  );
});

test("c++filt says the same of Rust's own libraries", (t) => {
  const root = join(process.env.HOME ?? "", ".rustup/toolchains");
  if (!existsSync(CXXFILT) || !existsSync(root)) return t.skip("needs c++filt and a Rust tool chain");
  const libraries = readdirSync(root)
    .map((chain) => join(root, chain, "lib/rustlib/x86_64-unknown-linux-gnu/lib"))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) =>
      readdirSync(directory)
        .filter((file) => /^libstd-.*\.so$/.test(file))
        .map((file) => join(directory, file)),
    );
  if (libraries.length === 0) return t.skip("needs libstd.so of a Rust tool chain");
  deepEqual(differences(mangledNames(libraries, ["-D"])), []);
});

test("names made to explode stay within bounds and time", { timeout: 120_000 }, () => {
  const doubling = Array.from({ length: 60 }).reduce<string>(
    (type, _, index) => `1bI${type}S${index === 0 ? "_" : `${(index * 2 - 1).toString(36).toUpperCase()}_`}E`,
    "1a",
  );
  const names = [
    `_Z1f${doubling}`,
    `_Z1f${"K".repeat(60000)}i`,
    `_Z1f${"P".repeat(60000)}i`,
    `_ZN${"1a".repeat(30000)}Ev`,
    `_Z1f${"PF".repeat(30000)}v`,
    `_Z1fIX${"pl".repeat(30000)}`,
    `_Z1fIT_EvT_`,
    `_ZN1a${"cvT_I".repeat(60)}i${"E".repeat(60)}IiEEv`,
    `_Z1fIJ${"i".repeat(1000)}EEv${"DpPT_".repeat(100)}`,
    `_R${"Nv".repeat(30000)}`,
    `_RNvC1au9999${"a".repeat(9999)}`,
    "_RIC1aFGzzzzzz_EuE",
  ];
  for (const name of names) ok(demangle(name).length < 1 << 20);
});

test("damaged names give text, never an exception", () => {
  const seeds = [
    "_ZN4llvm10make_rangeINS_15mapped_iteratorINS_12ImmutableMapIPKN5clang4ento7SymExprEEEZNS_17make_second_rangeIRSC_EEDaOT_EUlRKSt4pairIS7_S9_EE_RKS9_EEEENS_14iterator_rangeISG_EESG_SG_",
    "_Z3addIidEDTplfp_fp0_ET_T0_",
    "_ZZN1D1fEiiEd_NKUlvE_clEv",
    "_Z1fPFvPA3_iRA4_KcEM1AKFviE",
    "_RINvC1a1fDG_INtC1b2FnRL0_hEp6OutputRL0_hEL_FUKCPhQeEzE",
    "_ZN3foo28_$u7b$$u7b$closure$u7d$$u7d$17h05af221e174051e9E",
  ];
  const letters = "IESTNZ_0123456789LXpDJKRPOMFUlyjCvcABHhdtsrnwBGQ$.";
  const edit = fc.record({
    at: fc.nat(200),
    remove: fc.nat(6),
    insert: fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((chars) => chars.join("")),
  });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), (seed, edits) => {
      const name = edits.reduce((text, { at, remove, insert }) => {
        const from = 2 + (at % text.length);
        return text.slice(0, from) + insert + text.slice(from + remove);
      }, seed);
      equal(typeof demangle(name), "string");
    }),
    { numRuns: 20000 },
  );
});
