// What the samples are called, what they show, and where each begins. Their files are made by scripts/samples.mjs.

export interface Sample {
  readonly id: string;
  readonly title: string;
  readonly words: string;
  /** The address that is shown first. */
  readonly begin: string;
}

export const SAMPLES: readonly Sample[] = [
  {
    id: "hello",
    title: "A program out of objects and archives",
    words: "Link it, see which member each archive gives and why, leave one out and read the cure.",
    begin: "#/link",
  },
  {
    id: "bases",
    title: "Two objects that call each other",
    words: "At 0x20000 and 0x30000: what each relocation computes, and the bytes before and after.",
    begin: "#/load//objects?bases=definer.o%3D0x20000%0Auser.o%3D0x30000",
  },
  {
    id: "relocated",
    title: "A library relocated in its code",
    words: "An i386 library without -fPIC, loaded at 0x12e000: the loader writes addresses into instructions.",
    begin: "#/load/add-main/relocations%3A1?bases=libadd.so%3D0x12e000&now=1",
  },
  {
    id: "lazy",
    title: "The first call of printf",
    words: "Through the PLT into the resolver, and straight the second time: step through it.",
    begin: "#/bind/numbers?name=printf",
  },
  {
    id: "preload",
    title: "Interposition with LD_PRELOAD",
    words:
      "Which helper does the library get? Its own, or the preloaded one; and with -Bsymbolic (LD_LIBRARY_PATH=/symbolic)?",
    begin: "#/why/program?about=load&name=helper&env=LD_PRELOAD%3D%2Flibhundred.so",
  },
  {
    id: "version",
    title: "A version that is missing",
    words: "Linked against a newer library than the one that is there: who asks for it, for which symbol.",
    begin: "#/load/program",
  },
  {
    id: "mangled",
    title: 'A forgotten extern "C"',
    words: "The link fails for a name that is nearly there; the message says which.",
    begin: "#/link?args=-o+program+start.o+calls-twice.o+twice.o",
  },
  {
    id: "addon",
    title: "An addon for another C library",
    words: "A Node.js addon that was built on Alpine: on which systems does it load?",
    begin: "#/check?cell=addon.node%0Adebian%3A12",
  },
];
