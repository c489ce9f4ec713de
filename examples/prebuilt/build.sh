#!/bin/sh
# Makes the objects in this directory anew. They are what `npm run demo` links where there is no C compiler.
set -eu
cd "$(dirname "$0")"
flags="-O1 -fno-builtin -ffreestanding -fpie -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables"
for name in main greeting words numbers; do gcc $flags -c "../hello/$name.c" -o "$name.o"; done
for name in start tiny; do gcc $flags -c "$name.c" -o "$name.o"; done
rm -f libwords.a libtiny.a
ar rcsD libwords.a words.o numbers.o
ar rcsD libtiny.a tiny.o
rm words.o numbers.o tiny.o
